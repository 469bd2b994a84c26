"""CI601: an error was logged."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI601",
    severity=Severity.WARNING,
    title="An error was logged",
    django="topics/logging/",
)

_LONGEST_TITLE = 160


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each record of level ERROR or above.

    An exception that became a response is told as such; that Django logs it besides is left out.
    """
    is_told = any(one.kind == "exception" for one in cycle.events)
    for event in cycle.events:
        if event.kind != "log" or event.attributes.get("level") not in ("ERROR", "CRITICAL"):
            continue
        if is_told and event.name.startswith("django."):
            continue
        lines = str(event.attributes.get("message", "")).strip().splitlines()
        first = lines[0][:_LONGEST_TITLE] if lines else event.name
        yield CODE.about_events(
            [event],
            f"Logged as an error: {first}",
            f"The logger {event.name} says so; the view of side events shows all of it.",
        )


RULE = Rule(find, (CODE,))
