"""A statement with its parameters filled in, quoted as its database wants it."""

from __future__ import annotations

import json
import re
from typing import Any

from cycle_inspector.records import HIDDEN, Query

_PLACE = re.compile(r"%(?:%|[sbt]|\((?P<name>[^()]*+)\)[sbt])")
_CUT = re.compile(r"… \(\d+ (?:more characters|bytes)\)$|^…(?: \d+ more)?$")
_IN = re.compile(r"\bIN\s*$", re.I)
_NEAR = 12  # characters before a placeholder that tell how a list is written


def in_full(query: Query) -> str:
    """Return the statement of `query` as one to run, values that are not known marked so."""
    params = query.params
    if params is None:
        return query.sql
    parts: list[str] = []
    at = place = 0
    for found in _PLACE.finditer(query.sql):
        parts.append(query.sql[at : found.start()])
        at = found.end()
        if found.group() == "%%":
            parts.append("%")
            continue
        name = found["name"]
        key: Any = place if name is None else name
        place += name is None
        if isinstance(params, dict):
            is_known = key in params
        else:
            is_known = isinstance(key, int) and key < len(params)
        if is_known:
            before = query.sql[max(found.start() - _NEAR, 0) : found.start()]
            parts.append(_literal(params[key], query.vendor, before))
        else:
            parts.append(f"{found.group()} /* not recorded */")
    parts.append(query.sql[at:])
    return "".join(parts)


def _literal(value: Any, vendor: str, before: str = "") -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        words = ("FALSE", "TRUE") if vendor == "postgresql" else ("0", "1")
        return words[value]
    if isinstance(value, int | float):
        # Two signs would begin a comment.
        return f"({value})" if value < 0 and before.rstrip().endswith("-") else str(value)
    if isinstance(value, list):
        return _list(value, vendor, before)
    if isinstance(value, dict):
        text = _text(json.dumps(value, ensure_ascii=False), vendor)
        return f"{text} /* cut */" if "…" in value else text
    text = str(value)
    if text == HIDDEN:
        return "NULL /* hidden */"
    return _text(text, vendor) + (" /* cut */" if _CUT.search(text) else "")


def _list(values: list[Any], vendor: str, before: str) -> str:
    items = ", ".join(_literal(one, vendor) for one in values)
    if vendor != "postgresql" or _IN.search(before):
        return f"({items or 'NULL'})"
    return f"ARRAY[{items}]" if values else "'{}'"


def _text(text: str, vendor: str) -> str:
    quoted = text.replace("'", "''")
    if vendor == "mysql":
        return "'{}'".format(quoted.replace("\\", "\\\\").replace("\0", "\\0"))
    if vendor == "sqlite" and "\0" in text:
        return "({})".format(" || char(0) || ".join(f"'{one}'" for one in quoted.split("\0")))
    return f"'{quoted}'"
