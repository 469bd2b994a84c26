"""What the models stage says of loads, lazy loads and prefetches, made of their raw notes.

Loads of one place and kind are one entry, however often they happened: a loop has one. Called after
the cycle, in the thread that keeps it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import query as querysets

from cycle_inspector.collectors import _related
from cycle_inspector.collectors._loads import WAYS, Load
from cycle_inspector.collectors._model_notes import Note
from cycle_inspector.collectors._prefetches import Prefetch
from cycle_inspector.records import Json, Query

MOST_IDS = 100
_MOST_PLACES = 20

Queries = Mapping[int, Query]


def totals(note: Note, queries: Queries) -> tuple[Counter[str], Counter[str]]:
    """Return how many objects were loaded by model, and how many rows without objects."""
    objects, rows = Counter(note.more), Counter[str]()
    for load in note.loads:
        (objects if has_objects(load) else rows)[_label(load.model)] += _count(load, queries)
        for model, count in _along(load).values():
            objects[_label(model)] += count or 0
    return +objects, +rows


def loads(note: Note, queries: Queries, causes: Mapping[int, str]) -> list[dict[str, Json]]:
    """Return what was loaded, by place; `causes` says of queries what they were sent for."""
    grouped: dict[Any, dict[str, Any]] = {}
    for load in note.loads:
        query = _of(load.query, queries)
        asked = tuple(WAYS[way] for way, _ in load.asked or ())
        deferred = tuple(_deferred(load))
        cause = None
        if query is not None:
            cause = "lazy" if query.relation else causes.get(query.id)
        ways = () if cause == "prefetch" else _ways(load)  # those are Django's
        place = place_of(query)
        kind = _kind(load)
        key = (load.model, kind, place, ways, asked, deferred, cause, load.is_sliced)
        entry = grouped.get(key)
        if entry is None:
            entry = grouped[key] = {
                "model": _label(load.model),
                "kind": kind,
                "rows": 0,
                "times": 0,
                "queries": [],
                **shown_place(query),
                "ways": list(ways),
                "limited": load.is_sliced,
                "for": cause,
                "taken": 0,
                "asked": [],
                "related": {},
                "deferred": list(deferred),
            }
        _add(entry, load, queries)
    return [_finished(entry) for entry in grouped.values()]


def put_in_order(note: Note) -> None:
    """Put loads in the order of their queries: one is noted after those that it has led to."""
    note.loads.sort(key=lambda one: sys.maxsize if one.query is None else one.query.id)


def _add(entry: dict[str, Any], load: Load, queries: Queries) -> None:
    taken = load.taken()
    entry["rows"] += _count(load, queries)
    entry["times"] += 1
    entry["taken"] = None if taken is None or entry["taken"] is None else entry["taken"] + taken
    if load.query is not None and len(entry["queries"]) < MOST_IDS:
        entry["queries"].append(load.query.id)
        entry["asked"] += [[WAYS[way], ran.id] for way, ran in load.asked or ()]
    for path, (model, count) in _along(load).items():
        known = entry["related"].setdefault(path, [_label(model), 0])
        known[1] = None if count is None or known[1] is None else known[1] + count


def _finished(entry: dict[str, Any]) -> dict[str, Json]:
    """Leave out what there is nothing to say about."""
    entry["related"] = [[path, *one] for path, one in entry["related"].items()]
    always = ("model", "kind", "rows", "times", "queries", "ways")
    return {
        key: one
        for key, one in entry.items()
        if key in always or (one is not None and one is not False and one != [])
    }


def lazy_loads(note: Note, queries: Sequence[Query]) -> list[dict[str, Json]]:
    """Return the fields that were loaded late, each with its places, the most frequent first."""
    grouped: dict[str, list[Query]] = {}
    for query in queries:
        if query.relation:
            grouped.setdefault(query.relation, []).append(query)
    by_id = {one.id: one for one in queries}
    by_label: dict[str, list[Load]] = {}
    for load in note.loads:
        if has_objects(load):
            by_label.setdefault(_label(load.model), []).append(load)
    return [
        {
            "field": name,
            "kind": many[0].relation_kind,
            "count": len(many),
            "duration_ns": sum(one.duration_ns for one in many),
            "queries": [one.id for one in many[:MOST_IDS]],
            "places": list(_places(many)),
            **_deferred_by(name, many[0], by_label, by_id),
        }
        for name, many in sorted(grouped.items(), key=lambda item: -len(item[1]))
    ]


def _places(many: list[Query]) -> Iterator[dict[str, Json]]:
    counts = Counter(map(place_of, many))
    first = {place_of(one): one for one in reversed(many)}
    for place, count in counts.most_common(_MOST_PLACES):
        yield {**shown_place(first[place]), "count": count}


def _deferred_by(
    name: str, query: Query, by_label: Mapping[str, list[Load]], queries: Queries
) -> dict[str, Json]:
    """Return the queries that left this column out."""
    label, _, field = name.rpartition(".")
    if query.relation_kind != "column":
        return {}
    left_out = [
        found.id
        for load in by_label.get(label, ())
        if (found := _of(load.query, queries)) is not None
        and found.relation is None  # not one that made up for it
        and field in _deferred(load)
    ]
    return {"deferred_by": left_out[:MOST_IDS]} if left_out else {}


def prefetches(note: Note, queries: Queries) -> list[dict[str, Json]]:
    """Return the lookups that ran, by place."""
    grouped: dict[Any, list[Prefetch]] = {}
    # One of a queryset that is prefetched itself may run inside the other.
    inner: dict[int, set[int]] = {}
    for one in sorted(note.prefetches, key=lambda one: one.start):
        if one.outer is not None:
            inner.setdefault(id(one.outer), set()).update(one.queries)
        query = first_of(one.queries, queries)
        # FETCH_PEERS of Django 6.1 prefetches as well, when a field is loaded late.
        is_peers = query is not None and query.relation is not None
        key = one.model, one.lookup, one.has_queryset, one.to_attr, is_peers, place_of(query)
        grouped.setdefault(key, []).append(one)
    return [_prefetch(many, inner, queries) for many in grouped.values()]


def _prefetch(
    many: list[Prefetch], inner: Mapping[int, set[int]], queries: Queries
) -> dict[str, Json]:
    first = many[0]
    ids = [
        identity
        for one in many
        for identity in one.queries
        if identity not in inner.get(id(one), ())
    ]
    query = first_of(ids, queries)
    bypasses = [one.id for each in many for one in each.bypasses]
    read = {one.is_read for one in many}
    found: dict[str, Json] = {
        "model": _label(first.model),
        "lookup": first.lookup,
        "times": len(many),
        "parents": sum(one.parents for one in many),
        "children": sum(one.children or 0 for one in many),
        "duration_ns": sum(one.end - one.start for one in many),
        "queries": ids[:MOST_IDS],
        "own_queryset": first.has_queryset,
        "used": True if True in read else None if None in read else False,
        "bypassed": len(bypasses) if all(one.is_shared for one in many) else None,
        **shown_place(query),
    }
    if first.to_attr is not None:
        found["to_attr"] = first.to_attr
    if bypasses:
        found["bypassed_by"] = bypasses[:MOST_IDS]
    if query is not None and query.relation is not None:
        found["peers"] = True
    return found


def place_of(query: Query | None) -> Any:
    """Return what is equal for queries of one line of the page's, in Python and in a template."""
    return None if query is None else (query.caller, query.template)


