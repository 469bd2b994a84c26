"""What a SELECT of Django's ORM reads: its table, its joins, and by which columns it is narrowed.

Only as much as is needed to name a field. A statement written by hand may be anything; what is not
understood of it is left out, and is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cycle_inspector.analysis.fingerprint import fingerprint

ROWS, COUNT, EXISTS, AGGREGATE, OTHER = "rows", "count", "exists", "aggregate", "other"

# A longer statement is seldom repeated, and the cache would hold its text.
_LONGEST_CACHED = 10_000

_NAME = r'(?:"[^"]+"|`[^`]+`|\[[^]]+]|\w+)'
_TABLE = rf"{_NAME}(?:\.{_NAME})*"
_COLUMN = rf"({_TABLE})\.({_NAME})"
_WORDS = "WHERE|INNER|LEFT|RIGHT|CROSS|JOIN|ORDER|GROUP|HAVING|LIMIT|OFFSET|FETCH|FOR|UNION"
_FROM = re.compile(rf"\bFROM\s+({_TABLE})(?:\s+(?!(?:{_WORDS})\b)(\w+))?", re.I)
_JOIN = re.compile(
    rf"\b(?:INNER|LEFT OUTER)\s+JOIN\s+({_TABLE})(?:\s+(?!ON\b)(\w+))?\s+"
    rf"ON\s+\({_COLUMN}\s*=\s*{_COLUMN}\)",
    re.I,
)
_EQUAL = re.compile(rf"{_COLUMN}\s*=\s*%s", re.I)
_LISTED = re.compile(rf"{_COLUMN}\s+IN\s+\(\.\.\.\)", re.I)
_AGGREGATE = re.compile(r"SELECT\s+(SUM|AVG|MIN|MAX|COUNT|STDDEV_\w+|VAR_\w+)\s*\(", re.I)
_ARGUMENT = re.compile(rf"SELECT\s+\w+\s*\((?:DISTINCT\s+)?{_COLUMN}", re.I)
_END_OF_WHERE = re.compile(r"\b(?:ORDER BY|GROUP BY|HAVING|LIMIT|OFFSET|FETCH|FOR UPDATE)\b", re.I)

Column = tuple[str, str]
"""A table, and a column of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A table that was joined, and the two columns that had to be equal."""

    table: str
    alias: str
    left: Column
    right: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A SELECT, as far as it was understood; tables go by their own names, not by aliases."""

    kind: str
    table: str
    joins: tuple[Join, ...]
    equals: tuple[Column, ...]  # columns that had to equal a value
    listed: tuple[Column, ...]  # columns that had to be in a list of values
    is_narrowed: bool  # by more than these
    is_ordered: bool
    is_limited: bool
    function: str = ""  # of an aggregate, in capitals
    argument: Column | None = None
    read: frozenset[str] = frozenset()  # tables whose columns it returns


def select_of(sql: str) -> Select | None:
    """Return what `sql` reads, or None where it is no plain SELECT from a table."""
    return _cached(sql) if len(sql) <= _LONGEST_CACHED else _parse(sql)


def _parse(sql: str) -> Select | None:
    text = fingerprint(sql)
    start = _FROM.search(text)
    if start is None or text[:6].upper() != "SELECT" or "(SELECT" in text[start.end() :].upper():
        return None
    table = bare(start[1])
    names = {start[2] or table: table, table: table}
    joins = []
    for found in _JOIN.finditer(text, start.end()):
        names[found[2] or bare(found[1])] = bare(found[1])
        joins.append(found)
    columns = text[6 : start.start()]
    rest = text[start.end() :]
    _, _, where = rest.partition(" WHERE ")
    end = _END_OF_WHERE.search(where)
    tail = rest if not where else where[end.start() :] if end else ""
    where = where[: end.start()] if end else where
    kind, function, argument = _kind(text, columns)
    return Select(
        kind=kind,
        table=table,
        joins=tuple(
            Join(
                table=bare(one[1]),
                alias=one[2] or bare(one[1]),
                left=_column(one[3], one[4], names),
                right=_column(one[5], one[6], names),
            )
            for one in joins
        ),
        equals=tuple(_column(one[1], one[2], names) for one in _EQUAL.finditer(where)),
        listed=tuple(_column(one[1], one[2], names) for one in _LISTED.finditer(where)),
        is_narrowed=bool(re.sub(r"\bAND\b|[()\s]", "", _LISTED.sub("", _EQUAL.sub("", where)))),
        is_ordered=" ORDER BY " in tail or tail.startswith("ORDER BY"),
        is_limited="LIMIT" in tail or "FETCH FIRST" in tail,
        function=function,
        argument=argument if argument is None else _column(*argument, names),
        read=frozenset(names[name] for name in _read(columns) if name in names),
    )


_cached = lru_cache(maxsize=2_000)(_parse)


def _kind(text: str, columns: str) -> tuple[str, str, Column | None]:
    """Return the kind of a SELECT, and of an aggregate what it is of."""
    if re.match(r'\s*%s AS "?`?a\b', columns):
        return EXISTS, "", None
    aggregate = _AGGREGATE.match(text)
    if aggregate is None:
        return (OTHER if columns.strip() in ("%s", "") else ROWS), "", None
    if "COUNT(*)" in columns.upper():
        return COUNT, "COUNT", None
    argument = _ARGUMENT.match(text)
    found = None if argument is None else (argument[1], argument[2])
    return AGGREGATE, aggregate[1].upper(), found


def _read(columns: str) -> set[str]:
    return {bare(found[1]) for found in re.finditer(_COLUMN, columns)}


def _column(table: str, column: str, names: dict[str, str]) -> Column:
    return names.get(bare(table), bare(table)), bare(column)


def bare(name: str) -> str:
    """Return `name` without the quotes around it and its parts."""
    return re.sub(r'["`[\]]', "", name)


def value_at(sql: str, column: Column) -> int | None:
    """Return the number of the placeholder that `column` had to equal, or None."""
    return _placeholder(sql, column) if len(sql) <= _LONGEST_CACHED else None


@lru_cache(maxsize=1_000)
def _placeholder(sql: str, column: Column) -> int | None:
    select = select_of(sql)
    found = [] if select is None else list(_EQUAL.finditer(sql, sql.upper().find(" WHERE ")))
    if select is None or len(found) != len(select.equals) or column not in select.equals:
        return None
    return sql.count("%s", 0, found[select.equals.index(column)].end()) - 1
