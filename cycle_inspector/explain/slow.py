"""Explain the slow reads of a cycle, in the thread that writes it: only if the settings ask for it.

What a plan reads in full becomes a fact of the database stage, for a rule to judge. A database in
memory is left out: its connections are the project's.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections

from cycle_inspector.analysis import full_scan
from cycle_inspector.explain import running, statements
from cycle_inspector.explain.plans import Plan, Scan
from cycle_inspector.records import Cycle, Json, Query

MOST = 3  # statements of one cycle, the slowest first


def explained(cycle: Cycle, least_ns: int) -> Cycle:
    """Return `cycle` with `plans` in its database stage, if reads took `least_ns` or longer."""
    plans = [plan for query in _slow(cycle, least_ns) if (plan := _plan(query)) is not None]
    return full_scan.with_plans(cycle, plans)


def told(query: Query, plan: Plan) -> dict[str, Json]:
    """Return what the plan of a query says, as a fact of its cycle."""
    return {"query": query.id, "scans": list(_scans(plan.scans))}


def _slow(cycle: Cycle, least_ns: int) -> list[Query]:
    """Return the slowest run of each slow statement that may be explained."""
    found: dict[tuple[str, str], Query] = {}
    slow = (one for one in cycle.statements if one.duration_ns >= least_ns and one.error is None)
    for query in sorted(slow, key=lambda one: -one.duration_ns):
        is_known = query.alias in connections.settings and not running.is_in_memory(query.alias)
        if is_known and statements.begins_as_read(query.sql):
            found.setdefault((query.alias, query.sql), query)
    return list(found.values())[:MOST]


def _plan(query: Query) -> dict[str, Json] | None:
    try:
        return told(query, running.explain(query))
    except statements.Refused:
        return None


def _scans(scans: tuple[Scan, ...]) -> Iterator[dict[str, Json]]:
    for one in scans:
        yield {
            "table": one.table,
            "rows": one.rows,
            "purpose": one.purpose,
            "columns": list(one.columns),
        }
