"""What several rules ask of side events that take time: outgoing HTTP, calls of a cache."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.records import HIDDEN, Cycle, Event, Frame, TemplateLine

_CUT = " more characters)"  # the end of what a collector has cut


def duration_ns(event: Event) -> int:
    """Return how long it took; 0 where that is not known."""
    return int(event.attributes.get("duration_ns") or 0)


def waited_ns(events: Iterable[Event]) -> int:
    """Return how much time lies in at least one of `events`: some may have run at once."""
    total = reached = 0
    for start, end in sorted((one.at_ns, one.at_ns + duration_ns(one)) for one in events):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total


def place_of(event: Event) -> tuple[Frame | None, TemplateLine | None]:
    """Return the line of code and the line of a template that it came of."""
    return event.caller, event.template


def is_whole(text: str) -> bool:
    """Whether all of `text` was kept: nothing in it is hidden or cut."""
    return HIDDEN not in text and not text.endswith(_CUT)


def awaited(cycle: Cycle) -> tuple[Event, ...]:
    """Return the outgoing HTTP that the cycle has waited for.

    Left out is what was not answered before its end, and what ran in a thread or a task that has
    outlived it.
    """
    calls = [one for one in cycle.events if one.kind == "http" and "duration_ns" in one.attributes]
    if not calls:
        return ()
    parents = {one.id: one.parent for many in (cycle.spans, cycle.renders) for one in many}
    left = {one.id for one in cycle.spans if one.attributes.get("ended") is False}
    return tuple(one for one in calls if not _is_inside(one.parent, left, parents))


def _is_inside(at: int | None, around: set[int], parents: dict[int, int | None]) -> bool:
    while at is not None and around:
        if at in around:
            return True
        at = parents.get(at)
    return False
