"""Loops: queries of one shape from one place, what they load, and the query their rows came from.

A query whose stack shows a descriptor names its field itself. A related manager is lazy, so its
field is read off the statement: the table and column it asks by. Each step is linear in the number
of queries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from cycle_inspector.analysis._queries import key_of_params, place_of, reads
from cycle_inspector.analysis._schema import TO_MANY, TO_ONE, Model, Relation, Schema
from cycle_inspector.analysis._select import ROWS, Column, Join, Select, select_of, value_at
from cycle_inspector.analysis.fingerprint import fingerprint
from cycle_inspector.records import Query

# So many queries of the same table are looked at, from the loop backwards, to find its rows.
_REACH = 25
_DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The query that brought the rows of a loop, or what the rows hang on."""

    query: Query
    model: Model  # of the rows that it brought
    path: tuple[Relation, ...] = ()  # from these to the objects of the loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Queries of one shape, from one place, that ask for different things."""

    queries: Sequence[Query]
    select: Select | None
    relation: Relation | None
    origin: Origin | None
    is_past_prefetch: bool = False  # the relation had been prefetched

    @property
    def first(self) -> Query:
        """The first of the queries."""
        return self.queries[0]

    @property
    def path(self) -> tuple[Relation, ...]:
        """The way from the rows of the origin to what the loop loads."""
        before = () if self.origin is None else self.origin.path
        return before if self.relation is None else (*before, self.relation)


def groups_of(queries: Iterable[Query], least: int) -> list[list[Query]]:
    """Return the reads that ran at least `least` times in one shape, from one place."""
    place = place_of()
    places: dict[Hashable, list[Query]] = {}
    at: dict[int, int] = {}
    for query in queries:
        if query.error is None and reads(query):
            at[query.id] = len(at)
            places.setdefault((query.alias, place(query), query.relation), []).append(query)
    groups: list[list[Query]] = []
    for many in places.values():
        # Most places ask once: what has no second needs no fingerprint.
        if len(many) >= least:
            shapes: dict[str, list[Query]] = {}
            for query in many:
                shapes.setdefault(fingerprint(query.sql), []).append(query)
            groups += [one for one in shapes.values() if len(one) >= least and _differ(one)]
    return sorted(groups, key=lambda group: at[group[0].id])


def loops_of(queries: Sequence[Query], least: int, schema: Schema) -> list[Loop]:
    """Return the loops among `queries`, in the order of their start."""
    groups = groups_of(queries, least)
    return _Search(queries, groups, schema).loops()


