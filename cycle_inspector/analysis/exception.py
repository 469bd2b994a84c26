"""CI001: the cycle ended in an exception."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity

CODE = "CI001"


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each exception that Django or a middleware turned into a response."""
    for event in cycle.events:
        if event.kind == "exception":
            yield Finding(
                code=CODE,
                severity=Severity.ERROR,
                title=_title(event),
                caller=_caller(event),
                template=None,
                count=1,
                cost_ns=0,
                evidence=() if event.parent is None else (event.parent,),
                fix=_fix(event),
            )


def _title(event: Event) -> str:
    message = event.attributes.get("message")
    name = event.name.rpartition(".")[2]
    return f"{name}: {message}" if message else name


def _caller(event: Event) -> Frame | None:
    return next((frame for frame in event.frames if frame.is_project), None)


def _fix(event: Event) -> str:
    missing = event.attributes.get("missing_template")
    if isinstance(missing, dict):
        return (
            f"No loader has a template {missing['name']!r}. Create it in one of the "
            f"{len(missing['tried'])} places tried, or correct the name."
        )
    caller = _caller(event)
    if caller is None:
        return "It was raised outside of the project's own code; the frames show the way."
    return f"It was raised at {caller.path}:{caller.line}, in {caller.function}."
