"""What a SELECT reads, as far as it is understood."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._select import select_of, value_at

BOOKS = 'FROM "book" WHERE "book"."author_id" = %s'


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        (f'SELECT "book"."id" {BOOKS}', "rows"),
        (f'SELECT COUNT(*) AS "__count" {BOOKS}', "count"),
        (f'SELECT 1 AS "a" {BOOKS} LIMIT 1', "exists"),
        (f'SELECT %s AS "a" {BOOKS} LIMIT 1', "exists"),
        (f'SELECT SUM("book"."price") AS "total" {BOOKS}', "aggregate"),
    ],
)
def test_kind(sql: str, kind: str) -> None:
    select = select_of(sql)
    assert select is not None
    assert select.kind == kind
    assert select.table == "book"
    assert select.equals == (("book", "author_id"),)


@pytest.mark.parametrize(
    ("rest", "facts"),
    [
        ("", {"is_narrowed": False, "is_ordered": False, "is_limited": False}),
        (' AND "book"."price" > %s', {"is_narrowed": True}),
        (' AND "book"."title" = %s', {"is_narrowed": False}),
        (' ORDER BY "book"."id" ASC LIMIT 1', {"is_ordered": True, "is_limited": True}),
    ],
)
def test_what_narrows_it(rest: str, facts: dict[str, Any]) -> None:
    select = select_of(f'SELECT "book"."id" {BOOKS}{rest}')
    assert {name: getattr(select, name) for name in facts} == facts


def test_joined_tables_are_known_by_their_own_names() -> None:
    select = select_of(
        'SELECT "book"."id", T3."name" FROM "book" '
        'INNER JOIN "author" T3 ON ("book"."author_id" = T3."id") WHERE T3."name" = %s'
    )
    assert select is not None
    (join,) = select.joins
    assert (join.table, join.left, join.right) == (
        "author",
        ("book", "author_id"),
        ("author", "id"),
    )
    assert select.read == {"book", "author"}
    assert select.equals == (("author", "name"),)


@pytest.mark.parametrize("quotes", ['""', "``", "[]"])
def test_names_in_any_quotes(quotes: str) -> None:
    first, last = quotes
    select = select_of(f"SELECT {first}a{last}.{first}id{last} FROM {first}a{last}")
    assert select is not None
    assert select.read == {"a"}


def test_a_list_of_values() -> None:
    select = select_of('SELECT "book"."id" FROM "book" WHERE "book"."author_id" IN (%s, %s)')
    assert select is not None
    assert select.listed == (("book", "author_id"),)
    assert not select.is_narrowed


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO book VALUES (%s)",
        "SELECT 1",
        'WITH a AS (SELECT 1) SELECT "a"."b" FROM "a"',
        'SELECT "a"."b" FROM "a" WHERE "a"."b" IN (SELECT 1)',
        "",
    ],
)
def test_what_is_not_understood_is_none(sql: str) -> None:
    assert select_of(sql) is None


def test_the_place_of_a_value_among_the_parameters() -> None:
    sql = 'SELECT %s AS "a" FROM "book" WHERE ("book"."x" > %s AND "book"."author_id" = %s)'
    assert value_at(sql, ("book", "author_id")) == 2
    assert value_at(sql, ("book", "x")) is None
    assert value_at("SELECT 1", ("book", "x")) is None
