"""By which columns a SELECT finds, joins and orders rows, so far as an index could help with it.

A column inside of a function, of a NOT or of an OR is left out: a plain index does nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cycle_inspector.analysis._scopes import Reader, Scope
from cycle_inspector.analysis._select import Column
from cycle_inspector.analysis._tokens import GIVEN, MARK, NAME, NUMBER, TEXT, WORD, Token

# A longer statement is seldom repeated, and the cache would hold its text.
_LONGEST_CACHED = 10_000

_BOUNDS = frozenset({"AND", "OR", "("})
_ENDS = frozenset({"", "AND", "OR", ")"})
_RANGES = frozenset({"<", ">", "<=", ">=", "BETWEEN"})
_VALUES = frozenset({GIVEN, NUMBER, TEXT})
_END = Token(MARK, "", 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One SELECT (or UPDATE, or DELETE) of a statement."""

    names: Mapping[str, str]  # its tables, by what they are called in it
    equal: tuple[Column, ...]  # columns that have to equal a value
    listed: tuple[Column, ...]  # to be among several
    ranged: tuple[Column, ...]  # to be above or below one
    joined: tuple[Column, ...]  # to equal a column of another table
    ordered: tuple[Column, ...]  # by which rows are put in order, the first of them first
    is_limited: bool
    is_narrowed: bool  # not every row is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a statement names."""

    tables: tuple[str, ...]
    searches: tuple[Search, ...]


def statement_of(sql: str, vendor: str) -> Statement:
    """Return the tables and columns that `sql` names, as a database of `vendor` reads it."""
    read = _cached if len(sql) <= _LONGEST_CACHED else _cached.__wrapped__
    return read(sql, vendor)


@lru_cache(maxsize=2_000)
def _cached(sql: str, vendor: str) -> Statement:
    reader = Reader(sql, vendor)
    searches = tuple(_search(scope) for scope in reader.scopes if scope.names)
    return Statement(tables=tuple(reader.tables), searches=searches)


def _search(scope: Scope) -> Search:
    found: dict[str, dict[Column, None]] = {}
    for how, column in _conditions(scope):
        found.setdefault(how, {})[column] = None
    return Search(
        names=dict(scope.names),
        equal=tuple(found.get("equal", ())),
        listed=tuple(found.get("listed", ())),
        ranged=tuple(found.get("ranged", ())),
        joined=tuple(found.get("joined", ())),
        ordered=() if scope.is_compound else tuple(_order(scope)),
        is_limited=scope.is_limited,
        is_narrowed=scope.is_narrowed,
    )


class _Walk:
    """The conditions of a scope, and which of their tokens an index cannot help with."""

    def __init__(self, scope: Scope, tokens: list[Token]) -> None:
        self.names = scope.names
        self.tokens = tokens
        self.is_closed = [False] * len(tokens)
        self._close()

    def token(self, at: int) -> Token:
        return self.tokens[at] if 0 <= at < len(self.tokens) else _END

    def column(self, at: int) -> tuple[Column | None, int]:
        """Return the column named at `at`, and where its name ends: at `at` if there is none."""
        parts = []
        end = at
        while self._is_name(self.token(end)):
            parts.append(self.token(end).name)
            end += 1
            if self.token(end).text != ".":
                break
            end += 1
        if not parts or self.token(end).text == "(":
            return None, at
        if len(parts) > 1:
            table = self.names.get(parts[-2])
        else:
            tables = set(self.names.values())
            table = tables.pop() if len(tables) == 1 else None
        return (None if table is None else (table, parts[-1])), end

    @staticmethod
    def _is_name(token: Token) -> bool:
        return token.kind == NAME or (token.kind == WORD and token.upper not in _NOT_A_COLUMN)

    def _close(self) -> None:
        """Mark what stands in functions, in NOT (...), in CASE and beside an OR."""
        groups: list[list[int]] = [[]]  # of the parentheses around: their tokens
        closed = [False]
        either: list[list[int]] = []
        is_either = [False]
        cases = 0
        for at, token in enumerate(self.tokens):
            upper = token.upper
            if upper == "(":
                before = self.token(at - 1)
                is_plain = before.upper in _BOUNDS and before.kind != NAME
                groups.append([])
                closed.append(closed[-1] or not is_plain)
                is_either.append(False)
            elif upper == ")" and len(groups) > 1:
                inside = groups.pop()
                closed.pop()
                if is_either.pop():
                    either.append(inside)
                groups[-1] += inside
            cases += (upper == "CASE") - (upper == "END")
            is_either[-1] |= upper == "OR"
            groups[-1].append(at)
            self.is_closed[at] = closed[-1] or cases > 0
        either += [inside for inside, yes in zip(groups, is_either, strict=True) if yes]
        for inside in either:
            for at in inside:
                self.is_closed[at] = True


_NOT_A_COLUMN = frozenset(
    {"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "BETWEEN", "EXISTS", "ANY", "ALL"}
    | {"CASE", "WHEN", "THEN", "ELSE", "END", "TRUE", "FALSE", "SOME", "COLLATE", "BY"}
)


def _conditions(scope: Scope) -> Iterator[tuple[str, Column]]:
    walk = _Walk(scope, scope.conditions)
    for at, token in enumerate(walk.tokens):
        before = walk.token(at - 1)
        if walk.is_closed[at] or before.upper not in _BOUNDS or before.kind == NAME:
            continue
        if token.kind in _VALUES:
            column, end = walk.column(at + 2)
            is_whole = end > at + 2 and walk.token(end).upper in _ENDS
            if walk.token(at + 1).text == "=" and column is not None and is_whole:
                yield "equal", column
            continue
        column, end = walk.column(at)
        if end == at:
            continue
        yield from _compared(walk, column, end)


def _compared(walk: _Walk, column: Column | None, at: int) -> Iterator[tuple[str, Column]]:
    """Yield what is asked of `column`, by the operator at `at`."""
    operator, following = walk.token(at).upper, walk.token(at + 1)
    if operator == "=":
        other, end = walk.column(at + 1)
        is_column = end > at + 1 and walk.token(end).upper in _ENDS
        if is_column and other is not None and column is not None and other[0] != column[0]:
            yield "joined", column
            yield "joined", other
        elif is_column and other is not None and column is None:
            yield "equal", other
        elif column is None or _names(walk, column[0], at + 1):
            return
        else:
            yield ("listed" if following.upper in ("ANY", "SOME") else "equal"), column
    elif column is None:
        return
    elif operator == "IS" and following.upper == "NULL":
        yield "equal", column
    elif operator == "IN":
        yield "listed", column
    elif operator in _RANGES and not _names(walk, column[0], at + 1):
        yield "ranged", column


def _names(walk: _Walk, table: str, at: int) -> bool:
    """Whether what a column is compared with names a column of the same table."""
    depth = 0
    while at < len(walk.tokens):
        token = walk.token(at)
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0 or (depth == 0 and token.upper in ("AND", "OR")):
            return False
        column, end = walk.column(at)
        if column is not None and column[0] == table:
            return True
        at = max(end, at + 1)
    return False


def _order(scope: Scope) -> Iterator[Column]:
    """Yield the columns that an index could give the rows in the order of, of one table."""
    walk = _Walk(scope, scope.order)
    at, table = 1, None  # after BY
    while True:
        column, end = walk.column(at)
        if column is None or (table is not None and column[0] != table):
            return
        table = column[0]
        while walk.token(end).upper in ("ASC", "DESC", "NULLS", "FIRST", "LAST"):
            end += 1
        if walk.token(end).text not in ("", ","):
            return
        yield column
        if walk.token(end).text == "":
            return
        at = end + 1
