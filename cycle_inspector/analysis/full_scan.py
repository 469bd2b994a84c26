"""CI121: a slow query reads a whole table for which it lacks an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Facts, Finding, Query, Severity, Stage

CODE = Code(
    code="CI121",
    severity=Severity.WARNING,
    title="A query reads a whole table, as an index is missing",
    django="ref/models/indexes/",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each index that a plan of the cycle lacks on a large table.

    A cycle has plans where EXPLAIN_SLOW_QUERIES asks for them, or a person has.
    """
    for query, scan in _scans(cycle, thresholds):
        runs = [one for one in cycle.statements if _key(one) == _key(query)]
        table, columns = scan["table"], ", ".join(map(str, scan["columns"]))
        rows = f"{scan['rows']:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
        yield CODE.about_queries(
            [query, *(one for one in runs if one.id != query.id)],
            f"Full scan: all {rows} rows of {table} are read {scan['purpose']}",
            f"Add an index on {table}({columns}): in Meta.indexes of its model, by "
            "models.Index(fields=[...]), and a migration. The view of the query explains it anew.",
            cost_ns=sum(one.duration_ns for one in runs),
        )


def with_plans(cycle: Cycle, plans: Iterable[Facts]) -> Cycle:
    """Return `cycle` with these plans, each in the place of an earlier one of its query.

    It is the same cycle where they say nothing: no table is read in full, nor was said to be.
    """
    known = {one["query"]: one for one in cycle.stage(Stage.DATABASE).facts.get("plans") or ()}
    new = {one["query"]: one for one in plans if one["scans"] or one["query"] in known}
    if not new:
        return cycle
    told = list((known | new).values())
    stages = tuple(
        replace(one, facts={**one.facts, "plans": told}) if one.stage is Stage.DATABASE else one
        for one in cycle.stages
    )
    return replace(cycle, stages=stages)


def told_by_plans(cycle: Cycle, thresholds: Thresholds) -> set[tuple[str, str]]:
    """Return the aliases and statements that this rule finds."""
    return {_key(query) for query, _ in _scans(cycle, thresholds)}


def _scans(cycle: Cycle, thresholds: Thresholds) -> Iterator[tuple[Query, Mapping[str, Any]]]:
    queries = queries_of(cycle)
    for plan in cycle.stage(Stage.DATABASE).facts.get("plans") or ():
        for query in queries([plan["query"]]):
            for scan in plan["scans"]:
                if scan["columns"] and (scan["rows"] or 0) >= thresholds.full_scan_rows:
                    yield query, scan


def _key(query: Query) -> tuple[str, str]:
    return query.alias, query.sql


RULE = Rule(find, (CODE,))
