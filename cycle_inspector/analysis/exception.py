"""CI001: the cycle ended in an exception."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Severity

CODE = "CI001"


_LONGEST_TITLE = 200


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each exception that Django or a middleware turned into a response."""
    for event in cycle.events:
        if event.kind == "exception":
            yield Finding(
                code=CODE,
                severity=_severity(event),
                title=_title(event),
                caller=event.caller,
                template=event.template,
                count=1,
                cost_ns=0,
                evidence=() if event.parent is None else (event.parent,),
                fix=_fix(event),
            )


def _severity(event: Event) -> Severity:
    # A PermissionDenied that becomes a 403, say, is how a project answers.
    handled_as = str(event.attributes.get("handled_as", ""))
    return Severity.INFO if handled_as[:1] in {"2", "3", "4"} else Severity.ERROR


def _title(event: Event) -> str:
    name = event.name.rpartition(".")[2]
    lines = str(event.attributes.get("message", "")).strip().splitlines()
    if not lines:
        return name
    first = lines[0] if len(lines[0]) <= _LONGEST_TITLE else f"{lines[0][:_LONGEST_TITLE]}…"
    return f"{name}: {first}"


def _fix(event: Event) -> str:
    missing = event.attributes.get("missing_template")
    if isinstance(missing, dict):
        return _fix_of_template(missing)
    caller = event.caller
    if caller is None:
        return "It was raised outside of the project's own code; the frames show the way."
    return f"It was raised at {caller.path}:{caller.line}, in {caller.function}."


def _fix_of_template(missing: dict[str, Any]) -> str:
    tried = len(missing["tried"])
    if tried == 0:
        return (
            f"No loader has a template {missing['name']!r}, and none had a place to look. Set DIRS "
            "or APP_DIRS in TEMPLATES, or correct the name."
        )
    where = "at the place tried" if tried == 1 else f"in one of the {tried} places tried"
    return f"No loader has a template {missing['name']!r}. Create it {where}, or correct the name."


RULE = Rule(
    find,
    (
        Code(
            code=CODE,
            severity=Severity.ERROR,
            title="An exception was raised",
            django="topics/http/views/#returning-errors",
        ),
    ),
)
