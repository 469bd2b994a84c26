"""Which fields lead from one model to another, and by which column they are read.

A related manager is lazy: when `author.books.all()` runs, the descriptor that made it is long off
the stack. The statement shows a table and a column, and this is what is needed to name the field
that reads them. Worked out after the request from the registry of models, once for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import django
from django.apps import apps
from django.db.models.base import ModelBase

from cycle_inspector.records import Json

_MOST_MODELS = 60

Facts = dict[str, Json]


def of_tables(tables: Iterable[str]) -> list[Facts]:
    """Return the models kept in `tables`, each with the fields that lead from it to others."""
    by_table = _models(len(apps.get_models(include_auto_created=True)))
    found = [model for table in tables for model in by_table.get(table, ())]
    return [_known(model) for model in found[:_MOST_MODELS]]


def can_fetch_peers() -> bool:
    """Whether this Django has fetch modes, by which a field is loaded for all rows at once."""
    return django.VERSION >= (6, 1)


@lru_cache(maxsize=1)
def _models(count: int) -> dict[str, list[Any]]:
    """Return the models by their tables; `count` is theirs, so that a new one is noticed."""
    found: dict[str, list[Any]] = {}
    for model in apps.get_models(include_auto_created=True):
        found.setdefault(model._meta.db_table, []).append(model)
    return found


@lru_cache(maxsize=500)
def _known(model: Any) -> Facts:
    meta = model._meta
    return {
        "model": meta.label,
        "table": meta.db_table,
        "pk": meta.pk.column,
        "objects": meta.default_manager.name if meta.default_manager is not None else None,
        "proxy": bool(meta.proxy),
        "columns": [
            [field.column, field.name] for field in meta.concrete_fields if not field.is_relation
        ],
        "relations": [one for field in meta.get_fields() if (one := _relation(field)) is not None],
    }


def _relation(field: Any) -> Facts | None:
    if not field.is_relation:
        return None
    if field.many_to_many:
        return _many_to_many(field)
    if getattr(field, "ct_field", None) is not None and not field.one_to_many:
        return _made("generic", field.name)
    if not _is_model(field.related_model):
        return None
    if field.one_to_many:
        return _to_many(field)
    if field.auto_created and field.one_to_one and not field.concrete:
        return _read("reverse_one", field.get_accessor_name(), field.related_model, field.field)
    target = field.target_field
    return _made(
        "to_one",
        field.name,
        to=field.related_model._meta.label,
        table=target.model._meta.db_table,
        column=target.column,
        own=field.column,
        nullable=bool(field.null),
    )


def _to_many(field: Any) -> Facts | None:
    if not hasattr(field, "object_id_field_name"):
        name = field.get_accessor_name()
        return None if name is None else _read("to_many", name, field.related_model, field.field)
    model = field.related_model
    own = model._meta.get_field(field.object_id_field_name)
    return _read("generic_many", field.name, model, own)


def _read(kind: str, name: str | None, model: Any, column_of: Any) -> Facts | None:
    """Return a relation that is read by a column of the other model's table."""
    if name is None:  # related_name="+"
        return None
    return _made(
        kind,
        name,
        to=model._meta.label,
        table=column_of.model._meta.db_table,
        column=column_of.column,
    )


def _many_to_many(field: Any) -> Facts | None:
    is_reverse = field.auto_created
    forward = field.field if is_reverse else field
    name = field.get_accessor_name() if is_reverse else field.name
    column = forward.m2m_reverse_name() if is_reverse else forward.m2m_column_name()
    if name is None or not _is_model(field.related_model):
        return None
    return _made(
        "many_to_many",
        name,
        to=field.related_model._meta.label,
        table=forward.m2m_db_table(),
        column=column,
    )


def _is_model(given: Any) -> bool:
    return isinstance(given, ModelBase)  # a relation to what is not there names it by a text


def _made(kind: str, name: str, **facts: Json) -> Facts:
    return {"name": name, "kind": kind, **facts}
