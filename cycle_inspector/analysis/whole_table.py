"""CI107: many rows were loaded, and few of them used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cycle_inspector.analysis._lists import part_of
from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._sources import Sources, sources_of
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = Code(
    code="CI107",
    severity=Severity.WARNING,
    title="Many rows were loaded, and few of them used",
    django="topics/db/queries/#limiting-querysets",
)

# At most one in so many rows was used.
_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """Rows of one queryset, and how many of them were used."""

    entry: Mapping[str, Any]
    queries: list[Query]
    rows: int
    used: int
    way: str  # "loop", "slice" or "list"


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each queryset of which a small part was used.

    How far a loop came says little where an exception or the client may have ended it.
    """
    return map(_finding, _loads(cycle, thresholds))


def whole_tables(cycle: Cycle, thresholds: Thresholds) -> set[int]:
    """Return the ids of the queries that this rule finds."""
    return {query.id for load in _loads(cycle, thresholds) for query in load.queries}


def _loads(cycle: Cycle, thresholds: Thresholds) -> Iterator[_Load]:
    queries_by = queries_of(cycle)
    least = max(thresholds.unread_rows, 1)
    is_cut_short = _is_cut_short(cycle)
    sources: Sources | None = None
    for one in cycle.stage(Stage.MODELS).facts.get("loads") or ():
        rows = int(one.get("rows") or 0)
        if rows < least or one.get("for") or one.get("times") != 1:
            continue
        queries = queries_by(one.get("queries"))
        if not queries or queries[0].caller is None:
            continue
        ways, used = set(one.get("ways") or ()), one.get("taken")
        way = "slice" if "index" in ways else "loop"
        if ways == {"iter", "len"} and used in (None, rows):
            sources = sources or sources_of(cycle)
            used, way = part_of(queries[0].caller, sources), "list"
        elif way == "loop" and is_cut_short:
            continue
        if used and used * _FEW <= rows and rows - used >= least:
            yield _Load(entry=one, queries=queries, rows=rows, used=used, way=way)


def _is_cut_short(cycle: Cycle) -> bool:
    facts = cycle.stage(Stage.RESPONSE).facts
    is_whole = facts.get("ended") in (None, "complete") and not facts.get("left_by")
    return not is_whole or any(one.kind == "exception" for one in cycle.events)


def _finding(load: _Load) -> Finding:
    cost_ns = sum(query.duration_ns for query in load.queries)
    few = "1 was" if load.used == 1 else f"{load.used} were"
    finding = CODE.about_queries(
        load.queries,
        f"{load.rows} rows of {load.entry.get('model')} were loaded, and {few} used",
        _FIXES[load.way],
        cost_ns=cost_ns,
        saved_ns=cost_ns * (load.rows - load.used) // load.rows,
    )
    # A loop may be a search for which no database can be asked.
    return replace(finding, severity=Severity.INFO) if load.way == "loop" else finding


_FIXES = {
    "list": (
        "Slice the queryset, or give it to Paginator, without a list() around it: then the "
        "database gives no more than these rows."
    ),
    "slice": (
        "What asks a queryset first, as if, len() or a loop, loads all of it. Ask exists() or "
        "count() instead, and slice the queryset while nothing is loaded."
    ),
    "loop": (
        "The loop ended early. If it wants so many rows, slice the queryset; if it looks for one, "
        "let the database do so, by filter(), first() or contains()."
    ),
}


RULE = Rule(find, (CODE,))
