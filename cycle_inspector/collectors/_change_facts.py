"""What the models stage says of changes: what was written, from which line, and what it caused.

Changes of one kind, model and line are one entry, however often they happened. An entry that
happened inside another, as the save of a signal's receiver, says which. Called after the cycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import deletion

from cycle_inspector.collectors._changes import Change
from cycle_inspector.collectors._model_facts import (
    MOST_IDS,
    Queries,
    first_of,
    place_of,
    shown_place,
)
from cycle_inspector.collectors._model_notes import Note, Work
from cycle_inspector.records import Json

# Django 6.1; before, the database does nothing by itself.
_BY_DATABASE: Any = getattr(deletion, "DatabaseOnDelete", ())


def changes(note: Note, queries: Queries) -> list[dict[str, Json]]:
    """Return the changes, those that caused others before them."""
    grouped: dict[Any, list[Change]] = {}
    numbers: dict[int, int] = {}  # of the entry that each change is part of
    for one in note.changes:
        if _is_nothing(one):
            continue
        inside = _inside(one, numbers)
        place = place_of(first_of(one.queries, queries))
        key = inside, one.kind, one.model, one.name, one.created, one.fields, place
        many = grouped.setdefault(key, [])
        many.append(one)
        numbers[id(one)] = numbers[id(many[0])] if len(many) > 1 else len(grouped) - 1
    return [_entry(many, _inside(many[0], numbers), queries) for many in grouped.values()]


def _is_nothing(one: Change) -> bool:
    """Whether nobody was asked to write anything, as where `remove()` is given nothing."""
    outcome = one.queries or one.rows or one.given or one.is_failed or one.created is not None
    return not outcome


def causes(note: Note) -> dict[int, str]:
    """Return what queries were sent for, by their id: a prefetch, or the kind of a change."""
    found: dict[int, str] = {}
    works: list[tuple[Work, str]] = [(one, one.kind) for one in note.changes]
    works += [(one, "prefetch") for one in note.prefetches]
    for work, what in sorted(works, key=lambda one: one[0].start):
        found |= dict.fromkeys(work.queries, what)
    return found


def _inside(one: Work, numbers: dict[int, int]) -> int | None:
    outer = one.outer
    while outer is not None:
        if id(outer) in numbers:
            return numbers[id(outer)]
        outer = outer.outer
    return None


def _entry(many: list[Change], inside: int | None, queries: Queries) -> dict[str, Json]:
    first = many[0]
    ids = [identity for one in many for identity in one.queries]
    ran = [queries[one] for one in ids if one in queries]
    statements = [one for one in ran if not one.is_transaction]
    rows = [one.rows for one in many]
    entry: dict[str, Json] = {
        "what": first.kind,
        "model": first.model._meta.label,
        "relation": _relation(first),
        "times": len(many),
        "rows": None if None in rows else sum(one or 0 for one in rows),
        "given": sum(one.given or 0 for one in many) or None,
        "created": first.created,
        "fields": None if first.fields is None else list(first.fields),
        "fixture": any(one.is_raw for one in many) or None,
        "failed": sum(one.is_failed for one in many) or None,
        "inside": inside,
        **shown_place(first_of(first.queries, queries)),
        "queries": [one.id for one in statements[:MOST_IDS]],
        "query_count": len(statements),
        "query_ns": sum(one.duration_ns for one in statements),
        "duration_ns": sum(one.end - one.start for one in many),
        **_deletion(many),
    }
    return {key: one for key, one in entry.items() if one is not None}


def _relation(one: Change) -> str | None:
    if one.name is None:
        return None
    name = one.name
    try:
        field = one.model._meta.get_field(name)
    except FieldDoesNotExist:
        pass
    else:
        accessor = getattr(field, "get_accessor_name", None)
        name = accessor() if accessor is not None else field.name
    return f"{one.model._meta.label}.{name}"


def _deletion(many: list[Change]) -> dict[str, Json]:
    """Return of deletions how many rows of which model, and by whom."""
    totals: dict[str, int] = {}
    fast: set[str] = set()
    fields: dict[str, None] = {}
    for one in many:
        for label, count in (one.counts or {}).items():
            totals[label] = totals.get(label, 0) + count
        fast |= {model._meta.label for model in one.fast}
        fields |= {f"{field.model._meta.label}.{field.name}": None for field in one.set_fields}
    found: dict[str, Json] = {}
    if totals:
        found["deleted"] = [
            [label, count, "one statement" if label in fast else "collected"]
            for label, count in totals.items()
        ]
        by_database = dict(_by_database(totals))
        if by_database:
            found["by_database"] = [[name, what] for name, what in by_database.items()]
    if fields:
        found["set_fields"] = list(fields)
    return found


def _by_database(labels: Any) -> Iterator[tuple[str, str]]:
    """Yield the foreign keys through which the database itself goes on, and what it does."""
    if not _BY_DATABASE:
        return
    left = [model for label in labels if (model := _model(label)) is not None]
    met = set(left)
    while left:
        for related in left.pop()._meta.related_objects:
            on_delete = getattr(related, "on_delete", None)
            if not isinstance(on_delete, _BY_DATABASE):
                continue
            yield f"{related.related_model._meta.label}.{related.field.name}", on_delete.operation
            if on_delete.operation == "CASCADE" and related.related_model not in met:
                met.add(related.related_model)
                left.append(related.related_model)


def _model(label: str) -> Any:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):  # one that is registered nowhere any more
        return None
