"""How much text and bytes the rows of a queryset brought, by a few of its rows.

Only columns without a length, those of TextField and BinaryField, are looked at, and only their
lengths: an instance has them in its `__dict__`, so nothing of the page's is run. A column that was
deferred is not there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models

from cycle_inspector.collectors._decorators import own

_LEAST_ROWS = 10
_SAMPLES = 5
_LEAST_BYTES = 64 * 1024  # less is not worth a word


def estimated(model: Any, rows: list[Any]) -> dict[str, int] | None:
    """Return how many characters or bytes `rows` hold in each wide column; None: not much."""
    if len(rows) < _LEAST_ROWS or not (names := _wide(model)):
        return None
    sample = rows[:: max(len(rows) // _SAMPLES, 1)][:_SAMPLES]
    found: dict[str, int] = {}
    for name in names:
        lengths = [_length(own(row).get(name)) for row in sample]
        estimate = sum(lengths) * len(rows) // len(sample)
        if estimate >= _LEAST_BYTES:
            found[name] = estimate
    return found or None


@lru_cache(maxsize=1_000)
def _wide(model: Any) -> tuple[str, ...]:
    return tuple(
        one.attname
        for one in model._meta.concrete_fields
        if isinstance(one, models.TextField | models.BinaryField)
    )


def _length(value: Any) -> int:
    # By str's and bytes' own methods: a field may make something of its own of a value.
    kind = type(value)
    if issubclass(kind, str):
        return str.__len__(value)
    return bytes.__len__(value) if issubclass(kind, bytes) else 0
