"""CI103, a statement that took long."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds, slow_query
from cycle_inspector.records import Finding, Query, Severity
from tests.factories import MS, make_cycle, make_frame, make_query


def find(*queries: Query, **thresholds: int) -> list[Finding]:
    return list(slow_query.find(make_cycle(queries=queries), Thresholds(**thresholds)))


def slow(milliseconds: float = 250, **given: Any) -> Query:
    return make_query(duration_ns=int(milliseconds * MS), **given)


def test_finds_a_statement_over_the_threshold() -> None:
    (finding,) = find(slow(312.4, rows=5))
    assert finding.code == "CI103"
    assert finding.severity is Severity.WARNING
    assert finding.title == "Slow query: 312 ms for 5 rows"
    assert finding.count == 1
    assert finding.cost_ns == int(312.4 * MS)
    assert finding.evidence == (10,)
    assert finding.caller == make_frame()
    assert finding.template is not None
    assert "EXPLAIN" in finding.fix


def test_finds_a_statement_at_the_threshold() -> None:
    assert find(slow(100))


def test_finds_writes_and_failures_too() -> None:
    assert find(slow(sql="UPDATE t SET a = %s", error="deadlock"))


def test_finds_runs_of_one_place_as_one_with_the_slowest_first() -> None:
    (finding,) = find(slow(150, id=1, params=(1,)), slow(300, id=2, params=(2,), rows=1))
    assert finding.title == "Slow query: 300 ms for 1 row, the slowest of 2 runs"
    assert finding.cost_ns == 450 * MS
    assert finding.evidence == (1, 2)


def test_finds_other_places_apart() -> None:
    assert len(find(slow(id=1), slow(id=2, frames=(make_frame(line=99),)))) == 2
    assert len(find(slow(id=1), slow(id=2, sql="SELECT 1"))) == 2
    assert len(find(slow(id=1), slow(id=2, alias="replica"))) == 2


def test_finds_with_rows_unknown() -> None:
    (finding,) = find(slow(rows=None))
    assert finding.title == "Slow query: 250 ms"


def test_does_not_find_a_statement_under_the_threshold() -> None:
    assert find(slow(99.999)) == []
    assert find(slow(250), slow_query_ms=251) == []


def test_does_not_find_transactions() -> None:
    assert find(slow(sql="COMMIT", is_transaction=True)) == []
