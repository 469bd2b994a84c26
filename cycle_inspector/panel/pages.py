"""Cycle -> HTML: the report that the panel, the stand-alone page and the admin show alike.

Values in, text out: nothing here reads settings, requests or the history.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.safestring import SafeString

from cycle_inspector.history.links import Cause, Links
from cycle_inspector.panel import (
    actions,
    compare,
    findings,
    grouped,
    loop,
    notes,
    related,
    side_events,
    stages,
    timeline,
)
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.engine import render
from cycle_inspector.panel.patterns import Listing
from cycle_inspector.panel.template_sources import Source
from cycle_inspector.records import Cycle, Severity, Stage

NO_LINKS = Links()

_log = logging.getLogger("cycle_inspector")


def report(
    cycle: Cycle, urls: Urls, *, is_lazy: bool = False, links: Links = NO_LINKS
) -> SafeString:
    """Return the fragment that shows `cycle`.

    With `is_lazy` the stages are empty and name the address from which to fill them. `links` are
    the cycles that it belongs together with.
    """
    sections = [
        {
            "stage": one.value,
            "source": urls.stage(cycle.id, one) if is_lazy else None,
            "body": "" if is_lazy else stage(cycle, one, urls),
        }
        for one in Stage
    ]
    if side_events.of(cycle):
        sections.append(
            {
                "stage": side_events.VIEW,
                "source": urls.events(cycle.id) if is_lazy else None,
                "body": "" if is_lazy else events(cycle),
            }
        )
    return render(
        "report.html",
        {
            "cycle": cycle,
            "head": _head(cycle, urls, links),
            "rail": _rail(cycle),
            "urls": urls,
            "overview": overview(cycle, urls, links=links),
            "sections": sections,
        },
    )


def overview(cycle: Cycle, urls: Urls, *, links: Links = NO_LINKS) -> SafeString:
    """Return the first view: what is wrong, and where the time went."""
    return render(
        "overview.html",
        {
            "cycle": cycle,
            "findings": findings.lay_out(cycle),
            "assets": urls.assets,
            "timeline": timeline.lay_out(cycle),
            "browser": timeline.lay_out_browser(cycle),
            "loop": loop.stops(cycle),
            "dropped": stages.dropped(cycle),
            "faults": [one for one in cycle.events if one.kind == "fault"],
            "ways": _linked(related.ways(cycle, links), urls),
            "groups": _linked(related.groups(links), urls),
            "earlier": links.earlier,
            "comparison": links.earlier and urls.comparison(links.earlier.id, cycle.id),
        },
    )


def stage(cycle: Cycle, one: Stage, urls: Urls | None = None) -> SafeString:
    """Return the view of one stage. One that cannot be shown does not take the others with it."""
    template = f"stages/{one.value}.html"
    root = urls.queries(cycle.id) if urls is not None and urls.queries is not None else None
    return _shown(
        cycle,
        one.value,
        template,
        lambda: {**stages.context(cycle, one, urls), "queries_root": root},
    )


def events(cycle: Cycle) -> SafeString:
    """Return the view of the side events: log records, cache calls and mail."""
    return _shown(
        cycle,
        side_events.VIEW,
        "side_events.html",
        lambda: {"cycle": cycle, **side_events.context(cycle)},
    )


def patterns(cycle: Cycle, urls: Urls, listing: Listing) -> SafeString:
    """Return the page of the URL patterns that were tried; its part can stand in a stage."""
    shown = {"urls": urls, "cycle_page": urls.page(cycle.id), "listing": listing}
    return render("patterns.html", shown)


def template_source(cycle: Cycle, urls: Urls, source: Source) -> SafeString:
    """Return the page of a template's file, what its lines cost beside them."""
    shown = {"urls": urls, "cycle_page": urls.page(cycle.id), "source": source}
    return render("template_source.html", shown)


def queries(cycle: Cycle, urls: Urls, asked: Mapping[str, str]) -> SafeString:
    """Return the page of the queries, as `asked` for; its part can stand in a stage."""
    return render(
        "queries.html",
        {
            "urls": urls,
            "cycle_page": urls.page(cycle.id),
            "queries_root": urls.queries and urls.queries(cycle.id),
            **grouped.context(cycle, asked),
        },
    )


