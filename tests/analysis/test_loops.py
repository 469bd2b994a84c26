"""Loops, what they load, and the query that their rows came from."""

from __future__ import annotations

from cycle_inspector.analysis import Thresholds, n_plus_one
from cycle_inspector.analysis._loops import Loop, loops_of
from cycle_inspector.analysis._schema import Schema
from cycle_inspector.records import Query
from tests.analysis.shop import (
    ALL_AUTHORS,
    ALL_BOOKS,
    BOOKS_OF_ONE,
    ONE_AUTHOR,
    SCHEMA,
    authors,
    listed,
    make_loop,
    repeated,
)


def find(*queries: Query) -> list[Loop]:
    return loops_of(queries, 2, Schema(SCHEMA))


def names(loop: Loop) -> str:
    return ".".join(relation.name for relation in loop.path)


def test_the_rows_of_a_field_come_from_the_query_before() -> None:
    (loop,) = find(listed(), *authors())
    assert loop.origin is not None
    assert loop.origin.query.id == 1
    assert names(loop) == "author"


def test_of_two_lists_the_nearer_one_that_has_rows_enough_is_taken() -> None:
    (loop,) = find(listed(), listed(id=2, rows=5), listed(id=3, rows=2), *authors())
    assert loop.origin is not None
    assert loop.origin.query.id == 2


def test_single_objects_are_no_origin() -> None:
    (loop,) = find(listed(rows=1), *authors())
    assert loop.origin is None


def test_a_list_of_another_database_is_no_origin() -> None:
    (loop,) = find(listed(alias="other"), *authors())
    assert loop.origin is None


def test_a_list_that_failed_is_no_origin() -> None:
    (loop,) = find(listed(error="no such column"), *authors())
    assert loop.origin is None


def test_a_related_manager_is_named_by_its_column() -> None:
    (loop,) = find(listed(ALL_AUTHORS), *repeated(BOOKS_OF_ONE))
    assert loop.relation is not None
    assert loop.relation.label == "shop.Author.books"


def test_a_related_manager_of_no_rows_is_not_named() -> None:
    (loop,) = find(*repeated(BOOKS_OF_ONE))
    assert loop.relation is None


def test_a_related_manager_of_a_single_object_is_not_named() -> None:
    sql = f'{BOOKS_OF_ONE} AND "shop_book"."title" = %s'
    queries = [one._replace(params=(7, at)) for at, one in enumerate(repeated(sql))]
    (loop,) = find(listed(ALL_AUTHORS), *queries)
    assert loop.relation is None


def test_a_loop_in_a_loop_leads_to_the_first_list() -> None:
    # author.books.all() of each author, then book.author of each of these books
    outer, inner = repeated(BOOKS_OF_ONE), authors(first=200)
    _, loop = find(listed(ALL_AUTHORS), *outer, *inner)
    assert loop.origin is not None
    assert loop.origin.query.id == 1
    assert names(loop) == "books.author"


def test_rows_that_were_joined_have_a_way_to_them() -> None:
    sql = (
        'SELECT "shop_book"."id", "shop_author"."id" FROM "shop_book" '
        'INNER JOIN "shop_author" ON ("shop_book"."author_id" = "shop_author"."id")'
    )
    (loop,) = find(listed(sql), *repeated(BOOKS_OF_ONE))
    assert names(loop) == "author.books"


def test_rows_that_were_prefetched_have_a_way_to_them() -> None:
    prefetch = f'{ALL_BOOKS} WHERE "shop_book"."author_id" IN (%s, %s)'
    (loop,) = find(listed(ALL_AUTHORS), listed(prefetch, id=2), *authors())
    assert loop.origin is not None
    assert loop.origin.query.id == 1
    assert names(loop) == "books.author"


def test_a_relation_that_was_prefetched_is_said_to_be() -> None:
    prefetch = f'{ALL_BOOKS} WHERE "shop_book"."author_id" IN (%s, %s)'
    (loop,) = find(listed(ALL_AUTHORS), listed(prefetch, id=2), *repeated(BOOKS_OF_ONE))
    assert loop.is_past_prefetch


def test_loops_in_a_ring_come_to_an_end() -> None:
    both = [one for pair in zip(authors(), repeated(BOOKS_OF_ONE), strict=True) for one in pair]
    assert [loop.origin for loop in find(*both)] == [None, None]


def test_a_get_in_a_loop_has_no_relation() -> None:
    (loop,) = find(*repeated(ONE_AUTHOR))
    assert loop.relation is None
    assert loop.origin is None


def test_ten_thousand_queries_take_as_many_steps_as_there_are() -> None:
    # Twice as many queries: twice the calls, not four times.
    def calls(count: int) -> int:
        import sys

        made = 0

        def count_call(frame: object, event: str, arg: object) -> None:
            nonlocal made
            made += event == "call"

        cycle = make_loop(listed(rows=count), authors(count))
        list(n_plus_one.find(cycle, Thresholds()))
        sys.setprofile(count_call)
        try:
            list(n_plus_one.find(cycle, Thresholds()))
        finally:
            sys.setprofile(None)
        return made

    assert calls(10_000) < 2.2 * calls(5_000)
