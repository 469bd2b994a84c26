"""CI101: one query for a list, and one more for each of its rows."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import key_of_params, place_of, reads
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.fingerprint import fingerprint
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = "CI101"

# Not the FROM inside of EXTRACT(YEAR FROM "date").
_FROM = re.compile(
    r"""\b(?:EXTRACT|TRIM|SUBSTRING|OVERLAY)\s*\([^()]*\)
    | \bFROM\s+((?:\w+|"[^"]+"|`[^`]+`|\[[^]]+])(?:\.(?:\w+|"[^"]+"|`[^`]+`|\[[^]]+]))*)""",
    re.I | re.X,
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each shape that ran again and again, with other values, from one place.

    One place is one stack and one template line: a template is interpreted, so its lines share a
    stack.
    """
    return map(_finding, repeated(cycle, thresholds))


def repeated(cycle: Cycle, thresholds: Thresholds) -> list[list[Query]]:
    """Return the groups of queries that this rule finds."""
    place = place_of()
    groups: dict[Hashable, list[Query]] = {}
    for query in cycle.statements:
        if reads(query) and query.error is None:
            key = query.alias, fingerprint(query.sql), place(query), query.relation
            groups.setdefault(key, []).append(query)
    least = max(thresholds.repeated_queries, 2)
    return [group for group in groups.values() if len(group) >= least and _differ(group)]


def _differ(group: list[Query]) -> bool:
    """Whether the runs asked for different things, as far as the records show."""
    asked: set[tuple[str, str]] = set()
    for query in group:
        params = key_of_params(query.params)
        asked.add((query.sql, params or f"of query {query.id}"))
        if len(asked) > 1:
            return True
    return False


def _finding(group: list[Query]) -> Finding:
    relation = group[0].relation
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        title=f"N+1: {len(group)} × {relation or _table(group[0].sql)}",
        caller=group[0].caller,
        template=group[0].template,
        count=len(group),
        cost_ns=sum(query.duration_ns for query in group[1:]),
        evidence=tuple(query.id for query in group),
        fix=_fix(group[0]),
    )


def _fix(query: Query) -> str:
    field = (query.relation or "").rpartition(".")[2]
    match query.relation_kind:
        case "to_one":
            return f'Add .select_related("{field}") to the queryset that the rows come from.'
        case "generic":
            return f'Add .prefetch_related("{field}") to the queryset that the rows come from.'
        case "column":
            return (
                f'The column is deferred: take "{field}" out of .defer(), or into .only(), of the '
                "queryset that the rows come from."
            )
    return (
        "Load what the loop needs in one query before it: prefetch_related() for related rows, "
        "annotate() for counts, in_bulk() or filter(pk__in=...) for single objects."
    )


def _table(sql: str) -> str:
    names = (match[1] for match in _FROM.finditer(sql) if match[1])
    return re.sub(r'["`[\]]', "", next(names, "the same statement"))
