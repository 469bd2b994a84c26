"""CI207: work that was to be done after the commit has failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Frame, Severity, Stage

CODE = Code(
    code="CI207",
    severity=Severity.ERROR,
    title="A callback of on_commit() raised",
    django="topics/db/transactions/#performing-actions-after-commit",
)

_LONGEST_TITLE = 200


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each callback that raised, caught by Django or not."""
    for failed in cycle.stage(Stage.DATABASE).facts.get("failed_callbacks") or ():
        left = int(failed.get("not_called") or 0)
        others = f", and {left} more callback{'s' * (left != 1)} not called" if left else ""
        yield CODE.about(
            f"{_title(failed, failed.get('name'), failed.get('callback'))}{others}",
            "The transaction is committed all the same: what it wrote stays, whatever the page "
            "answers. Let a task do the work, which can try again; robust=True only keeps one "
            "callback from stopping the others.",
            caller=_raised_at(failed),
        )
    for event in cycle.events:
        if event.kind == "caught" and event.attributes.get("by") == "on_commit(robust=True)":
            yield CODE.about(
                _title(event.attributes, event.name, event.attributes.get("in")),
                "Nobody saw it but Django's log, and nothing does the work again. Catch what can "
                "be expected in the callback, or let a task do the work, which can try again.",
                caller=_raised_at(event.attributes) or event.caller,
                evidence=(event.parent,),
            )


def _title(failed: Mapping[str, Any], name: Any, callback: Any) -> str:
    lines = str(failed.get("message") or "").strip().splitlines()
    told = f"{str(name).rpartition('.')[2]}{': ' if lines else ''}{''.join(lines[:1])}"
    of = f" {callback}()" if callback else " a callback"
    return f"After the commit{of} raised {told[:_LONGEST_TITLE]}"


def _raised_at(failed: Mapping[str, Any]) -> Frame | None:
    """Return the line that raised, if it is the project's own."""
    place = failed.get("raised_at")
    if not isinstance(place, Mapping) or not place.get("is_project"):
        return None
    return Frame(
        path=str(place.get("path")),
        line=int(place.get("line") or 0),
        function=str(place.get("function")),
        is_project=True,
    )


RULE = Rule(find, (CODE,))
