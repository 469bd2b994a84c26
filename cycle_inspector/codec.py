"""Cycle <-> compressed JSON document: how a cycle is kept.

The document is lossless but for `findings`, which are judged anew whenever a cycle is read. Texts
that repeat (statements, frames, stacks) stand once in a table and are named by their index. Queries
and renders are stored by column, in the order given here, and a column of equal values as one: a
loop's queries differ in few. Each other record is a row of its fields. `SCHEMA_VERSION` changes
with that order.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from cycle_inspector.records import (
    Cycle,
    Event,
    Frame,
    Query,
    Render,
    Span,
    Stage,
    StageSummary,
    TemplateLine,
)

SCHEMA_VERSION = 2

# zlib's fastest level: on a cycle of 100 queries level 6 takes three times as long for 15 % less.
_LEVEL = 1

_SPAN = ("id", "parent", "stage", "name", "start_ns", "duration_ns", "thread", "attributes")
_QUERY_PLAIN = (
    "id",
    "parent",
    "params",
    "alias",
    "vendor",
    "start_ns",
    "duration_ns",
    "fetch_ns",
    "rows",
    "executions",
    "is_transaction",
    "relation",
    "relation_kind",
    "error",
    "thread",
)
_RENDER_PLAIN = (
    "id",
    "parent",
    "name",
    "origin",
    "how",
    "start_ns",
    "duration_ns",
    "own_ns",
    "count",
    "error",
    "thread",
)
_EVENT_PLAIN = ("parent", "stage", "kind", "name", "at_ns", "attributes")
_SUMMARY = ("stage", "start_ns", "duration_ns", "count", "facts")
_CYCLE_PLAIN = (
    "id",
    "parent",
    "cause",
    "kind",
    "duration_ns",
    "request",
    "response",
    "dropped",
    "settings",
)


class UnreadableCycle(ValueError):
    """A stored document that this version cannot read; the text says why."""


class _Table:
    """Distinct values in order of first use, each named by its index."""

    def __init__(self, row_of: Callable[[Any], Any]) -> None:
        self.rows: list[Any] = []
        self._row_of = row_of
        self._index: dict[Any, int] = {}

    def index(self, value: Any) -> int:
        found = self._index.get(value)
        if found is None:
            row = self._row_of(value)
            found = self._index[value] = len(self.rows)
            self.rows.append(row)
        return found


class _StackTable(_Table):
    """The same for stacks: a loop's queries share one, which is hashed once."""

    def __init__(self, row_of: Callable[[Any], Any]) -> None:
        super().__init__(row_of)
        self._by_identity: dict[int, int] = {}

    def index(self, value: Any) -> int:
        found = self._by_identity.get(id(value))
        if found is None:
            found = self._by_identity[id(value)] = super().index(value)
        return found


def encode(cycle: Cycle) -> bytes:
    """Return `cycle` as a compressed document."""
    statements, frames = _Table(str), _Table(_frame)
    stacks = _StackTable(lambda stack: [frames.index(frame) for frame in stack])
    event = attrgetter(*_EVENT_PLAIN)
    queries, renders = cycle.queries, cycle.renders
    document = {
        "schema": SCHEMA_VERSION,
        "started_at": cycle.started_at.isoformat(),
        "cycle": attrgetter(*_CYCLE_PLAIN)(cycle),
        "stages": list(map(attrgetter(*_SUMMARY), cycle.stages)),
        "spans": list(map(attrgetter(*_SPAN), cycle.spans)),
        "queries": [
            _column([statements.index(one.sql) for one in queries]),
            _column([stacks.index(one.frames) for one in queries]),
            _column([_line(one.template) for one in queries]),
            *(_column(list(map(attrgetter(name), queries))) for name in _QUERY_PLAIN),
        ],
        "renders": [
            _column([_line(one.template) for one in renders]),
            *(_column(list(map(attrgetter(name), renders))) for name in _RENDER_PLAIN),
        ],
        "events": [(stacks.index(one.frames), event(one)) for one in cycle.events],
        "statements": statements.rows,
        "stacks": stacks.rows,
        "frames": frames.rows,
    }
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode("ascii"), _LEVEL)


