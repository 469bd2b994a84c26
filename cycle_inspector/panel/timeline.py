"""The cycle over time: a row for each stage and for each span worth a line of its own.

Instants count from the start of the cycle. The browser has an axis of its own: it starts earlier
and ends much later, and would press the server's work into a few pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cycle_inspector.panel import marks, notes, renders, side_events, threads
from cycle_inspector.panel.layout import Axis, Bar, Tick, join
from cycle_inspector.records import Cycle, Span, Stage, StageSummary, is_mark

_MOST_RENDERS = 8  # templates with a row of their own
_MOST_FOLLOWED = 8  # as many threads, calls in executors and tasks
_MOST_MARKS = 12  # as many names that the project has marked, inside of one thing

_Marked = dict[int | None, list[marks.Branch]]


class _Timed(Protocol):
    @property
    def start_ns(self) -> int: ...
    @property
    def duration_ns(self) -> int: ...


_BROWSER_MARKS = (
    ("first_byte_ns", "First byte"),
    ("response_end_ns", "Last byte"),
    ("fcp_ns", "First content"),
    ("dom_content_loaded_ns", "DOM ready"),
    ("lcp_ns", "Largest content"),
    ("load_ns", "Loaded"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what it is in words, where its bars stand, when it began and what it took."""

    stage: str
    number: int | None  # of the stage; None for a row inside one
    name: str
    full_name: str
    note: str
    depth: int
    bars: tuple[Bar, ...]
    start_ns: int | None
    duration_ns: int | None
    dots: tuple[side_events.Dot, ...] = ()

    @property
    def duration_ms(self) -> str:
        """The duration as a script reads it."""
        return f"{(self.duration_ns or 0) / 1e6:.6f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Rows over one axis."""

    total_ns: int
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]

    @property
    def total_ms(self) -> str:
        """The length of the axis as a script reads it."""
        return f"{self.total_ns / 1e6:.6f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserMark:
    """An instant in the browser, from the start of the navigation."""

    name: str
    at_ns: int
    x: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserTimeline:
    """How the browser spent its time: waiting, receiving, building the page."""

    total_ns: int
    ticks: tuple[Tick, ...]
    spells: tuple[tuple[Bar, str, int], ...]  # bar, name, duration
    marks: tuple[BrowserMark, ...]


def lay_out(cycle: Cycle) -> Timeline:
    """Return the timeline of what the server did in `cycle`."""
    axis = Axis(_end_ns(cycle))
    rows = tuple(row for summary in cycle.stages for row in _stage_rows(cycle, summary, axis))
    return Timeline(total_ns=axis.total_ns, ticks=axis.ticks(), rows=rows)


def lay_out_browser(cycle: Cycle) -> BrowserTimeline | None:
    """Return the timeline of the browser; None until it has sent its timings."""
    facts = cycle.stage(Stage.BROWSER).facts
    known = [(name, facts[key]) for key, name in _BROWSER_MARKS if isinstance(facts.get(key), int)]
    if not known:
        return None
    axis = Axis(max(instant for _, instant in known))
    first, last = facts.get("first_byte_ns"), facts.get("response_end_ns")
    spells: list[tuple[Bar, str, int]] = []
    if isinstance(first, int) and isinstance(last, int) and 0 <= first <= last:
        total = axis.total_ns
        for start, end, look, name in (
            (0, first, "waiting", "waiting for the server"),
            (first, last, "receiving", "receiving the page"),
            (last, total, "building", "building it"),
        ):
            spells.append((axis.bar(start, end - start, look), name, end - start))
    marks = sorted(known, key=lambda one: one[1])
    return BrowserTimeline(
        total_ns=axis.total_ns,
        ticks=axis.ticks(),
        spells=tuple(spells),
        marks=tuple(
            BrowserMark(name=name, at_ns=instant, x=axis.percent(instant))
            for name, instant in marks
        ),
    )


def walk(spans: Iterable[Span]) -> Iterator[tuple[Span, int]]:
    """Yield `spans` as a tree, parents first, each with its depth."""
    ordered = sorted(spans, key=lambda one: (one.start_ns, one.id))
    known = {one.id for one in ordered}
    children: dict[int | None, list[Span]] = {}
    for one in ordered:
        children.setdefault(one.parent if one.parent in known else None, []).append(one)
    stack = [(one, 0) for one in reversed(children.get(None, ()))]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((one, depth + 1) for one in reversed(children.get(node.id, ())))


def _end_ns(cycle: Cycle) -> int:
    last = cycle.stage(Stage.RESPONSE).facts.get("last_byte_ns")
    return max(cycle.duration_ns, last if isinstance(last, int) else 0)


def _stage_rows(cycle: Cycle, summary: StageSummary, axis: Axis) -> Iterator[Row]:
    stage = summary.stage
    intervals = _intervals(cycle, summary)
    duration = summary.duration_ns or sum(end - start for start, end in join(intervals))
    yield Row(
        stage=stage.value,
        number=list(Stage).index(stage) + 1,
        name=stage.value,
        full_name="",
        note=notes.note(cycle, summary),
        depth=0,
        bars=axis.bars(intervals, "work"),
        start_ns=min((start for start, _ in intervals), default=None),
        duration_ns=(notes.browser_end_ns(cycle) if stage is Stage.BROWSER else duration) or None,
        dots=side_events.dots(cycle, stage, axis),
    )
    marked = marks.branches(cycle, stage)
    if stage is Stage.MIDDLEWARE:
        yield from _span_rows(cycle, stage, axis, marked)
    elif stage is Stage.VIEW:
        beside = {one.id for one in cycle.spans if threads.is_followed(one)}
        for root in [root for root in marked if root not in beside]:
            yield from _mark_rows(marked.pop(root), stage, 1, axis)
        yield from _followed_rows(cycle, axis, marked)
    elif stage is Stage.TEMPLATES:
        yield from _render_rows(cycle, axis)
    for rest in marked.values():
        yield from _mark_rows(rest, stage, 1, axis)


