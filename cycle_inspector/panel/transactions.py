"""Which transaction each query stood in: brackets from BEGIN to COMMIT, savepoints inside.

They are read off the transaction statements, in the order in which each connection ran them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cycle_inspector.records import Query

_MOST_DEPTH = 6  # that can be told apart when drawn
_UNDONE = "rolled back"

_BEGIN = re.compile(r"\s*(?:BEGIN|START)\b", re.I)
_SAVEPOINT = re.compile(r"\s*SAVEPOINT\s+(\S+)", re.I)
_RELEASE = re.compile(r"\s*RELEASE\s+(?:SAVEPOINT\s+)?(\S+)", re.I)
_BACK_TO = re.compile(r"\s*ROLLBACK\s+(?:\w+\s+)?TO\s+(?:SAVEPOINT\s+)?(\S+)", re.I)
_COMMIT = re.compile(r"\s*(?:COMMIT|END)\b", re.I)
_ROLLBACK = re.compile(r"\s*(?:ROLLBACK|ABORT)\b", re.I)


@dataclass(slots=True, eq=False)
class Bracket:
    """A transaction, or a savepoint in one."""

    name: str  # of the savepoint; empty for a transaction
    start_ns: int
    outcome: str = ""  # committed, released or rolled back; empty: its end was not seen
    count: int = 0  # queries inside, those of inner brackets too
    duration_ns: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a query stands."""

    brackets: tuple[Bracket, ...] = ()  # the outermost first
    opens: Bracket | None = None  # the innermost, if this statement opened it

    @property
    def depth(self) -> int:
        return min(len(self.brackets), _MOST_DEPTH)

    @property
    def is_undone(self) -> bool:
        return any(one.outcome == _UNDONE for one in self.brackets)


def standings(queries: Iterable[Query]) -> list[Standing]:
    """Return where each of `queries` stands, in their order."""
    found: list[Standing] = []
    by_connection: dict[tuple[str, str], list[Bracket]] = {}  # a connection is one thread's
    for query in queries:
        stack = by_connection.setdefault((query.alias, query.thread), [])
        found.append(_enter_or_leave(query, stack) if query.is_transaction else _inside(stack))
    return found


def _inside(stack: list[Bracket]) -> Standing:
    for one in stack:
        one.count += 1
    return Standing(tuple(stack))


def _enter_or_leave(query: Query, stack: list[Bracket]) -> Standing:
    sql, failed = query.sql, query.error is not None
    savepoint = _SAVEPOINT.match(sql)
    if savepoint or _BEGIN.match(sql):
        if failed:
            return Standing(tuple(stack))
        if not savepoint:
            stack.clear()  # the end of what was open was not seen
        opened = Bracket(savepoint[1] if savepoint else "", query.start_ns)
        stack.append(opened)
        return Standing(tuple(stack), opened)
    # A COMMIT that fails undoes; what else fails changes nothing.
    if _COMMIT.match(sql):
        return _end(query, stack, 0, _UNDONE if failed else "committed")
    if failed:
        return Standing(tuple(stack))
    if back := _BACK_TO.match(sql):
        at = _place(stack, back[1])
        if at is None:
            return Standing(tuple(stack))
        _end(query, stack, at + 1, _UNDONE)
        stack[at].outcome = _UNDONE  # it stays, to be released
        return Standing(tuple(stack))
    if release := _RELEASE.match(sql):
        at = _place(stack, release[1])
        return Standing(tuple(stack)) if at is None else _end(query, stack, at, "released")
    return _end(query, stack, 0, _UNDONE) if _ROLLBACK.match(sql) else Standing(tuple(stack))


def _end(query: Query, stack: list[Bracket], at: int, outcome: str) -> Standing:
    """End the brackets of `stack` from `at` on; the statement that does it stands in the first."""
    ended = stack[at:]
    standing = Standing(tuple(stack[: at + 1]))
    del stack[at:]
    for one in ended:
        # What was undone inside of it stays undone.
        one.outcome = one.outcome or outcome
        one.duration_ns = query.start_ns + query.duration_ns - one.start_ns
    return standing


def _place(stack: list[Bracket], name: str) -> int | None:
    return next((at for at in reversed(range(len(stack))) if stack[at].name == name), None)