def decode(document: bytes) -> Cycle:
    """Return the cycle that `encode` made `document` of; raise `UnreadableCycle` if it cannot."""
    try:
        stored = json.loads(zlib.decompress(document))
    except (zlib.error, ValueError, RecursionError) as error:
        raise UnreadableCycle(f"the stored cycle is damaged: {error}") from error
    schema = stored.get("schema") if isinstance(stored, dict) else None
    if schema != SCHEMA_VERSION:
        raise UnreadableCycle(
            f"the stored cycle has schema {schema!r}, this version reads schema {SCHEMA_VERSION}"
        )
    try:
        return _cycle(stored)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableCycle(f"the stored cycle is damaged: {error!r}") from error


def _cycle(stored: dict[str, Any]) -> Cycle:
    frames = [
        Frame(path=path, line=line, function=function, is_project=bool(is_project))
        for path, line, function, is_project in stored["frames"]
    ]
    stacks = [tuple(frames[index] for index in stack) for stack in stored["stacks"]]
    statements = stored["statements"]
    return Cycle(
        **dict(zip(_CYCLE_PLAIN, stored["cycle"], strict=True)),
        started_at=datetime.fromisoformat(stored["started_at"]),
        stages=tuple(_staged(StageSummary, _SUMMARY, stored["stages"])),
        spans=tuple(_staged(Span, _SPAN, stored["spans"])),
        queries=tuple(
            Query(
                **_query_plain(row),
                sql=statements[statement],
                frames=stacks[stack],
                template=_template_line(line),
            )
            for statement, stack, line, *row in _rows(stored["queries"], 3 + len(_QUERY_PLAIN))
        ),
        renders=tuple(
            Render(**dict(zip(_RENDER_PLAIN, row, strict=True)), template=_template_line(line))
            for line, *row in _rows(stored["renders"], 1 + len(_RENDER_PLAIN))
        ),
        events=tuple(
            Event(
                **{**dict(zip(_EVENT_PLAIN, row, strict=True)), "stage": Stage(row[1])},
                frames=stacks[stack],
            )
            for stack, row in stored["events"]
        ),
    )


def _column(values: list[Any]) -> list[Any]:
    """Return a list of `values`; of equal ones that hold no others, the value and their number."""
    first = values[0] if values else []
    # Not the parameters: (1,) and (True,) are equal, and not the same.
    if (first is None or isinstance(first, int | str)) and values.count(first) == len(values):
        return [first, len(values)]
    return [values]


def _rows(columns: list[list[Any]], width: int) -> Iterable[list[Any]]:
    """Return the rows, of `width` values each, that `columns` were made of."""
    if len(columns) != width:
        raise ValueError(f"{len(columns)} columns, not {width}")
    whole = [one[0] if len(one) == 1 else [one[0]] * one[1] for one in columns]
    return map(list, zip(*whole, strict=True))


def _line(line: TemplateLine | None) -> tuple[str, int] | None:
    return None if line is None else (line.name, line.line)


def _frame(frame: Frame) -> tuple[str, int, str, int]:
    return frame.path, frame.line, frame.function, int(frame.is_project)


def _template_line(line: list[Any] | None) -> TemplateLine | None:
    return None if line is None else TemplateLine(name=line[0], line=line[1])


def _query_plain(row: list[Any]) -> dict[str, Any]:
    plain = dict(zip(_QUERY_PLAIN, row, strict=True))
    if isinstance(plain["params"], list):
        plain["params"] = tuple(plain["params"])
    return plain


def _staged(record: Any, names: tuple[str, ...], rows: list[list[Any]]) -> Iterable[Any]:
    for row in rows:
        fields = dict(zip(names, row, strict=True))
        yield record(**{**fields, "stage": Stage(fields["stage"])})
