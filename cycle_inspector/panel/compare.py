"""Two cycles side by side, as their page shows them: times with bars, and what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cycle_inspector.analysis.comparison import Comparison, Counted, compare
from cycle_inspector.panel import notes
from cycle_inspector.panel.filters import ms, size
from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.records import Cycle, Stage

_MOST = 100  # rows of one table

# A smaller change is as likely to be chance.
_LEAST_NS = 500_000
_LEAST_SHARE = 0.1
_LEAST_SIZE = 0.01  # the same for the bytes of a page, which may say what time it is
_MOST_PERCENT = 999  # more says less than the number beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A number of both cycles, in words, and whether it went up or down."""

    name: str
    stage: str = ""
    before: str
    after: str
    change: str
    look: str  # "better", "worse" or "same"
    bars: tuple[Bar, ...] = ()


def context(before: Cycle, after: Cycle) -> dict[str, Any]:
    """Return what the template is filled with."""
    found = compare(before, after)
    return {
        "before": before,
        "after": after,
        "different": _different(before, after),
        "numbers": list(_numbers(before, after)),
        "times": list(_times(before, after, found)),
        "found": found,
        **_listed("queries", found.queries),
        **_listed("templates", found.templates),
    }


def _different(before: Cycle, after: Cycle) -> str:
    """Return a sentence where these are not two of the same kind."""
    names = [one.stage(Stage.VIEW).facts.get("name") or "no view" for one in (before, after)]
    if names[0] != names[1]:
        return f"These were answered by different views: {names[0]} and {names[1]}."
    methods = [one.request.get("method") for one in (before, after)]
    if methods[0] != methods[1]:
        return f"These were sent by different methods: {methods[0]} and {methods[1]}."
    return ""


def _numbers(before: Cycle, after: Cycle) -> Iterator[Row]:
    both = before, after
    queries = [notes.query_count(one) for one in both]
    yield _counted("Queries", *queries)
    spent = [sum(query.duration_ns for query in one.statements) for one in both]
    yield _timed("Time in queries", *spent)
    yield _counted("Templates", *(notes.render_count(one) for one in both))
    objects = [_objects(one) for one in both]
    if any(objects):
        yield _counted("Objects loaded", *objects)
    sizes: list[Any] = [one.response.get("size_bytes") for one in both]
    if all(isinstance(one, int) for one in sizes) and any(sizes):
        is_even = abs(sizes[1] - sizes[0]) < _LEAST_SIZE * max(sizes)
        yield _row("Response", *sizes, shown=size, is_even=is_even)
    statuses = [one.response.get("status") for one in both]
    if statuses[0] != statuses[1]:
        yield Row(
            name="Status",
            before=str(statuses[0] or "none"),
            after=str(statuses[1] or "none"),
            change="",
            look="same",
        )


def _objects(cycle: Cycle) -> int:
    given = cycle.stage(Stage.MODELS).facts.get("instances") or ()
    pairs = [one for one in given if isinstance(one, list | tuple) and len(one) == 2]
    return sum(count for _, count in pairs if isinstance(count, int))


def _times(before: Cycle, after: Cycle, found: Comparison) -> Iterator[Row]:
    axis = Axis(max(before.duration_ns, after.duration_ns))
    yield _timed("Whole cycle", before.duration_ns, after.duration_ns, axis=axis)
    for one in found.stages:
        yield _timed(one.stage.value, one.before_ns, one.after_ns, axis=axis, stage=one.stage)


def _timed(
    name: str, before: int, after: int, *, axis: Axis | None = None, stage: Stage | None = None
) -> Row:
    bars = () if axis is None else (axis.bar(0, before, "before"), axis.bar(0, after, "after"))
    change = abs(after - before)
    is_even = change < _LEAST_NS or change < _LEAST_SHARE * max(before, after)
    return _row(
        name,
        before,
        after,
        shown=ms,
        is_even=is_even,
        stage="" if stage is None else stage.value,
        bars=bars,
    )


def _counted(name: str, before: int, after: int) -> Row:
    return _row(name, before, after, shown=str, is_even=before == after)


def _row(name: str, before: int, after: int, *, shown: Any, is_even: bool, **more: Any) -> Row:
    change = after - before
    words = "" if not change else f"{'+' if change > 0 else '−'}{shown(abs(change))}"
    percent = abs(change) * 100 / before if before else 0
    if not is_even and 1 <= percent <= _MOST_PERCENT:
        words += f" ({'+' if change > 0 else '−'}{percent:.0f} %)"
    look = "same" if is_even else "worse" if change > 0 else "better"
    return Row(name=name, before=shown(before), after=shown(after), change=words, look=look, **more)


def _listed(name: str, rows: tuple[Counted, ...]) -> dict[str, Any]:
    changed = [one for one in rows if one.is_changed]
    same = [one for one in rows if not one.is_changed]
    return {
        name: changed[:_MOST],
        f"{name}_left_out": max(len(changed) - _MOST, 0),
        f"{name}_same": len(same),
        f"{name}_same_before_ns": sum(one.before_ns for one in same),
        f"{name}_same_after_ns": sum(one.after_ns for one in same),
    }
