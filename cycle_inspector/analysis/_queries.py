"""What several rules ask of a query."""

from __future__ import annotations

import json
import re

from cycle_inspector.records import Json, Query

_READS = re.compile(r"\s*\(*\s*(SELECT|WITH|VALUES|SHOW|PRAGMA|EXPLAIN|DESCRIBE)\b", re.I)
_WRITES_INSIDE = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.I)


def reads(query: Query) -> bool:
    """Whether the statement only reads; a WITH may hide a write."""
    start = _READS.match(query.sql)
    if start is None:
        return False
    return start[1].upper() != "WITH" or _WRITES_INSIDE.search(query.sql) is None


def key_of_params(params: tuple[Json, ...] | dict[str, Json] | None) -> str:
    """Return a text that is equal for equal parameters, whatever they are made of."""
    return json.dumps(params, sort_keys=True)
