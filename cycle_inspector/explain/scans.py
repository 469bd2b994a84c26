"""What a plan reads in full, and which index would spare it: in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cycle_inspector.analysis._conditions import Search, Statement
from cycle_inspector.analysis.indexes import wish
from cycle_inspector.explain.plans import PlanNode, Scan

FEW = 100  # rows that are read as fast as they are found


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the database tells of a table."""

    leading: frozenset[str]  # the columns that its indexes begin with
    rows: float | None = None  # about how many there are, where that is known without counting


def scans(
    steps: Iterable[PlanNode], statement: Statement, look_up: Callable[[str], Table | None]
) -> Iterator[Scan]:
    """Yield each place where a table is read in full, of those that read alike the first.

    `look_up` tells of a table, or gives None for what is none of the database: a WITH, a function.
    """
    tables: dict[str, Table | None] = {}
    said: set[str] = set()
    for step in steps:
        if not step.is_full_scan or step.table is None:
            continue
        name = _name(step.table, statement)
        if name not in tables:
            tables[name] = look_up(name.rpartition(".")[2])
        table = tables[name]
        if table is None:
            continue
        # A table that is named twice is looked for by other columns at each place.
        here = [search for search in statement.searches if step.table in search.names]
        scan = _scan(name, table, step, here or statement.searches)
        if scan.sentence not in said:
            said.add(scan.sentence)
            yield scan


def _scan(name: str, table: Table, step: PlanNode, searches: Iterable[Search]) -> Scan:
    # A plan may tell how many rows come out of a step, and not how many it reads.
    count = step.read_rows if table.rows is None else table.rows
    said = f"Reads all {_counted(count)} of {name}"
    if count is not None and count < FEW:
        few = f"{said}: so few that an index would change little."
        return Scan(table=name, rows=count, purpose="", columns=(), sentence=few)
    found = wish(searches, name, table.leading)
    if found is None:
        return Scan(table=name, rows=count, purpose="", columns=(), sentence=f"{said}.")
    if found.columns:
        index = f"{name}({', '.join(found.columns)})"
        sentence = f"{said} {found.purpose}: an index on {index} would help."
    else:
        sentence = (
            f"{said} {found.purpose}. An index begins with {found.indexed}: the database expects "
            "to gain nothing from it, as where most rows match."
        )
    return Scan(
        table=name, rows=count, purpose=found.purpose, columns=found.columns, sentence=sentence
    )


def _name(called: str, statement: Statement) -> str:
    """Return the table that a plan calls so, by its own name or by that of the statement."""
    if called in statement.tables:
        return called
    found = {search.names[called] for search in statement.searches if called in search.names}
    return found.pop() if len(found) == 1 else called


def _counted(count: float | None) -> str:
    if count is None:
        return "rows"
    number = f"{count:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{number} {'row' if count == 1 else 'rows'}"
