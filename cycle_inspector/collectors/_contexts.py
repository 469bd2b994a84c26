"""The context of a render: taken as it was, in a few words for each name, and shown as text later.

Nothing of the page's is kept but types, small values that cannot change, and lengths. Names that a
render shares with the one around it are not taken again.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db.models import Model, QuerySet

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._decorators import own
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import HIDDEN, Json

_MOST_NAMES = 40  # of one render
_LONGEST_TEXT = 120

_CONTAINERS: tuple[Any, ...] = (list, tuple, dict, set, frozenset, bytes)
# Told apart by identity, as in `_values`.
_PLAIN = frozenset(map(id, (type(None), bool, int, float)))

_name_of = type.__dict__["__name__"].__get__  # past a metaclass

Taken = tuple[Any, type, Any]
"""A name, the type of its value, and what was taken of it."""


class Given:
    """What one render was given, and how many were like it."""

    __slots__ = ("alike", "left_out", "values")

    def __init__(self, dicts: list[Any]) -> None:
        self.alike = 1
        # Only a dict has its items listed, and by dict's own method; isinstance() would wake a
        # lazy object. The innermost stands last and is the one that counts.
        found: dict[Any, Taken] = {}
        self.left_out = 0
        for one in dicts:
            if issubclass(type(one), dict):
                room = _MOST_NAMES - len(found)
                self.left_out += max(dict.__len__(one) - room, 0)
                for name, value in islice(dict.items(one), room):
                    if type(name) is str:
                        found[name] = (name, type(value), _taken(value))
        self.values = list(found.values())

    def told(self) -> list[Json]:
        """Return name, type and text of each; the text of a secret is hidden."""
        return [
            [cut(name, 200), _name(kind), _told(name, kind, value)]
            for name, kind, value in self.values
        ]


def _taken(value: Any) -> Any:
    kind = type(value)
    if id(kind) in _PLAIN:
        return value
    if issubclass(kind, str):
        text = str.__str__(value)
        return text if len(text) <= _LONGEST_TEXT else cut(text, _LONGEST_TEXT)
    if issubclass(kind, _CONTAINERS):
        return next(base for base in _CONTAINERS if issubclass(kind, base)).__len__(value)
    if issubclass(kind, Model):
        primary: Any = kind._meta.pk  # an abstract model has none
        return None if primary is None else to_json(own(value).get(primary.attname), 1)
    if issubclass(kind, QuerySet):
        attributes = own(value)
        rows: Any = attributes.get("_result_cache")
        return attributes.get("model"), len(rows) if type(rows) is list else None
    shown = to_json(value, 1)  # a date, a Decimal; of anything else it is the type
    return None if type(shown) is str and shown.startswith("<") else shown


def _told(name: str, kind: type, value: Any) -> Json:
    if _redaction.is_secret(name):
        return HIDDEN
    if issubclass(kind, _CONTAINERS):
        return f"of {value}"
    if issubclass(kind, Model):
        primary: Any = kind._meta.pk
        key = "" if primary is None else primary.attname
        return f"{key}={_redaction.redact(key, value)}" if key else ""
    if issubclass(kind, QuerySet):
        model, rows = value
        label = _name(model) if issubclass(type(model), type) else "?"
        state = "not evaluated" if rows is None else f"evaluated, {rows} rows"
        return f"of {label}, {state}"
    if id(kind) in _PLAIN:
        return str(value)
    if value is None:
        return ""
    return _redaction.redact(name, value if issubclass(kind, str) else str(value))


def _name(kind: type) -> str:
    return cut(str(_name_of(kind)), 200)
