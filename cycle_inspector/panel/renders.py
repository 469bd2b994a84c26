"""The templates stage as it is shown: a tree in which the same include in a loop is one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.records import Cycle, Render


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Renders of one template from one line, inside the same branch."""

    first: Render
    depth: int
    count: int
    own_ns: int
    duration_ns: int
    bars: tuple[Bar, ...]
    errors: tuple[str, ...]


def branches(cycle: Cycle, axis: Axis | None = None) -> list[Branch]:
    """Return the tree of `cycle`, parents first, in the order in which they first began.

    Without an `axis` the bars stand over the time of the templates alone.
    """
    renders = sorted(cycle.renders, key=lambda one: (one.start_ns, one.id))
    start = 0
    if axis is None:
        start = min((one.start_ns for one in renders), default=0)
        axis = Axis(max((one.start_ns + one.duration_ns for one in renders), default=0) - start)
    known = {one.id for one in renders}
    children: dict[int | None, list[Render]] = {}
    for one in renders:
        children.setdefault(one.parent if one.parent in known else None, []).append(one)
    return [
        Branch(
            first=alike[0],
            depth=depth,
            count=sum(one.count for one in alike),
            own_ns=sum(one.own_ns for one in alike),
            duration_ns=sum(one.duration_ns for one in alike),
            bars=axis.bars(
                [(one.start_ns - start, one.start_ns - start + one.duration_ns) for one in alike],
                "work",
            ),
            errors=tuple(dict.fromkeys(one.error for one in alike if one.error)),
        )
        for alike, depth in _walk(children)
    ]


def _walk(children: dict[int | None, list[Render]]) -> Iterator[tuple[list[Render], int]]:
    stack = [(alike, 0) for alike in reversed(_alike(children.get(None, ())))]
    while stack:
        alike, depth = stack.pop()
        yield alike, depth
        inside = [one for parent in alike for one in children.get(parent.id, ())]
        stack.extend((group, depth + 1) for group in reversed(_alike(inside)))


def _alike(renders: Iterable[Render]) -> list[list[Render]]:
    groups: dict[object, list[Render]] = {}
    for one in renders:
        groups.setdefault((one.name, one.how, one.template), []).append(one)
    return list(groups.values())
