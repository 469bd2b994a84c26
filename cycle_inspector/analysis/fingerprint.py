"""The shape of a statement: its SQL without literals, so that runs of it can be counted."""

from __future__ import annotations

import re
from functools import lru_cache

_LITERALS = re.compile(
    r"""
    '(?:[^']|'')*'                    # a text
    | \b(?:0x[0-9a-f]+|\d+(?:\.\d+)?)\b   # a number
    | %\(\w+\)s | %s | \?             # a placeholder
    """,
    re.I | re.X,
)
_LIST = re.compile(r"\(\s*%s(?:\s*,\s*%s)+\s*\)")
_ROWS = re.compile(r"(\((?:%s|\.\.\.)\))(?:\s*,\s*\1)+")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=4_000)
def fingerprint(sql: str) -> str:
    """Return `sql` with literals as `%s`, lists of them as `(...)` and single spaces.

    >>> fingerprint("SELECT a FROM t WHERE b = 'x'  AND c IN (1, 2, 3)")
    'SELECT a FROM t WHERE b = %s AND c IN (...)'
    """
    shape = _LIST.sub("(...)", _LITERALS.sub("%s", sql))
    return _SPACE.sub(" ", _ROWS.sub(r"\1", shape)).strip()
