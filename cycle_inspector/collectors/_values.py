"""Turn values of the observed page into JSON values without running any of its code.

Only values of built-in and standard types are written out, and those through the methods of these
types: `str()` of anything else, even of a subclass of `str`, may run the page's code, which may
raise or query. Of other values only the name of the type is told, but for the wrappers of psycopg:
these are plain holders, and what they hold is told.
"""

from __future__ import annotations

import datetime
import decimal
import ipaddress
import itertools
import math
import pathlib
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from cycle_inspector.records import Json

# A text longer than this is cut, and says by how much.
LONGEST_TEXT = 2_000
_LONGEST_BYTES = LONGEST_TEXT // 4  # a byte takes up to four characters
_LONGEST_NAME = 200  # of a key or a type
_MOST_ITEMS = 100  # of one collection
_MOST_VALUES = 2_000  # of one value, with all collections in it: a list may hold itself many times
_DEEPEST = 6

# Types are told apart by identity: `==` and `hash()` would ask a metaclass of the page's.
# The __str__ of these runs nobody else's code; that of a subclass may.
_PRINTABLE = frozenset(
    map(
        id,
        (
            datetime.date,
            datetime.timedelta,
            decimal.Decimal,
            uuid.UUID,
            ipaddress.IPv4Address,
            ipaddress.IPv6Address,
            ipaddress.IPv4Network,
            ipaddress.IPv6Network,
            type(pathlib.Path()),
            type(pathlib.PurePath()),
        ),
    )
)
# str() of these asks their time zone, which may be anybody's.
_CLOCKS = frozenset(map(id, (datetime.datetime, datetime.time)))
_ZONES = frozenset(map(id, (type(None), datetime.timezone, zoneinfo.ZoneInfo)))
_BYTES = frozenset(map(id, (bytes, bytearray, memoryview)))

_COLLECTIONS: tuple[tuple[Any, Callable[[Any], Iterable[Any]]], ...] = (
    (dict, dict.items),
    (list, list.__iter__),
    (tuple, tuple.__iter__),
    (set, set.__iter__),
    (frozenset, frozenset.__iter__),
)

# Read past a metaclass, whose attributes may be properties.
_module_of: Callable[[type], Any] = type.__dict__["__module__"].__get__
_qualname_of: Callable[[type], str] = type.__dict__["__qualname__"].__get__


def to_json(value: Any, most: int = _MOST_VALUES) -> Json:
    """Return `value` as a JSON value: itself, its text, or the name of its type.

    Of a collection, with all collections in it, at most `most` values are told.
    """
    return _to_json(value, 0, itertools.count(_MOST_VALUES - most))


def cut(text: str, most: int = LONGEST_TEXT) -> str:
    """Return `text`, cut to `most` characters; a lone surrogate becomes a question mark."""
    if len(text) > most:
        text = f"{text[:most]}… ({len(text) - most} more characters)"
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _to_json(value: Any, depth: int, count: itertools.count[int]) -> Json:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return cut(value)
    if kind is int:
        # json.loads in a browser keeps 53 bits; Python's int -> text is limited to 4300 digits.
        return value if -(2**53) < value < 2**53 else cut(hex(value))
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if id(kind) in _PRINTABLE:
        return cut(str(value))
    if id(kind) in _CLOCKS:
        return _of_clock(value)
    if id(kind) in _BYTES:
        return _of_bytes(value)
    if kind is types.FunctionType:
        return f"<function {_plain(value.__module__)}.{_plain(value.__qualname__)}>"
    if kind is type:
        return f"<class {_name(value)}>"
    for base, items in _COLLECTIONS:
        if issubclass(kind, base):
            return _of_collection(value, base, items, depth, count)
    # Subclasses, as SafeString and the members of an IntEnum: the value, not what they make of it.
    if issubclass(kind, str):
        return cut(str.__str__(value))
    if issubclass(kind, int):
        return to_json(int.__int__(value))
    if issubclass(kind, float):
        return to_json(float.__float__(value))
    if depth < _DEEPEST and _plain(_module_of(kind)).startswith("psycopg"):
        return _of_driver(value, depth, count)
    return f"<{_name(kind)}>"


def _of_driver(value: Any, depth: int, count: itertools.count[int]) -> Json:
    """Return what a value of psycopg stands for: Jsonb and Binary carry another, a range two."""
    if hasattr(value, "obj"):
        return _to_json(value.obj, depth + 1, count)
    bounds = getattr(value, "_bounds", None)
    if type(bounds) is str and hasattr(value, "_lower") and hasattr(value, "_upper"):
        ends = (_to_json(one, depth + 1, count) for one in (value._lower, value._upper))
        text = ", ".join("" if one is None else str(one) for one in ends)
        return f"{bounds[0]}{text}{bounds[1]}" if len(bounds) == 2 else "empty"
    return f"<{_name(type(value))}>"


def _of_clock(value: datetime.datetime | datetime.time) -> str:
    zone = type(value.tzinfo)
    return str(value) if id(zone) in _ZONES else f"{value.replace(tzinfo=None)} <{_name(zone)}>"


def _of_bytes(value: Any) -> str:
    try:
        start, length = bytes(value[:_LONGEST_BYTES]), len(value)
    except (ValueError, TypeError, NotImplementedError):  # a memoryview that is not a row of bytes
        return f"<{type(value).__name__}>"
    return repr(start) if length <= len(start) else f"{start!r}… ({length} bytes)"


def _of_collection(
    value: Any,
    base: Any,
    items: Callable[[Any], Iterable[Any]],
    depth: int,
    count: itertools.count[int],
) -> Json:
    length: int = base.__len__(value)
    if depth >= _DEEPEST or next(count) >= _MOST_VALUES:
        return f"<{_plain(_qualname_of(type(value)))} of {length}>"
    # Copied at once, as other threads may change it, and no further than it is shown.
    shown = list(itertools.islice(items(value), _MOST_ITEMS))
    more = length - len(shown)
    if base is dict:
        result = {_key(key, depth, count): _item(one, depth, count) for key, one in shown}
        return {**result, "…": f"{more} more"} if more > 0 else result
    listed = [_item(one, depth, count) for one in shown]
    if base in (set, frozenset):
        listed.sort(key=repr)  # their own order is another one in each process
    return [*listed, f"… {more} more"] if more > 0 else listed


def _item(value: Any, depth: int, count: itertools.count[int]) -> Json:
    return "…" if next(count) >= _MOST_VALUES else _to_json(value, depth + 1, count)


def _key(key: Any, depth: int, count: itertools.count[int]) -> str:
    text = _to_json(key, depth + 1, count)
    return cut(text if type(text) is str else str(text), _LONGEST_NAME)


def _name(kind: type) -> str:
    return f"{_plain(_module_of(kind))}.{_plain(_qualname_of(kind))}"


def _plain(name: Any) -> str:
    # A module can be set to anything; isinstance() would ask its __class__.
    return cut(str.__str__(name), _LONGEST_NAME) if issubclass(type(name), str) else "?"
