"""The queries of a cycle in groups: the very same, of one shape, of one table, from one line.

Each is one pass over the queries. A query of several tables is in the group of each of them, so the
times of tables add up to more than was spent; in all other groupings it is in one group, or in
none. BEGIN, COMMIT and the like are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from cycle_inspector.analysis._conditions import statement_of
from cycle_inspector.analysis._queries import key_of_params
from cycle_inspector.analysis.fingerprint import fingerprint
from cycle_inspector.records import Cycle, Frame, Query, TemplateLine

Key = str | Frame | TemplateLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Queries that belong together, in the order in which they ran."""

    key: Key  # what they share: SQL, the name of a table, or a line; None: they have none of it
    queries: tuple[Query, ...]
    duration_ns: int

    @property
    def count(self) -> int:
        return len(self.queries)


def by_statement(cycle: Cycle) -> list[Group]:
    """Return the statements that ran more than once with equal parameters, each a group.

    What the record does not show whole (a secret, a cut text, an executemany()) may have differed.
    """
    groups: dict[Hashable, list[Query]] = {}
    for query in cycle.statements:
        params = key_of_params(query.params)
        if params is not None and is_whole(query):
            groups.setdefault((query.alias, query.sql, params), []).append(query)
    return [_group(many[0].sql, many) for many in groups.values() if len(many) > 1]


def by_shape(cycle: Cycle) -> list[Group]:
    """Return the queries of one fingerprint."""
    return _grouped(cycle, lambda query: (fingerprint(query.sql),))


def by_table(cycle: Cycle) -> list[Group]:
    """Return the queries of each table that they name, schema and all."""
    return _grouped(cycle, lambda query: tables_of(query) or (None,))


def by_caller(cycle: Cycle) -> list[Group]:
    """Return the queries of each line of the project's code."""
    return _grouped(cycle, lambda query: (query.caller,))


def by_template(cycle: Cycle) -> list[Group]:
    """Return the queries of each line of a template."""
    return _grouped(cycle, lambda query: (query.template,))


GROUPINGS: dict[str, Callable[[Cycle], list[Group]]] = {
    "same": by_statement,
    "shape": by_shape,
    "table": by_table,
    "caller": by_caller,
    "template": by_template,
}


def tables_of(query: Query) -> tuple[str, ...]:
    """Return the names of the tables that a query reads or writes, as they stand in it."""
    return statement_of(query.sql, query.vendor).tables


def is_whole(query: Query) -> bool:
    """Whether the record has all that the statement was given: its parameters, if it took any."""
    has_places = any(mark in query.sql for mark in ("%s", "%("))
    return query.executions == 1 and (query.params is not None or not has_places)


def _grouped(cycle: Cycle, keys_of: Callable[[Query], Iterable[Key]]) -> list[Group]:
    groups: dict[Key, list[Query]] = {}
    for query in cycle.statements:
        for key in keys_of(query):
            groups.setdefault(key, []).append(query)
    return [_group(key, many) for key, many in groups.items()]


def _group(key: Key, queries: list[Query]) -> Group:
    return Group(
        key=key,
        queries=tuple(queries),
        duration_ns=sum(query.duration_ns for query in queries),
    )
