"""CI103: one statement took long."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = "CI103"


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each statement at or over the threshold."""
    limit_ns = thresholds.slow_query_ms * 1_000_000
    for query in cycle.statements:
        if query.duration_ns >= limit_ns:
            rows = "" if query.rows is None else f" for {query.rows} rows"
            yield Finding(
                code=CODE,
                severity=Severity.WARNING,
                title=f"Slow query: {query.duration_ns / 1_000_000:.0f} ms{rows}",
                caller=query.caller,
                template=query.template,
                count=1,
                cost_ns=query.duration_ns,
                evidence=(query.id,),
                fix=(
                    "Ask the database how it runs it (EXPLAIN): an index on what it filters, joins "
                    "or sorts by, or fewer rows and columns, make it fast."
                ),
            )