def shown_place(query: Query | None) -> dict[str, Json]:
    """Return the line of the page's code, and of its template, as facts."""
    if query is None:
        return {}
    found: dict[str, Json] = {}
    caller, line = query.caller, query.template
    if caller is not None:
        found["caller"] = {
            "path": caller.path,
            "line": caller.line,
            "function": caller.function,
            "is_project": caller.is_project,
        }
    if line is not None:
        found["template"] = {"name": line.name, "line": line.line}
    return found


def first_of(ids: Iterable[int], queries: Queries) -> Query | None:
    """Return the query among these with the fewest frames: the work's own, not a receiver's."""
    found = [queries[one] for one in ids if one in queries]
    return min(found, key=lambda one: len(one.frames), default=None)


def has_objects(load: Load) -> bool:
    """Whether instances were made of the rows."""
    return _kind(load) != "values"


def _kind(load: Load) -> str:
    if issubclass(load.iterable, querysets.RawModelIterable):
        return "raw"
    return "objects" if issubclass(load.iterable, querysets.ModelIterable) else "values"


def _ways(load: Load) -> tuple[str, ...]:
    """Return the names of the ways, the one that ran the query first."""
    names = [name for way, name in WAYS.items() if load.ways & way and way != load.first]
    return (WAYS[load.first], *names) if load.first else tuple(names)


def _along(load: Load) -> Mapping[str, tuple[Any, int | None]]:
    if load.objects is None:
        has_related = load.related and has_objects(load)
        load.objects = (
            _related.counted(load.model, load.related, None, load.count or 0) if has_related else {}
        )
    return load.objects


def _deferred(load: Load) -> list[str]:
    """Return the columns that `.only()` or `.defer()` has left out."""
    names, is_defer = load.deferred or ((), True)
    if not names or not has_objects(load):
        return []
    if not is_defer:  # only("author__name") asks for the author as well
        names = {name.partition("__")[0] for name in names}
    keep = {"pk", load.model._meta.pk.name}
    return [
        field.name
        for field in load.model._meta.concrete_fields
        if not {field.name, field.attname} & keep
        and (field.name in names or field.attname in names) == is_defer
    ]


def _count(load: Load, queries: Queries) -> int:
    if load.count is not None:
        return load.count
    query = _of(load.query, queries)
    return 0 if query is None else query.rows or 0


def _of(raw: Any, queries: Queries) -> Query | None:
    return None if raw is None else queries.get(raw.id)


def _label(model: Any) -> str:
    return str(model._meta.label)
