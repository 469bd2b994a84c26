"""CI603: the project's own code uses something that is going away."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity

CODE = Code(
    code="CI603",
    severity=Severity.INFO,
    title="Your code uses something that is going away",
    django="howto/upgrade-version/#resolving-deprecation-warnings",
)

# Of Python, of Django ("RemovedInDjango70Warning"), and of others by what they call it.
_KIND = re.compile(r"Deprecat|RemovedIn")

_LONGEST_TITLE = 160


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each warning of that kind that blames a line of the project."""
    for event in cycle.events:
        if event.kind != "warning" or not _KIND.search(event.name.rpartition(".")[2]):
            continue
        blamed = _blamed(event)
        if blamed is None:
            continue
        lines = str(event.attributes.get("message") or "").strip().splitlines()
        first = lines[0][:_LONGEST_TITLE] if lines else event.name
        count = int(event.attributes.get("count") or 1)
        yield CODE.about(
            f"Going away: {first}",
            f"A {event.name.rpartition('.')[2]}: a later version no longer has it. The warning "
            "says what to write instead. Python hides such warnings; -Wa shows them.",
            caller=blamed,
            template=event.template,
            evidence=(event.parent,),
            count=count,
        )


def _blamed(event: Event) -> Frame | None:
    """Return the line of the project that a warning blames; None if it is not the project's."""
    place = event.attributes.get("blamed")
    if not isinstance(place, dict):
        return None
    path, line = place.get("path"), place.get("line")
    return next(
        (one for one in event.frames if one.is_project and one.path == path and one.line == line),
        None,
    )


RULE = Rule(find, (CODE,))
