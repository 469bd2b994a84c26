"""CI101, one query for each row of a list."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds, n_plus_one
from cycle_inspector.records import HIDDEN, Cycle, Finding, Severity, TemplateLine
from tests.factories import MS, make_cycle, make_frame, make_query, with_repeated_queries


def find(cycle: Cycle, **thresholds: int) -> list[Finding]:
    return list(n_plus_one.find(cycle, Thresholds(**thresholds)))


def looped(count: int = 5, **given: Any) -> Cycle:
    return with_repeated_queries(make_cycle(), count, **given)


def test_finds_a_relation_loaded_for_each_row() -> None:
    related = {"relation": "catalog.Book.author", "relation_kind": "to_one"}
    (finding,) = find(looped(5, **related, duration_ns=MS))
    assert finding.code == "CI101"
    assert finding.severity is Severity.WARNING
    assert finding.title == "N+1: 5 × catalog.Book.author"
    assert finding.count == 5
    assert finding.cost_ns == 4 * MS  # one query would still be needed
    assert finding.evidence == (100, 101, 102, 103, 104)
    assert finding.caller == make_frame()
    assert finding.template == TemplateLine(name="catalog/book_list.html", line=14)
    assert 'select_related("author")' in finding.fix


@pytest.mark.parametrize(
    ("kind", "fix"),
    [
        ("to_one", '.select_related("author")'),
        ("generic", '.prefetch_related("author")'),
        ("column", '"author" out of .defer()'),
    ],
)
def test_the_fix_goes_by_the_kind_of_the_relation(kind: str, fix: str) -> None:
    (finding,) = find(looped(5, relation="catalog.Book.author", relation_kind=kind))
    assert fix in finding.fix


def test_finds_a_query_in_a_loop_without_a_relation() -> None:
    (finding,) = find(looped())
    assert finding.title == "N+1: 5 × catalog_author"
    assert "prefetch_related()" in finding.fix


def test_finds_statements_that_differ_in_their_literals_only() -> None:
    queries = tuple(
        make_query(id=at, sql=f"SELECT * FROM t WHERE id = {at}", params=None) for at in range(4)
    )
    assert find(make_cycle(queries=queries))


def test_finds_lists_of_different_lengths() -> None:
    queries = tuple(
        make_query(
            id=at,
            sql=f"SELECT * FROM t WHERE id IN ({', '.join(['%s'] * at)})",
            params=tuple(range(at)),
        )
        for at in range(1, 5)
    )
    assert find(make_cycle(queries=queries))


def test_finds_runs_whose_parameters_are_hidden() -> None:
    assert find(looped(params=(HIDDEN,)))


def test_finds_equal_stacks_that_are_not_the_same_object() -> None:
    queries = tuple(make_query(id=at, params=(at,), frames=(make_frame(),)) for at in range(4))
    assert find(make_cycle(queries=queries))


def test_finds_each_loop_by_itself() -> None:
    cycle = with_repeated_queries(
        looped(4), 3, frames=(make_frame(line=80),), template=None, relation="catalog.Book.shelf"
    )
    assert [finding.count for finding in find(cycle)] == [4, 3]


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ('SELECT * FROM "catalog_author" WHERE "id" = %s', "catalog_author"),
        ('SELECT * FROM "public"."catalog_author" WHERE a = %s', "public.catalog_author"),
        ("SELECT * FROM `author` WHERE a = %s", "author"),
        ("SELECT * FROM [dbo].[author] WHERE a = %s", "dbo.author"),
        ("select * from author where a = %s", "author"),
        ("SELECT COUNT(*) FROM (SELECT a FROM author WHERE b = %s) x", "author"),
        ('SELECT EXTRACT(YEAR FROM "date") FROM author WHERE a = %s', "author"),
        ("SELECT %s", "the same statement"),
        ("SELECT %s FROM", "the same statement"),
    ],
)
def test_title_names_the_table(sql: str, table: str) -> None:
    (finding,) = find(looped(sql=sql))
    assert finding.title == f"N+1: 5 × {table}"


def test_does_not_find_fewer_than_the_threshold() -> None:
    assert find(looped(2)) == []
    assert find(looped(3))
    assert find(looped(3), repeated_queries=4) == []


@pytest.mark.parametrize("threshold", [0, 1])
def test_does_not_find_a_single_run_whatever_the_threshold(threshold: int) -> None:
    assert find(looped(1), repeated_queries=threshold) == []


def test_does_not_find_the_very_same_statement_again() -> None:
    assert find(looped(params=(7,))) == []  # that is a duplicate


@pytest.mark.parametrize(
    "different",
    [
        {"frames": lambda at: (make_frame(line=at),)},
        {"template": lambda at: TemplateLine(name="list.html", line=at)},
        {"relation": lambda at: f"catalog.Book.field{at}"},
        {"alias": lambda at: f"shard{at}"},
        {"sql": lambda at: f"SELECT * FROM table_{at} WHERE id = %s"},
    ],
    ids=lambda different: next(iter(different)),
)
def test_does_not_find_queries_of_different_places_or_shapes(different: dict[str, Any]) -> None:
    queries = tuple(
        make_query(id=at, params=(at,), **{name: make(at) for name, make in different.items()})
        for at in range(5)
    )
    assert find(make_cycle(queries=queries)) == []


def test_does_not_find_writes_failures_or_transactions() -> None:
    assert find(looped(sql="INSERT INTO t VALUES (%s)")) == []
    assert find(looped(error="no such table")) == []
    assert find(looped(sql="SAVEPOINT x", is_transaction=True)) == []


def test_does_not_find_anything_in_an_empty_cycle() -> None:
    assert find(make_cycle()) == []
