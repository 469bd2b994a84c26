"""The plan of a statement: what each database says about it, read into one kind of tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One step of a plan; its children are the steps that it takes its rows from."""

    label: str
    detail: str = ""
    table: str | None = None  # the table that it reads, or the alias that the statement gives it
    rows: float | None = None  # as the database estimates them
    read_rows: float | None = None  # of the table, where that is told and not what is left of it
    cost: float | None = None  # in a unit of the database's own
    actual_rows: float | None = None
    actual_ms: float | None = None
    is_full_scan: bool = False
    children: tuple[PlanNode, ...] = ()

    def walk(self) -> Iterator[PlanNode]:
        """Yield this step and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A place where every row of a table is read."""

    table: str
    rows: float | None  # about how many, where that is known
    purpose: str  # as in "to find those with author_id = ?"; empty where it is not known
    columns: tuple[str, ...]  # of the index that would help, if one would
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a database would run a statement, or has run it."""

    alias: str
    vendor: str
    steps: tuple[PlanNode, ...]
    is_measured: bool = False  # by running the statement
    can_be_measured: bool = False
    scans: tuple[Scan, ...] = ()  # where a table is read in full

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing, in sentences."""
        return tuple(one.sentence for one in self.scans)

    def walk(self) -> Iterator[PlanNode]:
        """Yield every step, from the top."""
        for step in self.steps:
            yield from step.walk()


def of_sqlite(rows: Iterable[tuple[int, int, int, str]]) -> tuple[PlanNode, ...]:
    """Read the rows of EXPLAIN QUERY PLAN: an id, that of the step around it, and a text."""
    below: dict[int, list[tuple[int, str]]] = {}
    for identity, outer, _, text in rows:
        below.setdefault(outer, []).append((identity, text))

    def steps(outer: int) -> tuple[PlanNode, ...]:
        return tuple(
            replace(_sqlite_step(text), children=steps(one)) for one, text in below.get(outer, ())
        )

    return steps(0)


def _sqlite_step(text: str) -> PlanNode:
    words = text.split()
    if words[0] not in ("SCAN", "SEARCH") or len(words) < 2:
        return PlanNode(label=text)
    at = 2 if words[1] == "TABLE" and len(words) > 2 else 1  # SQLite before 3.36 says TABLE
    is_table = words[at] not in ("CONSTANT", "SUBQUERY") and not words[at].startswith("(")
    return PlanNode(
        label=" ".join(words[: at + 1]),
        detail=" ".join(words[at + 1 :]),
        table=words[at] if is_table else None,
        is_full_scan=is_table and words[0] == "SCAN" and "USING" not in words,
    )


_POSTGRES_DETAILS = (
    *("Index Name", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter"),
    *("Filter", "Rows Removed by Filter", "Sort Key", "Group Key", "Function Name", "CTE Name"),
)


def of_postgresql(document: Any) -> tuple[PlanNode, ...]:
    """Read the document of EXPLAIN (FORMAT JSON)."""
    return tuple(_postgresql_step(one["Plan"]) for one in document)


def _postgresql_step(plan: Mapping[str, Any]) -> PlanNode:
    table = plan.get("Relation Name")
    label = str(plan.get("Node Type"))
    loops = plan.get("Actual Loops") or 1  # the rows and times are those of one of them
    rows, taken = plan.get("Actual Rows"), plan.get("Actual Total Time")
    return PlanNode(
        label=f"{label} on {table}" if table else label,
        detail="; ".join(f"{key}: {_text(plan[key])}" for key in _POSTGRES_DETAILS if key in plan),
        table=table,
        rows=plan.get("Plan Rows"),
        read_rows=None if "Filter" in plan else plan.get("Plan Rows"),
        cost=plan.get("Total Cost"),
        actual_rows=None if rows is None else rows * loops,
        actual_ms=None if taken is None else taken * loops,
        is_full_scan=label.endswith("Seq Scan"),
        children=tuple(map(_postgresql_step, plan.get("Plans", ()))),
    )


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_MYSQL_DETAILS = (
    *("message", "access_type", "key", "used_key_parts", "ref", "filtered"),
    *("attached_condition", "index_condition", "sort_key"),
)


def of_mysql(document: Any) -> tuple[PlanNode, ...]:
    """Read the document of EXPLAIN FORMAT=JSON, of MySQL or of MariaDB."""
    return tuple(_mysql_steps(document))


def of_mysql_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[PlanNode, ...]:
    """Read the rows of a plain EXPLAIN, each with its columns by name."""
    return tuple(
        _mysql_step(
            "table",
            {
                "table_name": row["table"],
                "access_type": row["type"],
                "key": row["key"] or "none",
                "rows": row["rows"],
                "r_rows": row.get("r_rows"),
                "message": row["Extra"] or "",
            },
        )
        for row in rows
    )


def _mysql_steps(document: Any) -> Iterator[PlanNode]:
    if isinstance(document, list):
        for one in document:
            yield from _mysql_steps(one)
    elif isinstance(document, dict):
        for key, value in document.items():
            if key in ("query_optimization", "cost_info") or not isinstance(value, dict | list):
                continue
            if isinstance(value, dict):
                yield _mysql_step(key, value)
            elif value and isinstance(value[0], dict):
                yield PlanNode(label=key.replace("_", " "), children=tuple(_mysql_steps(value)))


def _mysql_step(key: str, step: Mapping[str, Any]) -> PlanNode:
    table, access = step.get("table_name"), step.get("access_type")
    costs = step.get("cost_info") or {}
    is_table = isinstance(table, str) and not table.startswith("<")
    return PlanNode(
        label=f"{key} {table}" if table else key.replace("_", " "),
        detail="; ".join(
            f"{name.replace('_', ' ')}: {_text(step[name])}"
            for name in _MYSQL_DETAILS
            if step.get(name)
        ),
        table=table if is_table else None,
        rows=_number(step.get("rows", step.get("rows_examined_per_scan"))),
        read_rows=_number(step.get("rows", step.get("rows_examined_per_scan"))),
        cost=_number(step.get("cost", costs.get("query_cost", costs.get("prefix_cost")))),
        actual_rows=_number(step.get("r_rows")),
        actual_ms=_number(step.get("r_total_time_ms", step.get("r_table_time_ms"))),
        is_full_scan=is_table and access == "ALL",
        children=tuple(_mysql_steps(step)),
    )


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None