def _intervals(cycle: Cycle, summary: StageSummary) -> list[tuple[int, int]]:
    """Return when `summary`'s stage was at work, by what was recorded of it."""
    stage = summary.stage
    if stage is Stage.BROWSER:
        return []
    if stage is Stage.DATABASE:
        return _ends(cycle.queries)
    if stage is Stage.TEMPLATES:
        return _ends(cycle.renders)
    found = [
        piece
        for span in _of(cycle, stage)
        if not threads.is_followed(span)
        for piece in _in_and_out(span)
    ]
    if not found and summary.duration_ns > 0:
        found = [(summary.start_ns, summary.start_ns + summary.duration_ns)]
    return found


def _span_rows(cycle: Cycle, stage: Stage, axis: Axis, marked: _Marked) -> Iterator[Row]:
    for span, depth in walk(_of(cycle, stage)):
        pieces = _in_and_out(span)
        bars = [axis.bar(start, end - start, "work") for start, end in pieces]
        if len(pieces) > 1:
            inner = axis.bar(pieces[0][1], pieces[1][0] - pieces[0][1], "thread")
            bars.insert(0, inner)
        hook, _, target = span.name.rpartition(" ")
        yield Row(
            stage=stage.value,
            number=None,
            name=target.rpartition(".")[2],
            full_name=span.name,
            note=hook,
            depth=min(depth + 1, 12),
            bars=tuple(bars),
            start_ns=span.start_ns,
            duration_ns=sum(end - start for start, end in pieces),
        )
        yield from _mark_rows(marked.pop(span.id, []), stage, depth + 2, axis)


def _mark_rows(branches: list[marks.Branch], stage: Stage, depth: int, axis: Axis) -> Iterator[Row]:
    longest = sorted(branches, key=lambda one: -one.duration_ns)[:_MOST_MARKS]
    for branch in branches:
        if branch not in longest:
            continue
        yield Row(
            stage=stage.value,
            number=None,
            name=branch.name,
            full_name=branch.name,
            note=f"× {branch.count}" if branch.count > 1 else "",
            depth=min(branch.depth + depth, 12),
            bars=tuple(axis.bar(at, 0, "instant") for at, _ in branch.intervals[:200])
            if branch.is_event
            else axis.bars(branch.intervals, "work"),
            start_ns=branch.start_ns,
            duration_ns=None if branch.is_event else branch.duration_ns,
        )


def _followed_rows(cycle: Cycle, axis: Axis, marked: _Marked) -> Iterator[Row]:
    found = threads.followed(cycle)
    longest = sorted(found, key=lambda one: -one.span.duration_ns)[:_MOST_FOLLOWED]
    least = longest[-1].span.duration_ns if longest else 0
    for one in found:
        if one.span.duration_ns < least:
            continue
        yield Row(
            stage=Stage.VIEW.value,
            number=None,
            name=one.name,
            full_name=one.span.name,
            note=one.note,
            depth=min(one.depth + 1, 12),
            bars=(axis.bar(one.span.start_ns, one.span.duration_ns, "work"),)
            if one.is_start_known
            else (),
            start_ns=one.span.start_ns if one.is_start_known else None,
            duration_ns=one.span.duration_ns if one.is_start_known else None,
        )
        yield from _mark_rows(marked.pop(one.span.id, []), Stage.VIEW, one.depth + 2, axis)


def _render_rows(cycle: Cycle, axis: Axis) -> Iterator[Row]:
    if len(cycle.renders) < 2:
        return
    found = renders.branches(cycle, axis)
    least = sorted((one.duration_ns for one in found), reverse=True)[:_MOST_RENDERS][-1]
    for branch in found:
        if branch.duration_ns < least:
            continue
        yield Row(
            stage=Stage.TEMPLATES.value,
            number=None,
            name=branch.first.name or "a template made of a string",
            full_name=branch.first.origin,
            note=f"× {branch.count}" if branch.count > 1 else "",
            depth=min(branch.depth + 1, 12),
            bars=branch.bars,
            start_ns=branch.first.start_ns,
            duration_ns=branch.duration_ns,
        )


def _of(cycle: Cycle, stage: Stage) -> list[Span]:
    return [span for span in cycle.spans if span.stage is stage and not is_mark(span)]


def _ends(records: Iterable[_Timed]) -> list[tuple[int, int]]:
    return [(one.start_ns, one.start_ns + one.duration_ns) for one in records]


def _in_and_out(span: Span) -> list[tuple[int, int]]:
    """Return the two ends of a middleware, before and after what is inside it."""
    way_in, way_out = span.attributes.get("in_ns"), span.attributes.get("out_ns")
    start, end = span.start_ns, span.start_ns + span.duration_ns
    if not isinstance(way_in, int) or not isinstance(way_out, int):
        return [(start, end)]
    return [(start, start + way_in), (max(start + way_in, end - way_out), end)]
