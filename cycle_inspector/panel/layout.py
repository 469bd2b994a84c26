"""Where a bar stands: pure arithmetic from nanoseconds to percentages of a drawing's width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cycle_inspector.records import Cycle, Span, Stage, is_mark

_Node = tuple[int, int | None, Stage, int, int]
"""A record: its id, the id of the one around it, its stage, start and end."""

_STEPS = (1, 2, 5)
FOLLOWED = ("thread", "call", "task")  # kinds of spans that run beside the view
_FINEST = 20_000  # of the axis: what lies nearer to each other is one, however closely one looks
_MOST_BARS = 200  # of one row
_WIDEST_COUNT = 6  # labels that fit under each other on a narrow axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle of a row: where it starts, how wide it is, and the class that draws it."""

    x: str
    end: str
    width: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """An instant on an axis; without a label where there is no room for one."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Instants from 0 to `total_ns`, laid over the width of a drawing."""

    total_ns: int

    def percent(self, instant_ns: float) -> str:
        """Return where `instant_ns` stands, clipped to the drawing."""
        share = 100 * instant_ns / self.total_ns if self.total_ns > 0 else 0.0
        return f"{min(max(share, 0.0), 100.0):.3f}%"

    def bar(self, start_ns: int, duration_ns: int, look: str) -> Bar:
        """Return the bar of work that took `duration_ns` from `start_ns` on."""
        start = min(max(start_ns, 0), self.total_ns)
        width = min(max(duration_ns, 0), self.total_ns - start)
        return Bar(
            x=self.percent(start),
            end=self.percent(start + width),
            width=self.percent(width),
            look=look,
        )

    def bars(self, intervals: Iterable[tuple[int, int]], look: str) -> tuple[Bar, ...]:
        """Return the bars of (start, end) pairs, the nearest of too many drawn as one."""
        gap_ns = self.total_ns // _FINEST
        joined = join(intervals, gap_ns=gap_ns)
        while len(joined) > _MOST_BARS:
            gap_ns = 2 * gap_ns + 1
            joined = join(joined, gap_ns=gap_ns)
        return tuple(self.bar(start, end - start, look) for start, end in joined)

    def ticks(self) -> tuple[Tick, ...]:
        """Return labelled instants at round distances, without the two ends."""
        if self.total_ns <= 0:
            return ()
        step = _round_step(self.total_ns / _WIDEST_COUNT)
        instants = range(step, self.total_ns, step)
        return tuple(
            Tick(x=self.percent(one), label=_label(one) if one < 0.92 * self.total_ns else "")
            for one in instants
        )


def join(intervals: Iterable[tuple[int, int]], *, gap_ns: int = 0) -> list[tuple[int, int]]:
    """Return (start, end) pairs in order, those no further apart than `gap_ns` made one.

    >>> join([(5, 9), (0, 3), (8, 12), (20, 21)], gap_ns=2)
    [(0, 12), (20, 21)]
    """
    joined: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if joined and start - joined[-1][1] <= gap_ns:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def own_times(cycle: Cycle) -> dict[Stage, int]:
    """Return the time of each stage without what ran inside it, so that shares add up.

    A followed thread or call runs while the view does: its time is not added to the view's, which
    may wait for it. A task's queries are the view's own.
    """
    nodes: list[_Node] = [
        (one.id, one.parent, one.stage, one.start_ns, one.start_ns + one.duration_ns)
        for one in cycle.spans
        if not is_mark(one)
    ]
    # What the project marks is a part of what it ran in, and has no share of its own.
    marks = {one.id: one.parent for one in cycle.spans if is_mark(one)}
    for stage, records in ((Stage.DATABASE, cycle.queries), (Stage.TEMPLATES, cycle.renders)):
        for one in records:
            parent = one.parent
            while parent is not None and parent in marks:
                outer = marks[parent]
                # An outer one has the smaller id: a document that says otherwise is no way out.
                parent = outer if outer is not None and outer < parent else None
            nodes.append((one.id, parent, stage, one.start_ns, one.start_ns + one.duration_ns))
    followed = {one.id: one for one in cycle.spans if one.attributes.get("kind") in FOLLOWED}
    if followed:
        nodes = _in_line(nodes, followed, {one.id: one.parent for one in cycle.spans})
    inside: dict[int | None, list[tuple[int, int]]] = {}
    for _, parent, _, start, end in nodes:
        inside.setdefault(parent, []).append((start, end))
    times: dict[Stage, int] = {}
    for identity, _, stage, start, end in nodes:
        clipped = [(max(one, start), min(other, end)) for one, other in inside.get(identity, ())]
        taken = sum(max(0, other - one) for one, other in join(clipped))
        times[stage] = times.get(stage, 0) + max(0, end - start - taken)
    return times


def _in_line(
    nodes: list[_Node], followed: dict[int, Span], parents: dict[int, int | None]
) -> list[_Node]:
    """Return `nodes` without those that ran beside the request."""
    # A middleware may hand the whole request to a thread, which is on its way then.
    on_the_way = {
        identity for identity, span in followed.items() if span.attributes["kind"] == "task"
    }
    for identity in parents.keys() - followed.keys():
        outer = parents[identity]
        while outer is not None and outer not in on_the_way:
            on_the_way.add(outer)
            outer = parents.get(outer)
    kept: list[_Node] = []
    beside: set[int | None] = set()
    outer_of: dict[int | None, int | None] = {}
    for identity, parent, stage, start, end in sorted(nodes):  # an outer one has the smaller id
        parent = outer_of.get(parent, parent)
        if parent in beside or (identity in followed and identity not in on_the_way):
            beside.add(identity)
        elif identity in followed:
            outer_of[identity] = parent
        else:
            kept.append((identity, parent, stage, start, end))
    return kept


def _round_step(least: float) -> int:
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= least:
                return step * size
        size *= 10


def _label(instant_ns: int) -> str:
    value = instant_ns / 1_000_000
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"
