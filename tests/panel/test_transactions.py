"""Which transaction each query stood in."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages
from cycle_inspector.panel.transactions import Standing, standings
from cycle_inspector.records import Query, Stage
from tests.factories import MS, make_cycle, make_query


def sent(*statements: str, **given: Any) -> list[Query]:
    return [
        make_query(
            **{
                "id": at,
                "sql": sql.removesuffix("!"),
                "is_transaction": not sql.startswith("SELECT"),
                "params": None,
                "start_ns": at * MS,
                "duration_ns": MS,
                "error": "OperationalError: no" if sql.endswith("!") else None,
                **given,
            }
        )
        for at, sql in enumerate(statements)
    ]


def depths(*statements: str) -> list[int]:
    return [one.depth for one in standings(sent(*statements))]


def outcomes(found: list[Standing]) -> list[str]:
    return [one.opens.outcome for one in found if one.opens is not None]


def test_a_query_outside_stands_in_nothing() -> None:
    assert standings(sent("SELECT 1")) == [Standing()]


def test_a_transaction_is_a_bracket_and_a_savepoint_one_inside() -> None:
    found = standings(
        sent(
            "SELECT 0",
            "BEGIN",
            "SELECT 1",
            'SAVEPOINT "s1"',
            "SELECT 2",
            'RELEASE SAVEPOINT "s1"',
            "SELECT 3",
            "COMMIT",
            "SELECT 4",
        )
    )

    assert [one.depth for one in found] == [0, 1, 1, 2, 2, 2, 1, 1, 0]
    assert outcomes(found) == ["committed", "released"]
    whole, inner = (one.opens for one in found if one.opens is not None)
    assert (whole.count, whole.duration_ns) == (3, 7 * MS)
    assert (inner.count, inner.duration_ns) == (1, 3 * MS)
    assert not any(one.is_undone for one in found)


def test_a_savepoint_that_is_rolled_back_leaves_the_transaction() -> None:
    found = standings(
        sent(
            "START TRANSACTION",
            "SAVEPOINT `s1`",
            "SELECT 1",
            "ROLLBACK TO SAVEPOINT `s1`",
            "RELEASE SAVEPOINT `s1`",
            "SELECT 2",
            "COMMIT",
        )
    )

    assert outcomes(found) == ["committed", "rolled back"]
    assert [one.is_undone for one in found] == [False, True, True, True, True, False, False]


@pytest.mark.parametrize("end", ["ROLLBACK", "ABORT", "COMMIT!"])
def test_what_undoes_a_transaction_undoes_all_in_it(end: str) -> None:
    found = standings(sent("BEGIN", "SAVEPOINT s1", "SELECT 1", end, "SELECT 2"))

    assert outcomes(found) == ["rolled back", "rolled back"]
    assert [one.is_undone for one in found] == [True, True, True, True, False]
    assert [one.depth for one in found] == [1, 2, 2, 1, 0]


@pytest.mark.parametrize(
    ("statements", "deep"),
    [
        (("BEGIN!", "SELECT 1"), [0, 0]),
        (("COMMIT", "ROLLBACK", "RELEASE s1", "ROLLBACK TO s1"), [0, 0, 0, 0]),
        (("SAVEPOINT s1", "SELECT 1", "RELEASE s1", "SELECT 2"), [1, 1, 1, 0]),
        (("BEGIN", "RELEASE s1!", "ROLLBACK!", "SELECT 1"), [1, 1, 1, 1]),
        (("BEGIN", "BEGIN", "SELECT 1"), [1, 1, 1]),
        (("SET TRANSACTION READ ONLY", "SELECT 1"), [0, 0]),
        (("BEGIN", *[f"SAVEPOINT s{at}" for at in range(9)]), [1, 2, 3, 4, 5, *[6] * 5]),
    ],
)
def test_statements_that_do_not_match_up_are_no_harm(
    statements: tuple[str, ...], deep: list[int]
) -> None:
    assert depths(*statements) == deep


def test_a_transaction_without_an_end_says_so() -> None:
    queries = tuple(sent("BEGIN", "SELECT 1"))

    assert outcomes(standings(queries)) == [""]
    assert "its end was not recorded" in pages.stage(make_cycle(queries=queries), Stage.DATABASE)


@pytest.mark.parametrize("other", [{"alias": "replica"}, {"thread": "Thread-7"}])
def test_another_connection_stands_outside(other: dict[str, Any]) -> None:
    begin, select, commit = sent("BEGIN", "SELECT 1", "COMMIT")
    (elsewhere,) = sent("SELECT 2", **other)

    found = standings([begin, elsewhere, select, commit])

    assert [one.depth for one in found] == [1, 0, 1, 1]


def test_the_list_shows_how_a_transaction_ended() -> None:
    queries = tuple(sent("BEGIN", "SELECT 1", "ROLLBACK"))

    page = pages.stage(make_cycle(queries=queries), Stage.DATABASE)

    assert page.count("inside-1") == 3
    assert "rolled back" in page
    assert "1 query in 3" in page


def test_the_list_shows_no_transaction_where_there_is_none() -> None:
    assert "inside-" not in pages.stage(make_cycle(queries=sent("SELECT 1")), Stage.DATABASE)
