"""CI101: one query for a list, and one more for each of its rows."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._queries import key_of_params, reads
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.fingerprint import fingerprint
from cycle_inspector.records import Cycle, Finding, Frame, Query, Severity, TemplateLine

CODE = "CI101"

_Key = tuple[str, str, tuple[Frame, ...], TemplateLine | None, str | None]


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each shape that ran again and again, with other values, from one place.

    One place is one stack and one template line: a template is interpreted, so its lines share a
    stack.
    """
    return map(_finding, repeated(cycle, thresholds))


def repeated(cycle: Cycle, thresholds: Thresholds) -> list[list[Query]]:
    """Return the groups of queries that this rule finds."""
    groups: dict[_Key, list[Query]] = {}
    for query in cycle.statements:
        if reads(query) and query.error is None:
            key = query.alias, fingerprint(query.sql), query.frames, query.template, query.relation
            groups.setdefault(key, []).append(query)
    return [
        group
        for group in groups.values()
        if len(group) >= thresholds.repeated_queries
        and len({(query.sql, key_of_params(query.params)) for query in group}) > 1
    ]


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
        fix=_fix(relation),
    )


def _fix(relation: str | None) -> str:
    if relation is not None:
        field = relation.rpartition(".")[2]
        return (
            f'Add .select_related("{field}") to the queryset that the rows come from '
            f'(.prefetch_related("{field}") if {field} is generic, or out of .defer() if it is a '
            "column)."
        )
    return (
        "Load what the loop needs in one query before it: prefetch_related() for related rows, "
        "annotate() for counts, in_bulk() or filter(pk__in=...) for single objects."
    )


def _table(sql: str) -> str:
    words = sql.split()
    upper = [word.upper() for word in words]
    if "FROM" in upper[:-1]:
        return words[upper.index("FROM") + 1].strip('"`[]();,')
    return "the same statement"
