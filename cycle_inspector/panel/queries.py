"""The database stage as it is shown: each query with its bar, its marks and its likes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cycle_inspector.explain.statements import begins_as_read
from cycle_inspector.panel import literal, sql, transactions
from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.records import Cycle, Finding, Query

_LONGEST_VALUE = 400
_LONGEST_FILLED = 20_000  # characters of a statement whose parameters are filled in
_MOST_IN_FULL = 1_000  # repeated queries with everything known about them


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A finding that a query is part of, in a word."""

    label: str
    title: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One query of the list."""

    number: int | None  # None for BEGIN, COMMIT and the like, which nobody counts
    query: Query
    short: str
    formatted: str
    is_plain: bool  # too long, or too late, to be formatted
    in_full: str  # its parameters filled in; empty where it took none, or only one line is shown
    params: str
    bar: Bar
    marks: tuple[Mark, ...]
    like: int | None  # the number of the first query with this statement and these frames
    standing: transactions.Standing
    is_read: bool  # by its beginning: it can perhaps be explained
    is_brief: bool  # one line and no more: there are too many like it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A statement that ran more than once."""

    short: str
    count: int
    same_count: int  # runs that also had the parameters of another run
    duration_ns: int
    first: int  # number of the first one
    bar: Bar


def lines(cycle: Cycle) -> list[Line]:
    """Return the queries of `cycle` in the order in which they ran."""
    axis = Axis(max((one.duration_ns for one in cycle.queries), default=0))
    marks = _marks(cycle.findings)
    formatter = sql.Formatter()
    seen: dict[Any, int] = {}
    listed: list[Line] = []
    number = 0
    standings = transactions.standings(cycle.queries)
    for query, standing in zip(cycle.queries, standings, strict=True):
        counted = not query.is_transaction
        number += counted
        first = seen.setdefault((query.sql, query.frames, query.template), number)
        repeats = counted and first != number
        is_brief = bool(repeats) and number > _MOST_IN_FULL
        fills = query.params is not None and not is_brief and len(query.sql) <= _LONGEST_FILLED
        listed.append(
            Line(
                number=number if counted else None,
                query=query,
                short=sql.shorten(query.sql),
                formatted="" if repeats else formatter.format(query.sql),
                is_plain=not repeats and formatter.is_plain(query.sql),
                in_full=literal.in_full(query) if fills else "",
                params=show_params(query.params),
                bar=axis.bar(0, query.duration_ns, "work"),
                marks=tuple(marks.get(query.id, ())),
                like=first if repeats else None,
                standing=standing,
                is_read=begins_as_read(query.sql),
                is_brief=is_brief,
            )
        )
    return listed


def shapes(cycle: Cycle) -> list[Shape]:
    """Return the statements that ran more than once, those that took longest first."""
    runs: dict[str, list[tuple[int, Query]]] = {}
    for number, query in enumerate(cycle.statements, start=1):
        runs.setdefault(query.sql, []).append((number, query))
    repeated = {text: many for text, many in runs.items() if len(many) > 1}
    totals = {text: sum(one.duration_ns for _, one in many) for text, many in repeated.items()}
    axis = Axis(max(totals.values(), default=0))
    return [
        Shape(
            short=sql.shorten(text),
            count=len(repeated[text]),
            same_count=_same(query for _, query in repeated[text]),
            duration_ns=totals[text],
            first=repeated[text][0][0],
            bar=axis.bar(0, totals[text], "work"),
        )
        for text in sorted(repeated, key=lambda one: -totals[one])
    ]


def show_params(params: Any) -> str:
    """Return the parameters of a statement on one line; long ones are cut."""
    if params is None:
        return ""
    if isinstance(params, dict):
        return ", ".join(f"{key} = {_value(one)}" for key, one in params.items())
    return ", ".join(map(_value, params))


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _same(queries: Iterable[Query]) -> int:
    counts = Counter(json.dumps(one.params, sort_keys=True, default=str) for one in queries)
    return sum(count for count in counts.values() if count > 1)


def _marks(findings: Iterable[Finding]) -> dict[int, list[Mark]]:
    marks: dict[int, list[Mark]] = {}
    for finding in findings:
        mark = Mark(
            label=finding.title.partition(":")[0],
            title=finding.title,
            severity=finding.severity.value,
        )
        for identity in finding.evidence:
            marks.setdefault(identity, []).append(mark)
    return marks
