"""Cycle -> HTML: the report that the panel, the stand-alone page and the admin show alike.

Values in, text out: nothing here reads settings, requests or the history.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from cycle_inspector.panel import notes, stages, timeline
from cycle_inspector.panel.engine import render
from cycle_inspector.records import Cycle, Finding, Severity, Stage

_log = logging.getLogger("cycle_inspector")


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where the pages of cycles and the static files of the package stand.

    Both end in a slash. Without `root` (in the admin, say) a report has no links to other pages.
    """

    assets: str
    root: str | None = None

    def page(self, cycle_id: str) -> str:
        """Return the address of the stand-alone page of a cycle."""
        return f"{self.root}{cycle_id}/"

    def document(self, cycle_id: str) -> str:
        """Return the address of a cycle as JSON."""
        return f"{self.root}{cycle_id}.json"

    def stage(self, cycle_id: str, stage: Stage) -> str:
        """Return the address of one stage of a cycle as a fragment."""
        return f"{self.root}{cycle_id}/stages/{stage.value}"


def report(
    cycle: Cycle, urls: Urls, *, is_lazy: bool = False, related: Iterable[Any] = ()
) -> SafeString:
    """Return the fragment that shows `cycle`.

    With `is_lazy` the stages are empty and name the address from which to fill them. `related`
    are the rows of the history (id, method, path, status, duration_ns) of the cycles inside it.
    """
    sections = [
        {
            "stage": one.value,
            "source": urls.stage(cycle.id, one) if is_lazy else None,
            "body": "" if is_lazy else stage(cycle, one),
        }
        for one in Stage
    ]
    return render(
        "report.html",
        {
            "cycle": cycle,
            "head": _head(cycle, urls),
            "rail": _rail(cycle),
            "overview": overview(cycle, urls, related=related),
            "sections": sections,
        },
    )


def overview(cycle: Cycle, urls: Urls, *, related: Iterable[Any] = ()) -> SafeString:
    """Return the first view: what is wrong, and where the time went."""
    return render(
        "overview.html",
        {
            "cycle": cycle,
            "findings": _findings(cycle),
            "timeline": timeline.lay_out(cycle),
            "browser": timeline.lay_out_browser(cycle),
            "dropped": stages.dropped(cycle),
            "faults": [one for one in cycle.events if one.kind == "fault"],
            "related": [(one, urls.page(str(one.id)) if urls.root else None) for one in related],
        },
    )


def stage(cycle: Cycle, one: Stage) -> SafeString:
    """Return the view of one stage. One that cannot be shown does not take the others with it."""
    try:
        return render(f"stages/{one.value}.html", stages.context(cycle, one))
    except Exception as error:
        _log.exception("The stage %s of cycle %s cannot be shown.", one.value, cycle.id)
        return render("broken_stage.html", {"stage": one.value, "error": type(error).__name__})


def page(cycle: Cycle, urls: Urls, *, related: Iterable[Any] = ()) -> SafeString:
    """Return the stand-alone page of `cycle`, everything in it."""
    head = _head(cycle, urls)
    return render(
        "page.html",
        {
            "title": f"{head['title']} · {head['status'] or ''}".rstrip(" ·"),
            "urls": urls,
            "report": report(cycle, urls, related=related),
        },
    )


def embed(cycle: Cycle, urls: Urls, *, related: Iterable[Any] = ()) -> SafeString:
    """Return the report in a shadow root of its own, to stand in a page with other styles."""
    return render("embed.html", {"urls": urls, "report": report(cycle, urls, related=related)})


def index(rows: Iterable[Any], urls: Urls, *, problem: str | None = None) -> SafeString:
    """Return the page that lists the latest cycles."""
    listed = [(one, urls.page(str(one.id))) for one in rows]
    return render("index.html", {"urls": urls, "rows": listed, "problem": problem})


def problem(title: str, sentence: str, urls: Urls) -> SafeString:
    """Return a page that says why there is nothing to show."""
    return render("problem.html", {"urls": urls, "title": title, "sentence": sentence})


def problem_fragment(sentence: str) -> SafeString:
    """Return the same in the place of a fragment."""
    return render("problem_fragment.html", {"sentence": sentence})


def _head(cycle: Cycle, urls: Urls) -> dict[str, Any]:
    method, path = cycle.request.get("method"), cycle.request.get("full_path")
    path = path or cycle.request.get("path") or ""
    linked = urls.root is not None
    return {
        "title": f"{method} {path}" if method else "A recorded block",
        "method": method,
        "path": path,
        "status": cycle.response.get("status"),
        "reason": cycle.response.get("reason"),
        "duration_ns": cycle.duration_ns,
        "started_at": cycle.started_at,
        "page": urls.page(cycle.id) if linked else None,
        "document": urls.document(cycle.id) if linked else None,
        "parent": urls.page(cycle.parent) if linked and cycle.parent else None,
    }


def _rail(cycle: Cycle) -> list[dict[str, Any]]:
    worst = max((one.severity for one in cycle.findings), key=_rank, default=None)
    items: list[dict[str, Any]] = [
        {
            "view": "overview",
            "number": None,
            "count": len(cycle.findings) or None,
            "severity": worst.value if worst else None,
            "time_ns": cycle.duration_ns,
        }
    ]
    items.extend(
        {
            "view": one.stage.value,
            "number": number,
            "count": notes.stage_count(cycle, one),
            "severity": None,
            "time_ns": (
                notes.browser_end_ns(cycle) if one.stage is Stage.BROWSER else one.duration_ns
            )
            or None,
        }
        for number, one in enumerate(cycle.stages, start=1)
    )
    return items


def _rank(severity: Severity) -> int:
    return severity.rank


def _findings(cycle: Cycle) -> list[tuple[Finding, str, str]]:
    """Return each finding with the stage where its evidence is shown, and what that is."""
    queries, renders = ({one.id for one in many} for many in (cycle.queries, cycle.renders))
    found = []
    for finding in cycle.findings:
        stage, nouns = "", ""
        if queries.intersection(finding.evidence):
            stage, nouns = Stage.DATABASE.value, "query,queries"
        elif renders.intersection(finding.evidence):
            stage, nouns = Stage.TEMPLATES.value, "template,templates"
        found.append((finding, stage, nouns))
    return found
