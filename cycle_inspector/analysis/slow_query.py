"""CI103: one statement took long."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.full_scan import told_by_plans
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = "CI103"


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each statement at or over the threshold; a loop's runs make one.

    Where its plan lacks an index, that is told instead: CI121.
    """
    limit_ns = thresholds.slow_query_ms * 1_000_000
    told = told_by_plans(cycle, thresholds)
    place = place_of()
    groups: dict[Hashable, list[Query]] = {}
    for query in cycle.statements:
        if query.duration_ns >= limit_ns and (query.alias, query.sql) not in told:
            groups.setdefault((query.alias, query.sql, place(query)), []).append(query)
    return map(_finding, groups.values())


def _finding(group: list[Query]) -> Finding:
    slowest = max(group, key=lambda query: query.duration_ns)
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        title=_title(slowest, len(group)),
        caller=slowest.caller,
        template=slowest.template,
        count=len(group),
        cost_ns=sum(query.duration_ns for query in group),
        evidence=tuple(query.id for query in group),
        fix=(
            "Ask the database how it runs it (EXPLAIN): an index on what it filters, joins "
            "or sorts by, or fewer rows and columns, make it fast."
        ),
    )


def _title(slowest: Query, count: int) -> str:
    rows = "" if slowest.rows is None else f" for {slowest.rows} row{'s' * (slowest.rows != 1)}"
    runs = "" if count == 1 else f", the slowest of {count} runs"
    return f"Slow query: {slowest.duration_ns / 1_000_000:.0f} ms{rows}{runs}"


RULE = Rule(
    find,
    (
        Code(
            code=CODE,
            severity=Severity.WARNING,
            title="A query took long",
            django="topics/db/optimization/#use-queryset-explain",
        ),
    ),
)
