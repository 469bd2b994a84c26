"""Turn values of the observed page into JSON values without running any of its code.

Only values of exact built-in and standard types are written out: `str()` of anything else, even of
a subclass of `str`, may run the page's code, which may raise or query.
"""

from __future__ import annotations

import datetime
import decimal
import math
import pathlib
import uuid
from typing import Any

from cycle_inspector.records import Json

# A text longer than this is cut, and says by how much.
LONGEST_TEXT = 2_000
_MOST_ITEMS = 100
_DEEPEST = 6

_PRINTABLE = (
    datetime.datetime,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
    type(pathlib.Path()),
    type(pathlib.PurePath()),
)


def to_json(value: Any, depth: int = 0) -> Json:
    """Return `value` as a JSON value: itself, its text, or the name of its type."""
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
    if kind in _PRINTABLE:
        return str(value)
    if kind is bytes or kind is bytearray or kind is memoryview:
        return _of_bytes(bytes(value[: LONGEST_TEXT // 4]), len(value))
    if kind in (list, tuple, set, frozenset, dict):
        return _of_collection(value, kind, depth)
    if issubclass(kind, str):  # SafeString and the like: the characters, not its __str__
        return cut(str.__str__(value))
    if issubclass(kind, int):
        return int.__int__(value)
    if issubclass(kind, float):
        return to_json(float.__float__(value))
    return f"<{kind.__module__}.{kind.__qualname__}>"


def cut(text: str, most: int = LONGEST_TEXT) -> str:
    """Return `text`, cut to `most` characters; a lone surrogate becomes a question mark."""
    if len(text) > most:
        text = f"{text[:most]}… ({len(text) - most} more characters)"
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _of_bytes(start: bytes, length: int) -> str:
    if length > len(start):
        return f"{start!r}… ({length} bytes)"
    return repr(start)


def _of_collection(value: Any, kind: type, depth: int) -> Json:
    if depth >= _DEEPEST:
        return f"<{kind.__name__} of {len(value)}>"
    if kind is dict:
        items = [
            (key if type(key) is str else str(to_json(key, depth + 1)), to_json(one, depth + 1))
            for key, one in list(value.items())[:_MOST_ITEMS]
        ]
        result: Json = dict(items)
        if len(value) > _MOST_ITEMS:
            result["…"] = f"{len(value) - _MOST_ITEMS} more"
        return result
    listed = [to_json(one, depth + 1) for one in list(value)[:_MOST_ITEMS]]
    if len(value) > _MOST_ITEMS:
        listed.append(f"… {len(value) - _MOST_ITEMS} more")
    return listed
