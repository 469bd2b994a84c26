"""The shape of a statement: its SQL without literals, so that runs of it can be counted."""

from __future__ import annotations

import re
from functools import lru_cache

# A longer statement is seldom repeated, and the cache would hold its text.
_LONGEST_CACHED = 10_000

_TOKEN = re.compile(
    r"""
    ( "[^"]*+" | `[^`]*+` )                 # a quoted name: left as it is
    | ( --[^\n]* | /\*.*?\*/ )              # a comment
    | '[^']*+(?:''[^']*+)*+'                # a text
    | \b(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)\b   # a number
    | %\([^)]*\)s | %s | \?                 # a placeholder
    """,
    re.I | re.S | re.X,
)
_LIST = re.compile(r"\(\s*%s(?:\s*,\s*%s)+\s*\)")
_LIST_OF_ONE = re.compile(r"(?<=\bIN)\s*\(\s*%s\s*\)", re.I)
_ROWS = re.compile(r"(\((?:%s|\.\.\.)\))(?:\s*,\s*\1)+")
_SPACE = re.compile(r"\s{2,}|[^\S ]")  # but for a single one, which is right as it is


def fingerprint(sql: str) -> str:
    """Return `sql` with literals as `%s`, lists of them as `(...)`, no comments, single spaces.

    >>> fingerprint("SELECT a FROM t WHERE b = 'x'  AND c IN (1, 2, 3)")
    'SELECT a FROM t WHERE b = %s AND c IN (...)'
    """
    return _cached(sql) if len(sql) <= _LONGEST_CACHED else _shape(sql)


def _shape(sql: str) -> str:
    shape = _LIST.sub("(...)", _TOKEN.sub(_replacement, sql))
    shape = _ROWS.sub(r"\1", _LIST_OF_ONE.sub(" (...)", shape))
    return _SPACE.sub(" ", shape).strip()


_cached = lru_cache(maxsize=4_000)(_shape)


def _replacement(token: re.Match[str]) -> str:
    group = token.lastindex
    return "%s" if group is None else token[1] if group == 1 else " "
