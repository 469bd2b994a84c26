"""A cycle in one line: what the closed panel shows, as a small JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cycle_inspector.exporters.json_document import milliseconds
from cycle_inspector.panel import notes
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.layout import own_times
from cycle_inspector.records import Cycle, Stage


def summarise(cycle: Cycle, urls: Urls, *, before: Iterable[Any] = ()) -> dict[str, Any]:
    """Return what the closed line of the panel needs to know about `cycle`.

    `before` are the rows of the redirects that led to it, the first one first.
    """
    routing = cycle.stage(Stage.ROUTING).facts
    view = cycle.stage(Stage.VIEW).facts
    statements = cycle.statements
    shapes = Counter(one.sql for one in statements)
    times = own_times(cycle)
    worst = cycle.findings[0] if cycle.findings else None
    return {
        "id": cycle.id,
        "url": urls.page(cycle.id),
        "kind": cycle.kind,
        "method": cycle.request.get("method"),
        "path": cycle.request.get("path"),
        "status": cycle.response.get("status"),
        "name": routing.get("view_name") or view.get("name") or routing.get("route"),
        "duration_ms": milliseconds(cycle.duration_ns),
        "query_count": notes.query_count(cycle),
        "repeated_count": sum(count for count in shapes.values() if count > 1),
        "render_count": notes.render_count(cycle),
        "finding_count": len(cycle.findings),
        "finding": None
        if worst is None
        else {"code": worst.code, "severity": worst.severity.value, "title": worst.title},
        "stages": [
            {"stage": stage.value, "own_ms": milliseconds(times[stage])}
            for stage in Stage
            if times.get(stage)
        ],
        "redirects": [
            {
                "id": row.id,
                "method": row.method,
                "path": row.path,
                "status": row.status,
                "duration_ms": milliseconds(row.duration_ns),
                "severity": row.severity or None,
            }
            for row in before
        ],
    }
