"""The models stage as it is shown: what was loaded, prefetched and written, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cycle_inspector.panel.filters import counted
from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.records import Cycle, Stage

_WAYS = {
    "iter": "a loop",
    "len": "its length",
    "bool": "an if",
    "index": "an index",
    "get": "get()",
    "pickle": "pickling",
    "iterator": "iterator()",
}
_FOR = {"lazy": "a field that was loaded late", "prefetch": "a prefetch"}

_MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry of a list of facts, with what a table says of it."""

    facts: Mapping[str, Any]
    words: tuple[str, ...] = ()  # what there is to say, in order
    queries: str = ""  # which, by their numbers in the list
    bar: Bar | None = None
    depth: int = 0
    title: str = ""
    chips: tuple[str, ...] = ()
    places: tuple[Mapping[str, Any], ...] = ()


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template is filled with."""
    facts = cycle.stage(Stage.MODELS).facts
    numbers = {one.id: number for number, one in enumerate(cycle.statements, start=1)}
    shown: dict[str, Any] = {}
    for key in ("instances", "rows", "lazy", "deleted"):
        pairs = facts.get(key) or []
        axis = Axis(max((count for _, count in pairs), default=0))
        shown[key] = [(name, count, axis.bar(0, count, "work")) for name, count in pairs]
    return {
        **shown,
        "loads": [_load(one, numbers) for one in facts.get("loads") or []],
        "lazy_loads": _lazy_loads(facts.get("lazy_loads") or [], numbers),
        "prefetches": [_prefetch(one, numbers) for one in facts.get("prefetches") or []],
        "changes": list(_changes(facts.get("changes") or [], numbers)),
    }


def numbered(ids: list[int], count: int, numbers: Mapping[int, int]) -> str:
    """Return the numbers of queries as a person looks for them.

    >>> numbered([5, 6], 2, {5: 1, 6: 2})
    '#1, #2'
    >>> numbered([5, 6, 8, 9], 40, {5: 1, 6: 2, 8: 3, 9: 4})
    '#1 and 39 more'
    """
    known = [f"#{numbers[one]}" for one in ids if one in numbers]
    if len(known) <= _MOST_NUMBERS and count <= len(known):
        return ", ".join(known)
    return f"{known[0]} and {count - 1} more" if known else ""


def _queries(ids: list[int], count: int, numbers: Mapping[int, int]) -> str:
    told = numbered(ids, count, numbers)
    return f"{'query' if count == 1 else 'queries'} {told}" if told else ""


def _load(load: Mapping[str, Any], numbers: Mapping[int, int]) -> Line:
    return Line(
        facts=load,
        chips=("rows without objects",) if load["kind"] == "values" else (),
        words=tuple(_said_of(load, numbers)),
        queries=_queries(load["queries"], load["times"], numbers),
    )


def _said_of(load: Mapping[str, Any], numbers: Mapping[int, int]) -> Iterator[str]:
    if load["kind"] == "raw":
        yield "by raw()"
    cause = load.get("for")
    if cause:
        yield f"for {_FOR.get(cause, f'{cause}()')}"
    elif load["ways"]:
        yield f"asked for by {_joined([_WAYS.get(way, f'{way}()') for way in load['ways']])}"
    if load.get("limited") and "get" not in load["ways"]:
        yield "with a limit, as a slice has"
    taken = load.get("taken")
    if taken == 0 and load["rows"]:
        yield "no row was looked at"
    elif taken is not None and taken < load["rows"]:
        yield f"{taken} of {load['rows']} were looked at"
    for way, query in load.get("asked") or ():
        number = f", #{numbers[query]}" if query in numbers else ""
        yield f"{way}() of the same queryset before{number}"
    for path, label, count in load.get("related") or ():
        yield f"with {path}: {'' if count is None else f'{count} '}{label}"
    if load.get("deferred"):
        yield f"without {', '.join(load['deferred'])}"


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _lazy_loads(lazy: list[Mapping[str, Any]], numbers: Mapping[int, int]) -> list[Line]:
    axis = Axis(max((one["count"] for one in lazy), default=0))
    return [
        Line(
            facts=one,
            bar=axis.bar(0, one["count"], "work"),
            queries=_queries(one["queries"], one["count"], numbers),
            words=tuple(_deferred_by(one.get("deferred_by") or [], numbers)),
            places=tuple(one["places"]),
        )
        for one in lazy
    ]


def _deferred_by(ids: list[int], numbers: Mapping[int, int]) -> Iterator[str]:
    if ids:
        told = numbered(ids, len(ids), numbers)
        yield f"left out by only() or defer() of {told}" if told else "left out of its query"


def _prefetch(one: Mapping[str, Any], numbers: Mapping[int, int]) -> Line:
    words = []
    if one.get("peers"):
        words.append("by FETCH_PEERS, when one of them was asked for")
    if one["own_queryset"]:
        words.append("with a queryset of its own")
    if one.get("to_attr"):
        words.append(f"into {one['to_attr']}")
    if one["bypassed"]:
        told = numbered(one["bypassed_by"], one["bypassed"], numbers)
        past = counted(one["bypassed"], "query,queries")
        words.append(f"{past} asked for the same relation again: {told}")
    return Line(
        facts=one,
        words=tuple(words),
        queries=_queries(one["queries"], max(one["times"], len(one["queries"])), numbers),
        title=f"{one['model']}.{one['lookup']}",
    )


def _changes(changes: list[Mapping[str, Any]], numbers: Mapping[int, int]) -> Iterator[Line]:
    """Yield the entries, each after the one inside which it happened."""
    inner: dict[int | None, list[int]] = {}
    for number, one in enumerate(changes):
        inner.setdefault(one.get("inside"), []).append(number)

    def below(outer: int | None, depth: int) -> Iterator[Line]:
        for number in inner.get(outer, ()):
            one = changes[number]
            yield Line(
                facts=one,
                title=_title(one),
                chips=tuple(_outcome(one)),
                words=tuple(_said_of_change(one)),
                queries=_queries(one["queries"], one["query_count"], numbers),
                depth=depth,
            )
            yield from below(number, depth + 1)

    yield from below(None, 0)


def _title(one: Mapping[str, Any]) -> str:
    relation = one.get("relation")
    if relation:
        return f"{relation}.{one['what']}()"
    if one["what"] == "save":
        created = one.get("created")
        verb = "not saved" if created is None else "created" if created else "updated"
        return f"{one['model']} {verb}"
    return f"{one['model']} {one['what']}()"


def _outcome(one: Mapping[str, Any]) -> Iterator[str]:
    if one["what"] != "save" and "created" in one:
        yield "created" if one["created"] else "found"
    if one.get("fixture"):
        yield "fixture"
    if one.get("failed"):
        yield "failed" if one["failed"] == one["times"] else f"{one['failed']} failed"


def _said_of_change(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("fields"):
        yield f"of {', '.join(one['fields'])}"
    if one.get("given"):
        yield f"{one['given']} given, some of which may have been left out"
    for label, count, how in one.get("deleted") or ():
        single = " by one statement, not loaded" if how == "one statement" else ""
        yield f"{count} {label}{single}"
    for name in one.get("set_fields") or ():
        yield f"{name} set"
    for name, what in one.get("by_database") or ():
        yield f"{name}: {what} by the database itself, not counted"
