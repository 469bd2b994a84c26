"""What mends a loop, in words and as calls; tests.proof shows that it does."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._edits import Needs
from cycle_inspector.analysis._fixes import Words, needs_of, together
from cycle_inspector.analysis._loops import loops_of
from cycle_inspector.analysis._schema import Schema
from cycle_inspector.records import Query
from tests.analysis.shop import (
    ALL_AUTHORS,
    BOOKS_OF_ONE,
    ONE_AUTHOR,
    SCHEMA,
    authors,
    listed,
    repeated,
)

SCHEMA_OF_SHOP = Schema(SCHEMA)


def loop_of(*queries: Query) -> Any:
    return loops_of(queries, 2, SCHEMA_OF_SHOP)[-1]


def words_of(*queries: Query, is_raw: bool = False) -> str:
    words = Words(schema=SCHEMA_OF_SHOP, fetch_modes=False)
    return words.of(loop_of(*queries), None, is_raw=is_raw)


def test_a_field_is_joined() -> None:
    loop = loop_of(listed(), *authors())
    assert needs_of(loop, is_whole=False) == Needs(select=("author",))


def test_a_field_of_many_is_prefetched() -> None:
    loop = loop_of(listed(ALL_AUTHORS), *repeated(BOOKS_OF_ONE), *authors(first=200))
    assert needs_of(loop, is_whole=False) == Needs(prefetch=("books__author",))


def test_related_rows_are_prefetched_if_all_are_asked_for() -> None:
    loop = loop_of(listed(ALL_AUTHORS), *repeated(BOOKS_OF_ONE))
    assert needs_of(loop, is_whole=True) == Needs(prefetch=("books",))
    assert not needs_of(loop, is_whole=False)


@pytest.mark.parametrize(
    "rest", [' AND "shop_book"."price" > 3', ' AND "shop_book"."title" = \'a\'', " LIMIT 1"]
)
def test_some_of_the_related_rows_are_not_prefetched_as_they_are(rest: str) -> None:
    loop = loop_of(listed(ALL_AUTHORS), *repeated(BOOKS_OF_ONE + rest))
    assert not needs_of(loop, is_whole=True)


def test_what_a_generic_key_leads_to_may_not_have_the_field() -> None:
    generic = repeated(
        'SELECT "shop_book"."id" FROM "shop_book" WHERE "shop_book"."id" = %s',
        relation="shop.Tag.subject",
        relation_kind="generic",
    )
    assert needs_of(loop_of(*generic), is_whole=False) == Needs(prefetch=("subject",))


def test_needs_taken_together_name_each_way_once() -> None:
    needs = together(
        [
            Needs(select=("author",)),
            Needs(select=("author__country",), is_nullable=True),
            Needs(prefetch=("genres",)),
            Needs(prefetch=("genres",), columns=("blurb",)),
        ]
    )
    assert needs == Needs(
        select=("author__country",), prefetch=("genres",), columns=("blurb",), is_nullable=True
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (BOOKS_OF_ONE, 'Add .prefetch_related("books")'),
        (
            'SELECT COUNT(*) AS "c" FROM "shop_book" WHERE "shop_book"."author_id" = %s',
            '.annotate(books_count=Count("books", distinct=True))',
        ),
        (
            'SELECT MAX("shop_book"."price") AS "m" FROM "shop_book" '
            'WHERE "shop_book"."author_id" = %s',
            '.annotate(books_max=Max("books__price"))',
        ),
        (
            'SELECT 1 AS "a" FROM "shop_book" WHERE "shop_book"."author_id" = %s LIMIT 1',
            '.annotate(has_books=Exists(Book.objects.filter(author=OuterRef("pk"))))',
        ),
        (f"{BOOKS_OF_ONE} LIMIT 1", "queryset=Book.objects.filter(...)[:1]"),
    ],
)
def test_words_for_related_rows(sql: str, words: str) -> None:
    assert words in words_of(listed(ALL_AUTHORS), *repeated(sql))


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (ONE_AUTHOR, "Author.objects.in_bulk(keys)"),
        (ONE_AUTHOR.replace('"id" = %s', '"name" = %s'), "Author.objects.filter(name__in=[...])"),
        (BOOKS_OF_ONE, "Book.objects.filter(author__in=[...])"),
        (
            'SELECT COUNT(*) AS "c" FROM "shop_book" WHERE "shop_book"."title" = %s',
            'Book.objects.values("title").annotate(...)',
        ),
        ("SELECT a FROM elsewhere WHERE b = %s", "in_bulk() or filter(pk__in=...)"),
    ],
)
def test_words_without_a_relation(sql: str, words: str) -> None:
    assert words in words_of(*repeated(sql))


def test_words_for_a_statement_of_the_projects_own() -> None:
    assert "WHERE ... IN (...)" in words_of(*repeated(ONE_AUTHOR), is_raw=True)
