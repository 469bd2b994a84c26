"""Which fields a view's serializer of Django REST framework has, and what each of them reads.

When a field is read lazily, nothing of the project is on the stack but the view. The framework is
known by its shape and never imported; nothing of the project is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from cycle_inspector.collectors._decorators import class_of, own, peel
from cycle_inspector.records import Json

_MOST_FIELDS = 200
_DEEPEST = 4


def fields_of(callback: Any) -> list[Json]:
    """Return class, field and source of the fields that the view `callback` serializes.

    A source is dotted, as in `author.country`; of a method it is the method, as in `get_name()`.
    """
    view = class_of(peel(callback).core)
    serializer = None if view is None else inspect.getattr_static(view, "serializer_class", None)
    if not isinstance(serializer, type):
        return []
    return [list(one) for _, one in zip(range(_MOST_FIELDS), _of(serializer, ""), strict=False)]


def _of(serializer: type, before: str, depth: int = 0) -> Iterator[tuple[str, str, str]]:
    declared = inspect.getattr_static(serializer, "_declared_fields", None)
    if not isinstance(declared, dict) or depth > _DEEPEST:
        return
    name = serializer.__name__
    for field, value in declared.items():
        given = own(value)
        if given.get("source") == "*":
            yield name, field, f"{given.get('method_name') or f'get_{field}'}()"
            continue
        # Only where one was given: else it is the name, which a field learns when it is bound.
        source = before + str(given.get("source") or field)
        yield name, field, source
        inner = type(given.get("child", value))
        yield from _of(inner, f"{source}.", depth + 1)
    meta = inspect.getattr_static(serializer, "Meta", None)
    fields = inspect.getattr_static(meta, "fields", ()) if isinstance(meta, type) else ()
    if isinstance(fields, list | tuple):
        for field in fields:
            if isinstance(field, str) and field not in declared:
                yield name, field, before + field
