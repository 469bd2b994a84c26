"""Cycle <-> compressed JSON document: how a cycle is kept.

The document is lossless but for `findings`, which are judged anew whenever a cycle is read. Texts
that repeat (statements, frames, stacks) stand once in a table and are named by their index. Spans,
queries, renders and events are stored by column, in the order of their fields, and a column of
equal values as one: a loop's queries differ in few. `SCHEMA_VERSION` changes with those fields.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
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

SCHEMA_VERSION = 4

# zlib's fastest level: on a cycle of 100 queries level 6 takes three times as long for 15 % less.
_LEVEL = 1

# What zlib allocates and clears before the first byte, 256 KB by default, takes longer than to
# compress a small cycle: a window of 4 KB and small tables do for one.
_SMALL = 16_384
_SMALL_WINDOW_BITS, _SMALL_MEMORY = 12, 5

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

# Values are JSON by the time they come here, so none holds itself.
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

_Convert = Mapping[str, Callable[[Any], Any]]


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

    def indexes(self, values: Sequence[Any]) -> list[int]:
        """Return the index of each of `values`, of which many are the same object."""
        known = {id(one): one for one in values}
        index_of = {identity: self.index(one) for identity, one in known.items()}
        return [index_of[id(one)] for one in values]


def encode(cycle: Cycle) -> bytes:
    """Return `cycle` as a compressed document."""
    statements, frames = _Table(str), _Table(tuple)
    stacks = _Table(lambda stack: [frames.index(frame) for frame in stack])
    tables = {"sql": statements.indexes, "frames": stacks.indexes}
    document = {
        "schema": SCHEMA_VERSION,
        "started_at": cycle.started_at.isoformat(),
        "cycle": _of_cycle(cycle),
        "stages": list(map(_of_summary, cycle.stages)),
        "spans": _columns(cycle.spans, Span._fields, {}),
        "queries": _columns(cycle.queries, Query._fields, tables),
        "renders": _columns(cycle.renders, Render._fields, {}),
        "events": _columns(cycle.events, Event._fields, tables),
        "statements": statements.rows,
        "stacks": stacks.rows,
        "frames": frames.rows,
    }
    return _compress(_to_json(document).encode("ascii"))


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
    back: _Convert = {
        "sql": stored["statements"].__getitem__,
        "frames": stacks.__getitem__,
        "stage": Stage,
        "params": lambda params: tuple(params) if isinstance(params, list) else params,
        "template": lambda line: None if line is None else TemplateLine(*line),
    }
    return Cycle(
        **dict(zip(_CYCLE_PLAIN, stored["cycle"], strict=True)),
        started_at=datetime.fromisoformat(stored["started_at"]),
        stages=tuple(
            StageSummary(**{**dict(zip(_SUMMARY, row, strict=True)), "stage": Stage(row[0])})
            for row in stored["stages"]
        ),
        spans=tuple(map(Span._make, _rows(stored["spans"], Span._fields, back))),
        queries=tuple(map(Query._make, _rows(stored["queries"], Query._fields, back))),
        renders=tuple(map(Render._make, _rows(stored["renders"], Render._fields, back))),
        events=tuple(map(Event._make, _rows(stored["events"], Event._fields, back))),
    )


_of_cycle = attrgetter(*_CYCLE_PLAIN)
_of_summary = attrgetter(*_SUMMARY)


def _compress(document: bytes) -> bytes:
    if len(document) > _SMALL:
        return zlib.compress(document, _LEVEL)
    small = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW_BITS, _SMALL_MEMORY)
    return small.compress(document) + small.flush()


def _columns(
    records: Sequence[Any],
    names: Sequence[str],
    tables: Mapping[str, Callable[[Sequence[Any]], list[int]]],
) -> list[list[Any]]:
    """Return `records`, which are named tuples, by column: none of them, no column."""
    return [
        _column(tables[name](column) if name in tables else column)
        for name, column in zip(names, zip(*records, strict=True), strict=bool(records))
    ]


def _column(values: Sequence[Any]) -> list[Any]:
    """Return a list of `values`; of equal ones that hold no others, the value and their number."""
    first = values[0]
    # Not the parameters: (1,) and (True,) are equal, and not the same.
    if (first is None or isinstance(first, int | str)) and values.count(first) == len(values):
        return [first, len(values)]
    return [values]


def _rows(
    columns: list[list[Any]], names: Sequence[str], back: _Convert
) -> Iterable[tuple[Any, ...]]:
    """Return the rows, a value for each of `names`, that `columns` were made of."""
    if not columns:
        return ()
    if len(columns) != len(names):
        raise ValueError(f"{len(columns)} columns, not {len(names)}")
    whole = [
        map(back[name], one) if name in back else one
        for name, one in zip(
            names,
            (one[0] if len(one) == 1 else [one[0]] * one[1] for one in columns),
            strict=True,
        )
    ]
    return zip(*whole, strict=True)
