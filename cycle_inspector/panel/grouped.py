"""The queries of a cycle as they are listed on a page of their own: sorted, or in groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cycle_inspector.analysis.grouping import GROUPINGS, Key
from cycle_inspector.panel import queries, sql, threads
from cycle_inspector.panel.filters import short_path
from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.panel.transactions import Standing
from cycle_inspector.records import Cycle, Frame, TemplateLine

PAGE = 200  # queries, or groups, that are shown at once
FIRST = 5  # queries of a group that are linked

LIST = "list"
NAMES = {
    LIST: "List",
    "same": "The very same",
    "shape": "Shape",
    "table": "Table",
    "caller": "Caller",
    "template": "Template",
}
_OF_SQL = ("same", "shape")  # ways whose groups go by a statement
_NONE = {"table": "No table", "caller": "No line of your own", "template": "No template"}
_SORTS = {"order": "In order", "time": "Longest first"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A link that shows the queries in another way."""

    label: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group as it is shown."""

    label: str
    title: str  # the label in full
    is_sql: bool
    frame: Frame | None  # of a group by line of code
    template: TemplateLine | None
    count: int
    duration_ns: int
    share: str  # of the time of all queries
    first: tuple[int, ...]  # numbers of its first queries
    bar: Bar


def choices(way: str = "") -> list[Choice]:
    """Return the ways to show the queries of a cycle."""
    return [
        Choice(label=label, query=f"by={one}", is_chosen=one == way) for one, label in NAMES.items()
    ]


def beginning(lines: list[queries.Line]) -> tuple[list[queries.Line], int | None]:
    """Return the first lines, where there are too many for one table, and the number to go on from.

    That is None where all of them are returned.
    """
    for at, line in enumerate(lines):
        if line.number is not None and line.number > PAGE:
            return lines[:at], line.number
    return lines, None


def context(cycle: Cycle, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page is filled with; what `asked` does not say rightly has its default."""
    way = asked.get("by", LIST)
    way = way if way in NAMES else LIST
    shown: dict[str, Any] = {"cycle": cycle, "way": way, "choices": choices(way), "most": PAGE}
    return {**shown, **(_listed(cycle, asked) if way == LIST else _grouped(cycle, way))}


def _listed(cycle: Cycle, asked: Mapping[str, str]) -> dict[str, Any]:
    sort = asked.get("sort", "order")
    sort = sort if sort in _SORTS else "order"
    lines = [one for one in queries.lines(cycle) if one.number is not None]
    if sort == "time":
        # Out of their order they stand beside no rail of a transaction.
        lines = [replace(one, standing=Standing()) for one in lines]
        lines.sort(key=lambda one: -one.query.duration_ns)
    start = _number(asked.get("from", "1"), len(lines))
    return {
        "lines": lines[start - 1 : start - 1 + PAGE],
        "count": len(lines),
        "start": start,
        "end": min(start - 1 + PAGE, len(lines)),
        "before": f"by=list&sort={sort}&from={max(start - PAGE, 1)}" if start > 1 else "",
        "after": f"by=list&sort={sort}&from={start + PAGE}" if start + PAGE <= len(lines) else "",
        "sorts": [
            Choice(label=label, query=f"by=list&sort={one}", is_chosen=one == sort)
            for one, label in _SORTS.items()
        ],
        "many_aliases": len({one.alias for one in cycle.queries}) > 1,
        "usual_thread": threads.usual_thread(cycle),
    }


def _grouped(cycle: Cycle, way: str) -> dict[str, Any]:
    found = sorted(GROUPINGS[way](cycle), key=lambda one: (-one.duration_ns, -one.count))
    numbers = {one.id: number for number, one in enumerate(cycle.statements, start=1)}
    total = sum(one.duration_ns for one in cycle.statements)
    axis = Axis(max((one.duration_ns for one in found), default=0))
    rows = []
    for group in found[:PAGE]:
        title = _title(group.key, way)
        rows.append(
            Row(
                label=_label(title, way),
                title=title,
                is_sql=way in _OF_SQL,
                frame=group.key if isinstance(group.key, Frame) else None,
                template=group.key if isinstance(group.key, TemplateLine) else None,
                count=group.count,
                duration_ns=group.duration_ns,
                share=f"{group.duration_ns / total:.0%}" if total else "",
                first=tuple(numbers[one.id] for one in group.queries[:FIRST]),
                bar=axis.bar(0, group.duration_ns, "work"),
            )
        )
    return {"rows": rows, "count": len(found), "name": NAMES[way]}


def _title(key: Key, way: str) -> str:
    if key is None:
        return _NONE[way]
    if isinstance(key, Frame):
        return f"{key.path}:{key.line}"
    return f"{key.name}:{key.line}" if isinstance(key, TemplateLine) else key


def _label(title: str, way: str) -> str:
    if way in _OF_SQL:
        return sql.shorten(title)
    return short_path(title) if way == "caller" else title


def _number(text: str, most: int) -> int:
    """Return where a page begins, from 1; a number that is none begins at the beginning."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return 1
    return max(min(int(text), most), 1)