def comparison(before: Cycle, after: Cycle, urls: Urls) -> SafeString:
    """Return the page that shows two cycles side by side."""
    return render(
        "compare.html",
        {
            "urls": urls,
            "before_page": urls.page(before.id),
            "after_page": urls.page(after.id),
            "before_title": _title(before),
            "after_title": _title(after),
            "swapped": urls.comparison(after.id, before.id),
            "cycle": after,
            **compare.context(before, after),
        },
    )


def page(cycle: Cycle, urls: Urls, *, links: Links = NO_LINKS) -> SafeString:
    """Return the stand-alone page of `cycle`, everything in it."""
    head = _head(cycle, urls, links)
    return render(
        "page.html",
        {
            "title": f"{head['title']} · {head['status'] or ''}".rstrip(" ·"),
            "urls": urls,
            "report": report(cycle, urls, links=links),
        },
    )


def embed(cycle: Cycle, urls: Urls, *, links: Links = NO_LINKS) -> SafeString:
    """Return the report in a shadow root of its own, to stand in a page with other styles."""
    return render("embed.html", {"urls": urls, "report": report(cycle, urls, links=links)})


def index(
    rows: Iterable[Any],
    urls: Urls,
    *,
    causes: Mapping[str, Cause] | None = None,
    problem: str | None = None,
) -> SafeString:
    """Return the page that lists the latest cycles, with what caused them."""
    notes_of = {one: related.NOTES[cause.kind] for one, cause in (causes or {}).items()}
    listed = [(one, urls.page(str(one.id)), notes_of.get(str(one.id))) for one in rows]
    return render("index.html", {"urls": urls, "rows": listed, "problem": problem})


def problem(title: str, sentence: str, urls: Urls) -> SafeString:
    """Return a page that says why there is nothing to show."""
    return render("problem.html", {"urls": urls, "title": title, "sentence": sentence})


def problem_fragment(sentence: str) -> SafeString:
    """Return the same in the place of a fragment."""
    return render("problem_fragment.html", {"sentence": sentence})


def _shown(
    cycle: Cycle, view: str, template: str, context: Callable[[], dict[str, Any]]
) -> SafeString:
    try:
        return render(template, context())
    except Exception as error:
        _log.exception("The stage %s of cycle %s cannot be shown.", view, cycle.id)
        return render("broken_stage.html", {"stage": view, "error": type(error).__name__})


def _linked(groups: Iterable[dict[str, Any]], urls: Urls) -> list[dict[str, Any]]:
    """Return `groups` with the address of each of their rows beside it."""
    return [
        {**group, "rows": [(row, urls.link(str(row.id))) for row in group["rows"]]}
        for group in groups
    ]


def _title(cycle: Cycle) -> str:
    method = cycle.request.get("method")
    return f"{method} {_path(cycle)}" if method else "A recorded block"


def _path(cycle: Cycle) -> str:
    return cycle.request.get("full_path") or cycle.request.get("path") or ""


def _head(cycle: Cycle, urls: Urls, links: Links) -> dict[str, Any]:
    linked = urls.root is not None
    parent = related.parent_of(cycle, links)
    return {
        "title": _title(cycle),
        "method": cycle.request.get("method"),
        "path": _path(cycle),
        "status": cycle.response.get("status"),
        "reason": cycle.response.get("reason"),
        "duration_ns": cycle.duration_ns,
        "started_at": cycle.started_at,
        "page": urls.page(cycle.id) if linked else None,
        "actions": actions.of(cycle, urls, links),
        "parent": None if parent is None else urls.link(str(parent.id)),
        "parent_id": cycle.parent,
        "parent_title": parent,
        "parent_words": related.LINKS.get(cycle.cause or ""),
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
    beside = side_events.of(cycle)
    if beside:
        items.append(
            {
                "view": side_events.VIEW,
                "number": None,
                "count": len(beside),
                "severity": None,
                "time_ns": None,
            }
        )
    return items


def _rank(severity: Severity) -> int:
    return severity.rank
