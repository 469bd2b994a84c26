"""Cycles in a list, as a small JSON document: what the panel offers beside the page's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycle_inspector.analysis.search import BadSearch
from cycle_inspector.exporters.json_document import milliseconds
from cycle_inspector.history import reader

_MOST = 50
_MOST_IDS = 200


def document(asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the rows of the `ids` asked for, else those that a search finds, else the latest."""
    if "ids" in asked:
        rows = reader.rows_of(asked["ids"].split(",")[:_MOST_IDS])
    else:
        try:
            rows = reader.find(asked.get("search", ""), _MOST)
        except BadSearch as error:
            return {"cycles": [], "error": str(error)}
    return {"cycles": [_row(one) for one in rows]}


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "started_at": row.started_at.isoformat(),
        "method": row.method,
        "path": row.path,
        "status": row.status,
        "duration_ms": milliseconds(row.duration_ns),
        "query_count": row.query_count,
        "severity": row.severity or None,
    }
