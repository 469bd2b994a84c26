"""What several rules ask of a query."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache

from cycle_inspector.records import HIDDEN, Cycle, Json, Query

_READS = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*+(SELECT|WITH|VALUES|SHOW|PRAGMA|EXPLAIN|DESCRIBE)\b",
    re.I | re.S,
)
_WRITES_INSIDE = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.I)

# Packages that make objects for tests.
_FACTORY = re.compile(r"[\\/](?:factory|model_bakery|mixer)[\\/]")

# A longer statement is seldom repeated, and the cache would hold its text.
_LONGEST_CACHED = 10_000

# What a collector writes where it cannot or must not show a value, as it stands in JSON.
_NOT_SHOWN = re.compile(r'"<[^"]+>"|\\u2026|' + re.escape(HIDDEN))
_to_json = json.JSONEncoder(sort_keys=True).encode


def reads(query: Query) -> bool:
    """Whether the statement only reads; a WITH may hide a write."""
    sql = query.sql
    return _reads(sql) if len(sql) <= _LONGEST_CACHED else _reads.__wrapped__(sql)


@lru_cache(maxsize=2_000)
def _reads(sql: str) -> bool:
    start = _READS.match(sql)
    if start is None:
        return False
    return start[1].upper() != "WITH" or _WRITES_INSIDE.search(sql) is None


def key_of_params(params: tuple[Json, ...] | dict[str, Json] | None) -> str | None:
    """Return a text that is equal for equal parameters, whatever they are made of.

    None where the record does not show all of them (one is hidden, cut or of an unknown type): then
    nobody can say.
    """
    key = _to_json(params)
    return None if _NOT_SHOWN.search(key) else key


def place_of() -> Callable[[Query], Hashable]:
    """Return a function that gives equal values for queries of one stack and template line.

    A stack is hashed once for each tuple that holds it: a loop's queries share theirs.
    """
    numbers: dict[Hashable, int] = {}
    by_identity: dict[int, int] = {}

    def place(query: Query) -> Hashable:
        number = by_identity.get(id(query.frames))
        if number is None:
            number = numbers.setdefault(query.frames, len(numbers))
            by_identity[id(query.frames)] = number
        return number, query.template

    return place


def is_of_factory(query: Query) -> bool:
    """Whether a library that makes objects for tests has sent it."""
    return any(_FACTORY.search(frame.path) for frame in query.frames if not frame.is_project)


def queries_of(cycle: Cycle) -> Callable[[Iterable[int] | None], list[Query]]:
    """Return a function that gives queries by their ids, in the order of their start.

    The cycle's are gone through once, and only if there is a question.
    """
    known: dict[int, tuple[int, Query]] = {}

    def of(ids: Iterable[int] | None) -> list[Query]:
        if ids and not known:
            known.update((query.id, (at, query)) for at, query in enumerate(cycle.queries))
        return [query for _, query in sorted(known[one] for one in {*(ids or ())} if one in known)]

    return of
