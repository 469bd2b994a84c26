"""What the rules need to name and mend a loop: the fields that lead from its models to others, and
the source of the code around it.

Kept with the cycle by the writer, and only where queries of one shape ran from one place. So a
change is worked out of the code as it was, and holds when the file has changed or is elsewhere.
"""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from cycle_inspector.analysis._loops import groups_of
from cycle_inspector.analysis._select import select_of
from cycle_inspector.assembly import Recorded
from cycle_inspector.collectors import _schema
from cycle_inspector.collectors._excerpts import shown
from cycle_inspector.records import Facts, Frame, Json, Query

_MOST_BLOCKS = 20
_MOST_LINES = 200
_LARGEST_FILE = 10_000  # lines
_LONG_LIST = 100  # rows
_MOST_FRAMES = 5  # of a stack, that may hold the expression of a queryset


def facts_of(
    recorded: Recorded, loads: Iterable[Facts], changes: Iterable[Facts], view: Facts
) -> dict[str, Json]:
    """Return `schema`, `sources` and `fetch_modes`, or nothing if there is no loop.

    `loads` and `changes` are those of the models stage: what is written row by row is a loop as
    well, and a long list that was made of a queryset counts as one.
    """
    queries = [query for query in recorded.queries if not query.is_transaction]
    looped = [group[0] for group in groups_of(queries, 2)]
    written = {one["queries"][0] for one in changes if one["times"] > 1 and one["queries"]}
    written |= {
        one["queries"][0]
        for one in loads
        if one["rows"] >= _LONG_LIST and one["queries"] and {*one["ways"]} == {"iter", "len"}
    }
    looped += [query for query in queries if query.id in written]
    if not looped:
        return {}
    last = max(query.start_ns for query in looped)
    read, origins = _read(query for query in queries if query.start_ns <= last)
    return {
        "schema": _schema.of_tables(read),
        "sources": [
            *_blocks([*looped, *origins], view),
            *_template_lines([*looped, *origins], recorded),
        ],
        "fetch_modes": _schema.can_fetch_peers(),
    }


def _read(queries: Iterable[Query]) -> tuple[list[str], list[Query]]:
    """Return the tables that were read, and the queries that brought several rows of them."""
    tables: dict[str, None] = {}
    origins: dict[Any, Query] = {}
    for query in queries:
        select = select_of(query.sql)
        if select is not None:
            tables.update(dict.fromkeys((select.table, *(join.table for join in select.joins))))
            if (query.rows or 0) > 1:
                origins.setdefault((select.table, id(query.frames)), query)
    return list(tables), list(origins.values())


def _blocks(queries: Iterable[Query], view: Facts) -> list[Json]:
    """Return the functions and classes around the callers, each once."""
    found: dict[tuple[str, int], Json] = {}
    for path, line in _places(queries, view):
        span = _span(path, line)
        if span is not None and len(found) < _MOST_BLOCKS:
            first, last = span
            if (path, first) not in found:
                lines = linecache.getlines(path)[first - 1 : last]
                found[path, first] = {"path": path, "first": first, "lines": [*map(shown, lines)]}
    return list(found.values())


def _places(queries: Iterable[Query], view: Facts) -> Iterator[tuple[str, int]]:
    stacks: dict[int, tuple[Frame, ...]] = {id(query.frames): query.frames for query in queries}
    seen: set[tuple[str, int]] = set()
    for frames in stacks.values():
        ours = (frame for frame in frames if frame.is_project)
        for _, frame in zip(range(_MOST_FRAMES), ours, strict=False):
            if (frame.path, frame.line) not in seen:
                seen.add((frame.path, frame.line))
                yield frame.path, frame.line
    path, line = view.get("path"), view.get("line")
    if isinstance(path, str) and isinstance(line, int):
        yield path, line


def _span(path: str, line: int) -> tuple[int, int] | None:
    """Return the first and last line of the outermost class or function that is not too long."""
    if not os.path.isabs(path):
        return None
    linecache.checkcache(path)
    lines = linecache.getlines(path)
    if not 0 < line <= len(lines) <= _LARGEST_FILE:
        return None
    around = [one for one in _definitions(path, tuple(lines)) if one[0] <= line <= one[1]]
    return next((one for one in around if one[1] - one[0] < _MOST_LINES), None)


@lru_cache(maxsize=30)
def _definitions(path: str, lines: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where classes and functions begin and end, the outer ones first."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        (min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _template_lines(queries: Iterable[Query], recorded: Recorded) -> Iterator[Json]:
    """Return the lines of templates that ran the queries."""
    origins = {render.name: render.origin for render in recorded.renders}
    places = {query.template for query in queries if query.template is not None}
    for place in sorted(places, key=lambda one: (one.name, one.line)):
        origin = origins.get(place.name, "")
        if os.path.isabs(origin):
            linecache.checkcache(origin)
            line = linecache.getline(origin, place.line)
            yield {"template": place.name, "first": place.line, "lines": [shown(line)]}
