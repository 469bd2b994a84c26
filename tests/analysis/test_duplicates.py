"""CI102, the very same statement again."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds, duplicates
from cycle_inspector.records import HIDDEN, Finding, Query, Severity, Stage
from tests.factories import MS, make_cycle, make_event, make_frame, make_query, make_stage

WRITE = "UPDATE catalog_author SET name = %s"


def find(*queries: Query, **thresholds: int) -> list[Finding]:
    numbered = tuple(query._replace(id=at) for at, query in enumerate(queries, 1))
    return list(duplicates.find(make_cycle(queries=numbered), Thresholds(**thresholds)))


def at_line(line: int, **given: Any) -> Query:
    return make_query(frames=(make_frame(line=line),), **given)


def test_finds_a_statement_that_ran_twice() -> None:
    (finding,) = find(at_line(1, duration_ns=3 * MS), at_line(2, duration_ns=2 * MS))
    assert finding.code == "CI102"
    assert finding.severity is Severity.WARNING
    assert finding.title == "Duplicate query: the same statement ran 2 times"
    assert finding.count == 2
    assert finding.cost_ns == 2 * MS  # the first was needed
    assert finding.evidence == (1, 2)
    assert finding.caller == make_frame(line=1)
    assert "2 places" in finding.fix


def test_finds_a_statement_without_parameters() -> None:
    assert find(make_query(params=None), make_query(params=None))


def test_finds_equal_named_parameters_in_any_order() -> None:
    assert find(make_query(params={"a": 1, "b": [2]}), make_query(params={"b": [2], "a": 1}))


def test_finds_a_repetition_from_one_line_as_one_of_a_loop() -> None:
    (finding,) = find(make_query(), make_query())
    assert "before the loop" in finding.fix


def test_finds_a_repetition_across_a_write_to_another_database() -> None:
    assert find(make_query(), make_query(sql=WRITE, alias="archive"), make_query())


def test_finds_repetitions_on_both_sides_of_a_write() -> None:
    write = make_query(sql=WRITE)
    findings = find(make_query(), make_query(), write, make_query(), make_query())
    assert [finding.evidence for finding in findings] == [(1, 2), (4, 5)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "  (SELECT 1) UNION (SELECT 2)",
        "/* shop */ SELECT 1",
        "-- shop\nSELECT 1",
        "with recursive x as (select 1) select * from x",
        "PRAGMA table_info(x)",
        "EXPLAIN SELECT 1",
    ],
)
def test_finds_any_statement_that_reads(sql: str) -> None:
    assert find(make_query(sql=sql, params=None), make_query(sql=sql, params=None))


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (%s)",
        "/* SELECT */ DELETE FROM t",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "CREATE TABLE t (a integer)",
        "CALL tidy()",
    ],
)
def test_does_not_find_statements_that_write(sql: str) -> None:
    assert find(make_query(sql=sql), make_query(sql=sql)) == []


@pytest.mark.parametrize(
    "other",
    [
        {"params": (8,)},
        {"params": ("7",)},
        {"params": (7.0,)},
        {"params": (True,)},
        {"params": (7, 7)},
        {"params": {"0": 7}},
        {"params": None},
        {"sql": "SELECT 2"},
        {"alias": "replica"},
        {"error": "no such table"},
    ],
)
def test_does_not_find_statements_that_differ(other: dict[str, Any]) -> None:
    assert find(make_query(), make_query(**other)) == []


def test_does_not_find_a_repetition_after_a_write() -> None:
    assert find(make_query(), make_query(sql=WRITE), make_query()) == []


def test_does_not_find_transactions() -> None:
    begin = make_query(sql="BEGIN", params=None, is_transaction=True)
    assert find(begin, begin) == []


@pytest.mark.parametrize(
    "param", [HIDDEN, "<psycopg.types.range.Range>", "x… (9 more characters)", ["a", "… 5 more"]]
)
def test_does_not_find_what_the_record_does_not_show(param: Any) -> None:
    assert find(make_query(params=(param,)), make_query(params=(param,))) == []


def test_does_not_find_what_is_part_of_an_n_plus_one() -> None:
    assert find(*(make_query(params=(at % 2,)) for at in range(6))) == []


def test_does_not_find_fewer_than_the_threshold() -> None:
    assert find(make_query(), make_query(), duplicate_queries=3) == []
    assert find(make_query(), make_query(), make_query(), duplicate_queries=3)


@pytest.mark.parametrize("threshold", [0, 1])
def test_does_not_find_a_single_run_whatever_the_threshold(threshold: int) -> None:
    assert find(make_query(), duplicate_queries=threshold) == []


@pytest.mark.parametrize(
    ("kind", "frames", "count"),
    [("admin view", (), 0), ("admin view", (make_frame(),), 1), ("function", (), 1)],
)
def test_what_the_admin_asks_twice_by_itself_is_not_found(
    kind: str, frames: tuple[Any, ...], count: int
) -> None:
    queries = tuple(make_query(id=at, frames=frames, template=None) for at in (1, 2))
    view = make_stage(Stage.VIEW, facts={"kind": kind})
    cycle = make_cycle(queries=queries, stages={Stage.VIEW: view})
    assert len(list(duplicates.find(cycle, Thresholds()))) == count


@pytest.mark.parametrize(
    ("at_ns", "frames", "count"),
    [(0, (), 0), (0, (make_frame(),), 1), (1_000 * MS, (), 1)],
)
def test_what_the_page_about_an_exception_asks_twice_is_not_found(
    at_ns: int, frames: tuple[Any, ...], count: int
) -> None:
    queries = tuple(make_query(id=at, frames=frames, template=None) for at in (1, 2))
    cycle = make_cycle(queries=queries, events=(make_event(at_ns=at_ns),))
    assert len(list(duplicates.find(cycle, Thresholds()))) == count
