"""Objects that come along by `select_related()`: how many there are of which model.

Where a foreign key may be null, the objects that hold it are looked at, without a call for each.
"""

from __future__ import annotations

from typing import Any

_DEEPEST = 5  # as `Query.max_depth`

Counted = dict[str, tuple[Any, int | None]]


def counted(model: Any, selected: Any, rows: list[Any] | None, count: int = 0) -> Counted:
    """Return the model and the number of objects, by the path that leads to them.

    `selected` is `Query.select_related`. Without `rows`, those of what may be null are None.
    """
    found: Counted = {}
    total: int | None = len(rows) if rows is not None else count
    _descend(found, "", model, selected, rows, total, 0)
    return found


def _descend(
    found: Counted,
    path: str,
    model: Any,
    selected: Any,
    rows: list[Any] | None,
    count: int | None,
    depth: int,
) -> None:
    for field, inner in _fields(model, selected, depth):
        name = f"{path}{field.name}"
        objects: list[Any] | None = None
        number: int | None = None
        is_certain = field.concrete and not field.null
        if is_certain and not inner:
            number = count
        elif rows is not None:
            cache = field.cache_name
            objects = [
                related
                for one in rows
                if (related := one._state.fields_cache.get(cache)) is not None
            ]
            number = len(objects)
        elif is_certain:
            number = count
        found[name] = field.related_model, number
        if inner:
            _descend(found, f"{name}__", field.related_model, inner, objects, number, depth + 1)


def _fields(model: Any, selected: Any, depth: int) -> list[tuple[Any, Any]]:
    options = model._meta
    if selected is True:  # all foreign keys that cannot be null
        if depth >= _DEEPEST:
            return []
        return [
            (field, True)
            for field in options.fields
            if field.remote_field and not field.remote_field.parent_link and not field.null
        ]
    named = {field.name: field for field in options.fields if field.remote_field}
    for related in options.related_objects:
        if related.field.unique and not related.many_to_many:
            named.setdefault(related.field.related_query_name(), related)
    # What else may stand there is a FilteredRelation.
    return [(named[name], inner) for name, inner in selected.items() if name in named]
