"""What the models stage says of loads and lazy loads, made of their raw notes.

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
from cycle_inspector.records import Frame, Json, Query, TemplateLine

MOST_IDS = 100
_MOST_PLACES = 20

Queries = Mapping[int, Query]


class Group:
    """Loads of one kind, asked for in one way at one place; each with its query, if it has one."""

    __slots__ = ("cause", "kind", "loads", "place", "query")

    def __init__(self, kind: str, cause: str | None, place: Any, query: Query | None) -> None:
        self.kind = kind
        self.cause = cause  # what the query was sent for
        self.place = place
        self.query = query  # the first
        self.loads: list[tuple[Load, Query | None]] = []

    def rows(self) -> int:
        """Return how many rows they brought."""
        return sum(
            load.count if load.count is not None else (query.rows or 0) if query is not None else 0
            for load, query in self.loads
        )


def groups(note: Note, queries: Queries, causes: Mapping[int, str]) -> list[Group]:
    """Return the loads, by place and kind; `causes` says of queries what they were sent for."""
    found: dict[Any, Group] = {}
    place_of = Places()
    kinds: dict[Any, str] = {}
    # In the order of their queries: one is kept after those that it has led to.
    for load in sorted(
        note.loads, key=lambda one: sys.maxsize if one.query is None else one.query.id
    ):
        query = None if load.query is None else queries.get(load.query.id)
        place = cause = None
        if query is not None:
            place = place_of(query)
            cause = "lazy" if query.relation else causes.get(query.id)
        kind = kinds.get(load.iterable)
        if kind is None:
            kind = kinds[load.iterable] = _kind(load.iterable)
        # How a queryset is asked that is prefetched is Django's business.
        ways = None if cause == "prefetch" else (load.ways, load.first)
        asked = load.asked and tuple([way for way, _ in load.asked])
        names, is_defer = load.deferred or ((), True)
        left_out = (frozenset(names), is_defer) if names else None
        key = load.model, kind, place, ways, asked, left_out, cause, load.is_sliced
        group = found.get(key)
        if group is None:
            group = found[key] = Group(kind, cause, place, query)
        group.loads.append((load, query))
    return list(found.values())


def totals(note: Note, found: Iterable[Group]) -> tuple[Counter[str], Counter[str]]:
    """Return how many objects were loaded by model, and how many rows without objects."""
    objects, rows = Counter(note.more), Counter[str]()
    for group in found:
        (rows if group.kind == _VALUES else objects)[label(group.loads[0][0].model)] += group.rows()
        for load, _ in group.loads:
            if load.related or load.objects:
                for model, count in _along(load).values():
                    objects[label(model)] += count or 0
    return +objects, +rows


def loads(found: Iterable[Group]) -> list[dict[str, Json]]:
    """Return what was loaded, by place."""
    return [_finished(_entry(group)) for group in found]


def _entry(group: Group) -> dict[str, Any]:
    first = group.loads[0][0]
    taken: int | None = 0
    related: dict[str, list[Any]] = {}
    wide: Counter[str] = Counter()
    for load, _ in group.loads:
        wide.update(load.wide or {})
        if taken is not None:
            more = load.taken()
            taken = None if more is None else taken + more
        if load.related or load.objects:
            for path, (model, count) in _along(load).items():
                known = related.setdefault(path, [label(model), 0])
                known[1] = None if count is None or known[1] is None else known[1] + count
    ran = [load for load, _ in group.loads if load.query is not None][:MOST_IDS]
    return {
        "model": label(first.model),
        "kind": group.kind,
        "rows": group.rows(),
        "times": len(group.loads),
        "queries": [load.query.id for load in ran],
        **shown_place(group.query),
        "ways": [] if group.cause == "prefetch" else _ways(first),
        "limited": first.is_sliced,
        "for": group.cause,
        "taken": taken,
        "asked": [[WAYS[way], asked.id] for load in ran for way, asked in load.asked or ()],
        "related": [[path, *one] for path, one in related.items()],
        "deferred": _deferred(first),
        "wide": dict(wide) or None,
    }


def _finished(entry: dict[str, Any]) -> dict[str, Json]:
    """Leave out what there is nothing to say about."""
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
    by_id: dict[int, Query] = {}
    by_label: dict[str, list[Load]] = {}
    if any(many[0].relation_kind == "column" for many in grouped.values()):
        by_id = {one.id: one for one in queries}
        for load in note.loads:
            if has_objects(load):
                by_label.setdefault(label(load.model), []).append(load)
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
    counts: Counter[Any] = Counter()
    first: dict[Any, Query] = {}
    place_of = Places()
    for one in many:
        place = place_of(one)
        counts[place] += 1
        first.setdefault(place, one)
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


class Places:
    """As `place_of`, for many queries: of those with one stack the caller is looked for once."""

    def __init__(self) -> None:
        self._callers: dict[int, Frame | None] = {}

    def __call__(self, query: Query) -> tuple[Frame | None, TemplateLine | None]:
        identity = id(query.frames)  # the query keeps them alive
        try:
            caller = self._callers[identity]
        except KeyError:
            caller = self._callers[identity] = query.caller
        return caller, query.template


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
    return _kind(load.iterable) != _VALUES


_VALUES = "values"


def _kind(iterable: type) -> str:
    if issubclass(iterable, querysets.RawModelIterable):
        return "raw"
    return "objects" if issubclass(iterable, querysets.ModelIterable) else _VALUES


def _ways(load: Load) -> list[str]:
    """Return the names of the ways, the one that ran the query first."""
    names = [name for way, name in WAYS.items() if load.ways & way and way != load.first]
    return [WAYS[load.first], *names] if load.first else names


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


def _of(raw: Any, queries: Queries) -> Query | None:
    return None if raw is None else queries.get(raw.id)


def label(model: Any) -> str:
    return str(model._meta.label)
