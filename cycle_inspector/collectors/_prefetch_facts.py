"""What the models stage says of prefetches, made of their raw notes.

Lookups of one place are one entry, however often they ran. Called after the cycle, in the thread
that keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycle_inspector.collectors._model_facts import (
    MOST_IDS,
    Queries,
    first_of,
    label,
    place_of,
    shown_place,
)
from cycle_inspector.collectors._model_notes import Note
from cycle_inspector.collectors._prefetches import Prefetch
from cycle_inspector.records import Json


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
        "model": label(first.model),
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
