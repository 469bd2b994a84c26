"""What is said about a table that is read in full."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._conditions import statement_of
from cycle_inspector.explain import scans
from cycle_inspector.explain.plans import PlanNode
from cycle_inspector.explain.scans import Table

BOOKS = (
    'SELECT "book"."id", T2."name" FROM "main"."book" INNER JOIN "author" T2 '
    'ON ("book"."author_id" = T2."id") WHERE "book"."title" = %s ORDER BY T2."name" LIMIT 3'
)
TABLES = {
    "book": Table(leading=frozenset({"id", "author_id"}), rows=12_000),
    "author": Table(leading=frozenset({"id"})),
}


def said(sql: str, *steps: PlanNode) -> list[str]:
    found = scans.scans(steps, statement_of(sql, "sqlite"), TABLES.get)
    return [one.sentence for one in found]


def full(table: str, read_rows: float | None = None) -> PlanNode:
    return PlanNode(label="SCAN", table=table, read_rows=read_rows, is_full_scan=True)


def test_the_index_that_is_missing_is_named_with_what_it_is_for() -> None:
    assert said("SELECT 1 FROM book WHERE title = %s", full("book")) == [
        "Reads all 12\N{NO-BREAK SPACE}000 rows of book to find those with title = ?: "
        "an index on book(title) would help."
    ]


def test_an_alias_and_a_name_without_its_schema_are_told_as_the_table() -> None:
    first, second = said(BOOKS, full("book"), full("T2", 500))

    assert first.startswith("Reads all 12\N{NO-BREAK SPACE}000 rows of main.book to find")
    assert second.startswith("Reads all 500 rows of author to join them by id. ")


def test_an_index_that_is_not_used_is_told() -> None:
    (sentence,) = said("SELECT 1 FROM book WHERE author_id = %s", full("book"))

    assert "to find those with author_id = ?. An index begins with author_id" in sentence


@pytest.mark.parametrize(
    "sql", ["SELECT title FROM book", "SELECT 1 FROM book WHERE UPPER(title) = %s"]
)
def test_no_index_is_named_where_none_would_help(sql: str) -> None:
    assert said(sql, full("book")) == ["Reads all 12\N{NO-BREAK SPACE}000 rows of book."]


@pytest.mark.parametrize(("rows", "told"), [(1, "1 row"), (99, "99 rows")])
def test_of_a_small_table_it_is_said_that_it_is_small(rows: float, told: str) -> None:
    (sentence,) = said("SELECT 1 FROM author WHERE name = %s", full("author", rows))

    assert sentence == f"Reads all {told} of author: so few that an index would change little."


def test_how_many_rows_there_are_need_not_be_known() -> None:
    (sentence,) = said("SELECT 1 FROM author WHERE name = %s", full("author"))

    assert sentence.startswith("Reads all rows of author to find those with name = ?: an index")


def test_a_table_that_is_read_twice_is_told_once() -> None:
    assert len(said("SELECT 1 FROM book", full("book"), full("book"))) == 1


def test_each_place_of_a_table_is_told_by_its_own_columns() -> None:
    sql = (
        "SELECT b.title, (SELECT COUNT(*) FROM book other WHERE other.price < b.price) AS cheaper "
        "FROM book b WHERE b.pages >= %s"
    )

    outer, inner = said(sql, full("b"), full("other"))

    assert "with pages in a range: an index on book(pages) would help" in outer
    assert "with price in a range: an index on book(price) would help" in inner


def test_nothing_is_said_of_what_is_searched_or_is_no_table() -> None:
    assert said(BOOKS, PlanNode(label="SEARCH", table="book"), full("one")) == []
