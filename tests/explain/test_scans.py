"""What is said about a table that is read in full."""

from __future__ import annotations

from cycle_inspector.explain import scans, statements
from cycle_inspector.explain.plans import PlanNode

BOOKS = (
    'SELECT "book"."id", T2."name" FROM "book" INNER JOIN "author" T2 ON ("book"."author_id" = '
    'T2."id") WHERE UPPER("book"."title") = %s ORDER BY T2."name" LIMIT 3'
)
TABLES = {
    "book": ({"id", "title", "author_id"}, {"id", "author_id"}),
    "author": ({"id", "name"}, {"id"}),
}


def said(sql: str, *steps: PlanNode) -> list[str]:
    tokens = statements.check(sql, "sqlite")
    return list(scans.remarks(steps, tokens, lambda name: TABLES.get(name, (set(), set()))))


def full(table: str, rows: float | None = None) -> PlanNode:
    return PlanNode(label="SCAN", table=table, rows=rows, is_full_scan=True)


def test_an_alias_is_told_as_its_table() -> None:
    tokens = statements.check(BOOKS, "sqlite")

    assert scans.tables_of(tokens) == {"book": "book", "T2": "author"}
    assert scans.columns_of(tokens) == [
        ("book", "author_id"),
        ("T2", "id"),
        ("book", "title"),
        ("T2", "name"),
    ]


def test_the_columns_without_an_index_are_named() -> None:
    (first, second) = said(BOOKS, full("book", 1_200), full("T2"))

    assert first.startswith("All of the table book is read, about 1,200 rows. ")
    assert "by title, with which no index" in first
    assert second.startswith("All of the table author is read. ")
    assert "by name, with which" in second


def test_an_index_that_is_there_is_told() -> None:
    (sentence,) = said("SELECT 1 FROM book WHERE id = %s", full("book", 1))

    assert "about 1 row. There is an index" in sentence


def test_a_statement_that_asks_for_all_is_told_so() -> None:
    (sentence,) = said("SELECT title FROM book", full("book"))

    assert "asks for all of its rows" in sentence


def test_nothing_is_said_of_what_is_searched_or_is_no_table() -> None:
    assert said(BOOKS, PlanNode(label="SEARCH", table="book"), full("one")) == []


def test_a_group_is_no_order_and_a_schema_is_no_table() -> None:
    tokens = statements.check(
        'SELECT title FROM "main"."book" AS b GROUP BY b.title ORDER BY b.id', "sqlite"
    )

    assert scans.tables_of(tokens) == {"b": "book"}
    assert scans.columns_of(tokens) == [("b", "id")]