class _Search:
    """The queries by the tables whose objects they brought, to look backwards from a loop."""

    def __init__(self, queries: Sequence[Query], groups: list[list[Query]], schema: Schema) -> None:
        self._groups = groups
        self._schema = schema
        self._group_of = {query.id: at for at, group in enumerate(groups) for query in group}
        self._at = {query.id: at for at, query in enumerate(queries)}
        self._brought: dict[tuple[str, str], list[tuple[int, Query, Select]]] = {}
        self._listed: dict[tuple[str, Column], list[int]] = {}
        self._loops: dict[int, Loop] = {}
        self._open: set[int] = set()  # being worked out: loops may stand in a ring
        for at, query in enumerate(queries) if groups else ():
            select = select_of(query.sql) if reads(query) and query.error is None else None
            if select is not None and select.kind == ROWS:
                for table in select.read | {select.table}:
                    self._brought.setdefault((query.alias, table), []).append((at, query, select))
                for column in select.listed:
                    self._listed.setdefault((query.alias, column), []).append(at)

    def loops(self) -> list[Loop]:
        return [self._loop(at) for at in range(len(self._groups))]

    def _loop(self, number: int) -> Loop:
        found = self._loops.get(number)
        if found is None:
            self._open.add(number)
            found = self._loops[number] = self._made(number)
        return found

    def _made(self, number: int) -> Loop:
        group = self._groups[number]
        first = group[0]
        select = select_of(first.sql)
        relation = _lazy(first, self._schema)
        if relation is not None:
            model = self._schema.models.get(relation.model)
            origin = None if model is None else self._origin(model, number)
            return Loop(queries=group, select=select, relation=relation, origin=origin)
        relation, origin = self._by_column(group, select, number)
        return Loop(
            queries=group,
            select=select,
            relation=relation,
            origin=origin,
            is_past_prefetch=relation is not None and self._was_prefetched(first, relation, origin),
        )

    def _by_column(
        self, group: list[Query], select: Select | None, number: int
    ) -> tuple[Relation | None, Origin | None]:
        """Return the related manager that asks so, if there is one only that rows were read for."""
        found = []
        for column in () if select is None else select.equals:
            for relation in self._schema.read_by(column) if _varies(group, column) else ():
                origin = self._origin(self._schema.models[relation.model], number)
                if origin is not None:
                    found.append((relation, origin))
        return found[0] if len(found) == 1 else (None, None)

    def _origin(self, model: Model, number: int) -> Origin | None:
        """Return where the objects of `model` come from that a group was run for."""
        group = self._groups[number]
        brought = self._brought.get((group[0].alias, model.table), [])
        end = bisect_left(brought, self._at[group[0].id], key=lambda one: one[0])
        fewer: Origin | None = None
        for at, query, select in reversed(brought[max(0, end - _REACH) : end]):
            other = self._group_of.get(query.id)
            if other == number:
                continue
            if other is not None and (other in self._loops or other not in self._open):
                loop = self._loop(other)
                if loop.origin is not None and _leads_to(loop, model, self._schema):
                    return Origin(query=loop.origin.query, model=loop.origin.model, path=loop.path)
            if (query.rows or 0) < 2:
                continue
            origin = self._from(query, select, model, at, 0)
            if origin is not None and (query.rows or 0) >= len(group):
                return origin
            fewer = fewer or origin
        return fewer

    def _from(
        self, query: Query, select: Select, model: Model, at: int, depth: int
    ) -> Origin | None:
        """Return the origin that `query` is, or leads to, if it brought objects of `model`."""
        root = self._schema.at(select.table)
        if root is None:
            return None
        if select.table != model.table:
            path = _joined(root, model.table, select.joins, self._schema)
            return None if path is None else Origin(query=query, model=root, path=path)
        prefetch = self._prefetched_by(query, select, at, depth)
        return prefetch or Origin(query=query, model=model)

    def _prefetched_by(self, query: Query, select: Select, at: int, depth: int) -> Origin | None:
        """Return the origin whose prefetch_related() `query` belongs to, if it does."""
        for column in select.listed:
            for relation in self._schema.read_by(column):
                owner = self._schema.models[relation.model]
                brought = self._brought.get((query.alias, owner.table), [])
                end = bisect_left(brought, at, key=lambda one: one[0])
                for before, outer, outer_select in reversed(brought[max(0, end - 4) : end]):
                    same_place = (outer.frames, outer.template) == (query.frames, query.template)
                    if same_place and before < at and depth < _DEEPEST:
                        origin = self._from(outer, outer_select, owner, before, depth + 1)
                        if origin is not None:
                            path = (*origin.path, relation)
                            return Origin(query=origin.query, model=origin.model, path=path)
        return None

    def _was_prefetched(self, first: Query, relation: Relation, origin: Origin | None) -> bool:
        if relation.column is None or origin is None:
            return False
        listed = self._listed.get((first.alias, relation.column), [])
        since = self._at[origin.query.id]
        at = bisect_left(listed, since)
        return at < len(listed) and listed[at] < self._at[first.id]


def _lazy(query: Query, schema: Schema) -> Relation | None:
    """Return the relation that a descriptor was loading."""
    if query.relation is None:
        return None
    known = schema.relation(query.relation)
    if known is not None:
        return known
    model, _, name = query.relation.rpartition(".")
    return Relation(model=model, name=name, kind=query.relation_kind or "")


def _leads_to(loop: Loop, model: Model, schema: Schema) -> bool:
    """Whether the objects that a loop loads are kept where those of `model` are."""
    to = None if loop.relation is None or loop.relation.to is None else loop.relation.to
    target = None if to is None else schema.models.get(to)
    return target is not None and target.table == model.table


def _joined(
    root: Model, table: str, joins: tuple[Join, ...], schema: Schema
) -> tuple[Relation, ...] | None:
    """Return the way from `root` to the objects of `table` that were joined to its rows."""
    paths: dict[str, tuple[Relation, ...]] = {root.table: ()}
    for join in joins:
        before, model = paths.get(join.left[0]), schema.at(join.left[0])
        if before is None or model is None or join.table in paths:
            continue
        found = [
            relation
            for relation in model.relations.values()
            if relation.kind in TO_ONE
            and relation.column == join.right
            and join.left[1] in (relation.own, model.pk if relation.kind != "to_one" else None)
        ]
        if len(found) == 1:
            paths[join.table] = (*before, found[0])
    return paths.get(table)


def _varies(group: list[Query], column: Column) -> bool:
    """Whether the runs asked for different values of `column`, as far as the records show."""
    at = value_at(group[0].sql, column)
    if at is None:
        return True
    values = {
        key_of_params((query.params[at],))
        for query in group
        if isinstance(query.params, tuple) and at < len(query.params)
    }
    return len(values) != 1 or None in values


def _differ(group: list[Query]) -> bool:
    """Whether the runs asked for different things, as far as the records show."""
    asked: set[tuple[str, str]] = set()
    for query in group:
        params = key_of_params(query.params)
        asked.add((query.sql, params or f"of query {query.id}"))
        if len(asked) > 1:
            return True
    return False


def is_to_many(path: Iterable[Relation]) -> bool:
    """Whether one of the steps leads to several objects, or to such of any model."""
    return any(relation.kind in (*TO_MANY, "generic") for relation in path)
