"""What the project has marked of its own work: as a list in a stage, and folded on the timeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.panel.threads import ancestors, parents
from cycle_inspector.records import Cycle, Event, Json, Span, Stage, is_mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A span or an event that the project has marked."""

    name: str
    is_event: bool
    depth: int  # how many marks it stands inside of
    start_ns: int
    duration_ns: int | None  # None of an event
    query_count: int
    given: tuple[tuple[str, Json], ...]
    raised: str
    is_open: bool  # when the cycle was over
    caller: Json  # a frame, or None
    template: Json  # name and line, or None
    bar: Bar


@dataclass(slots=True, kw_only=True)
class Branch:
    """Marks of one name inside the same branch: one row of the timeline."""

    name: str
    is_event: bool
    depth: int
    intervals: list[tuple[int, int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.intervals)

    @property
    def start_ns(self) -> int:
        return self.intervals[0][0]

    @property
    def duration_ns(self) -> int:
        return sum(end - start for start, end in self.intervals)


def listed(cycle: Cycle, stage: Stage) -> list[Mark]:
    """Return the marks of `stage` in the order of their start."""
    found = _of(cycle, stage)
    if not found:
        return []
    outer_of = parents(cycle)
    marks = {one.id for one in cycle.spans if is_mark(one)}
    counts = Counter(
        mark for query in cycle.statements for mark in ancestors(query.parent, outer_of, marks)
    )
    axis = Axis(cycle.duration_ns)
    return [
        Mark(
            name=one.name,
            is_event=isinstance(one, Event),
            depth=sum(1 for _ in ancestors(one.parent, outer_of, marks)),
            start_ns=_start(one),
            duration_ns=None if isinstance(one, Event) else one.duration_ns,
            query_count=0 if isinstance(one, Event) else counts[one.id],
            given=tuple(dict(one.attributes.get("given") or {}).items()),
            raised=str(one.attributes.get("raised") or ""),
            is_open=one.attributes.get("ended") is False,
            caller=_caller(one),
            template=one.attributes.get("template"),
            bar=_bar(axis, one),
        )
        for one in found
    ]


def branches(cycle: Cycle, stage: Stage) -> dict[int | None, list[Branch]]:
    """Return the marks of `stage` by what they ran in that is no mark: folded, outer ones first."""
    found = _of(cycle, stage)
    if not found:
        return {}
    outer_of = parents(cycle)
    names = {one.id: one.name for one in found if isinstance(one, Span)}
    trees: dict[int | None, dict[tuple[str, ...], Branch]] = {}
    for one in found:
        around = list(ancestors(one.parent, outer_of, names))
        root = outer_of.get(around[-1]) if around else one.parent
        is_event = isinstance(one, Event)
        # An event and a span may have one name.
        path = (*(f" {names[outer]}" for outer in reversed(around)), f"{'!' * is_event} {one.name}")
        branch = trees.setdefault(root, {}).setdefault(
            path, Branch(name=one.name, is_event=is_event, depth=len(around))
        )
        branch.intervals.append((_start(one), _end(one)))
    return {root: _outer_first(tree) for root, tree in trees.items()}


def _outer_first(tree: dict[tuple[str, ...], Branch]) -> list[Branch]:
    order = {path: number for number, path in enumerate(tree)}

    def place(path: tuple[str, ...]) -> list[int]:
        return [order.get(path[:length], -1) for length in range(1, len(path) + 1)]

    return [tree[path] for path in sorted(tree, key=place)]


def _of(cycle: Cycle, stage: Stage) -> list[Span | Event]:
    both: list[Span | Event] = [*cycle.spans, *cycle.events]
    return sorted((one for one in both if one.stage is stage and is_mark(one)), key=_start)


def _start(one: Span | Event) -> int:
    return one.at_ns if isinstance(one, Event) else one.start_ns


def _end(one: Span | Event) -> int:
    return one.at_ns if isinstance(one, Event) else one.start_ns + one.duration_ns


def _bar(axis: Axis, one: Span | Event) -> Bar:
    if isinstance(one, Event):
        return axis.bar(one.at_ns, 0, "instant")
    return axis.bar(one.start_ns, one.duration_ns, "work")


def _caller(one: Span | Event) -> Json:
    return one.attributes.get("caller") if isinstance(one, Span) else one.caller
