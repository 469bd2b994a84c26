"""How long a span worked by itself: without the queries, renders and spans that it waited for.

What ran at once is subtracted once. What a followed thread did is not subtracted at all, as the
span went on beside it; nor is what another thread did while sync code ran. A task, or a call in an
executor, counts by its queries and renders alone: it may outlast what it was awaited for.
"""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.assembly import Recorded
from cycle_inspector.records import Query, Render, Span

Work = Span | Query | Render


def own_ns(recorded: Recorded, span: Span, *, is_async: bool) -> int:
    """Return the time of `span` without what it waited for; never less than 0."""
    end = span.start_ns + span.duration_ns
    waited = covered(
        (max(one.start_ns, span.start_ns), min(one.start_ns + one.duration_ns, end))
        for one in _inside(recorded, span)
        if is_async or one.thread == span.thread
    )
    return span.duration_ns - waited


def covered(intervals: Iterable[tuple[int, int]]) -> int:
    """Return how much time lies in at least one of `intervals`.

    >>> covered([(0, 10), (5, 20), (30, 31), (40, 35)])
    21
    """
    total = reached = 0
    first = True
    for start, end in sorted(intervals):
        if first or start > reached:
            reached, first = start, False
        if end > reached:
            total += end - reached
            reached = end
    return total


def _inside(recorded: Recorded, span: Span) -> list[Work]:
    """Return what `span` may have waited for."""
    around = {span.id}
    found: list[Work] = []
    both: list[Span | Render] = [*recorded.spans, *recorded.renders]
    # An outer one has the smaller id.
    for one in sorted(both, key=lambda one: one.id):
        if one.parent not in around or one.id == span.id:
            continue
        kind = one.attributes.get("kind") if isinstance(one, Span) else None
        if kind == "thread":
            continue
        around.add(one.id)
        if kind is None:
            found.append(one)
    found.extend(query for query in recorded.queries if query.parent in around)
    return found
