"""The parameters of a recorded query, as they can be given to the database again.

They were stored as JSON: a date, a Decimal or a UUID is its text, which each of the databases reads
as the type of the column. What is not whole, or not the value itself, is refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cycle_inspector.analysis.grouping import is_whole
from cycle_inspector.explain.statements import Refused
from cycle_inspector.records import HIDDEN, Json, Query

_CUT = re.compile(r"… \(\d+ (?:more characters|bytes)\)\Z|\A… \d+ more\Z|\A…\Z")
_TYPE = re.compile(r"<(?:function |class )?[\w.<>]+(?: of \d+)?>|\d[\d:. -]* <[\w.]+>")
_BYTES = re.compile(r"b(?:'.*'|\".*\")", re.DOTALL)
_HUGE = re.compile(r"-?0x[0-9a-f]{14,}")


def given(query: Query) -> tuple[Any, ...] | dict[str, Any] | None:
    """Return the parameters to run `query` with; raise `Refused` where they are not known."""
    if query.executions != 1:
        raise Refused("It ran with several sets of parameters, of which one was kept.")
    params = query.params
    if params is None:
        if not is_whole(query):
            raise Refused("Its parameters were not kept.")
        return None
    if isinstance(params, dict):
        return {name: _given(one, query.vendor) for name, one in params.items()}
    return tuple(_given(one, query.vendor) for one in params)


def _given(value: Json, vendor: str) -> Any:
    _check(value)
    if isinstance(value, dict | list) and vendor != "postgresql":
        raise Refused("A parameter is a collection, of which only the text was kept.")
    return json.dumps(value) if isinstance(value, dict) else value


def _check(value: Json) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            _check(key)
            _check(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _check(one)
    elif isinstance(value, str):
        _check_text(value)


def _check_text(text: str) -> None:
    if HIDDEN in text:
        raise Refused("A parameter is secret: it was hidden before it was stored.")
    if _CUT.search(text):
        raise Refused("A parameter was too long to be kept whole.")
    if _TYPE.fullmatch(text):
        raise Refused(f"Of a parameter only its type was kept: {text}.")
    if _BYTES.fullmatch(text):
        raise Refused("A parameter holds bytes, of which only their description was kept.")
    if _HUGE.fullmatch(text):
        raise Refused("A parameter is a number beyond 53 bits, which was kept as text.")
