"""Which transactions there were, and what ran outside of any."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._transactions import Transactions, commits_of, writes
from cycle_inspector.records import Cycle, Query, Stage
from tests.factories import MS, make_cycle, make_event, make_query, make_span, make_stage

INSERT = "INSERT INTO a VALUES (%s)"


def ran(*statements: str, **given: Any) -> tuple[Query, ...]:
    """Return statements that ran one after the other, ten milliseconds apart."""
    words = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET TRANSACTION")
    return tuple(
        make_query(
            **{
                "id": at,
                "sql": sql,
                "is_transaction": sql.startswith(words),
                "start_ns": at * 10 * MS,
                **given,
            }
        )
        for at, sql in enumerate(statements)
    )


def commits(*statements: str, **facts: Any) -> list[int]:
    stage = make_stage(Stage.DATABASE, facts=facts)
    cycle = make_cycle(queries=ran(*statements), stages={Stage.DATABASE: stage})
    return [query.id for query in commits_of(cycle)]


def is_inside(cycle: Cycle, at_ns: int, **given: Any) -> bool:
    return Transactions(cycle).around(make_event(at_ns=at_ns, **given)) is not None


def test_a_write_outside_of_a_transaction_is_a_commit() -> None:
    assert commits(INSERT, "BEGIN", INSERT, "COMMIT", INSERT) == [0, 4]
    assert commits("SELECT 1", "SET TRANSACTION READ WRITE", INSERT) == [2]


@pytest.mark.parametrize(
    "statements",
    [
        ("BEGIN", INSERT, 'ROLLBACK TO SAVEPOINT "s"', INSERT, "ROLLBACK"),
        ('SAVEPOINT "s"', INSERT),
        ("SELECT 1", "SET search_path TO a", "PRAGMA foreign_keys = ON"),
    ],
)
def test_a_write_inside_of_one_and_a_read_are_none(statements: tuple[str, ...]) -> None:
    assert commits(*statements) == []


def test_nothing_is_a_commit_in_a_transaction_that_was_open_before() -> None:
    assert commits(INSERT, "COMMIT", INSERT, open_before=[["default", "MainThread"]]) == []
    assert commits(INSERT, open_before=[["other", "MainThread"]]) == [0]


def test_a_write_that_failed_is_no_commit() -> None:
    cycle = make_cycle(queries=ran(INSERT, error="IntegrityError: no"))
    assert commits_of(cycle) == []


def test_an_event_stands_in_the_transaction_of_its_thread() -> None:
    queries = ran("BEGIN", 'SAVEPOINT "s"', 'ROLLBACK TO SAVEPOINT "s"', "COMMIT", "BEGIN")
    cycle = make_cycle(queries=queries, spans=(make_span(id=4),))
    assert is_inside(cycle, 25 * MS)
    assert not is_inside(cycle, 31 * MS)
    assert not is_inside(cycle, 45 * MS)  # its end was not seen
    beside = make_cycle(queries=queries, spans=(make_span(id=4, thread="Thread-1"),))
    assert not is_inside(beside, 25 * MS)
    assert is_inside(beside, 25 * MS, parent=None)


def test_transactions_of_several_connections_are_looked_through() -> None:
    outer = (make_query(id=1, sql="BEGIN", is_transaction=True, alias="other", start_ns=0),)
    inner = ran("BEGIN", "COMMIT")
    last = (make_query(id=9, sql="COMMIT", is_transaction=True, alias="other", start_ns=90 * MS),)
    cycle = make_cycle(queries=outer + inner + last)
    assert is_inside(cycle, 50 * MS)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE a SET b = 1", True),
        ("WITH gone AS (DELETE FROM a RETURNING id) SELECT * FROM gone", True),
        ("WITH few AS (SELECT 1) SELECT * FROM few", False),
        ("CREATE TABLE a (b int)", False),
    ],
)
def test_what_changes_rows(sql: str, expected: bool) -> None:
    assert writes(make_query(sql=sql)) is expected
