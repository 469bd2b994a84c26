"""The grammar of searches, and what they find."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis import search
from cycle_inspector.analysis.search import BadSearch, Term, parse
from cycle_inspector.records import Cycle, Stage, TemplateLine
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    make_render,
    make_span,
)


def cycle() -> Cycle:
    return make_cycle(
        spans=(make_span(id=1, stage=Stage.VIEW, name="shop.views.BookList", duration_ns=80 * MS),),
        queries=(
            make_query(
                id=2, sql="BEGIN", is_transaction=True, duration_ns=0, frames=(), template=None
            ),
            make_query(
                id=3,
                sql='SELECT "shop_book"."id" FROM "shop_book"',
                duration_ns=12 * MS,
                frames=(make_frame(path="/srv/shop/views.py", line=52),),
                template=None,
            ),
            make_query(
                id=4,
                sql='INSERT INTO "shop_order" ("id") VALUES (%s)',
                duration_ns=2 * MS,
                frames=(),
                template=TemplateLine("shop/list.html", 14),
            ),
        ),
        renders=(make_render(id=5, name="shop/list.html", duration_ns=40 * MS),),
        events=(
            make_event(
                kind="log", name="shop", stage=Stage.VIEW, attributes={"message": "Sold Out"}
            ),
        ),
        findings=(make_finding(code="CI103", title="A slow query", caller=None, template=None),),
    )


def found(text: str) -> list[str]:
    return [f"{one.kind} {one.number or ''}".strip() for one in search.find(cycle(), parse(text))]


def test_terms_are_words_phrases_and_keys() -> None:
    assert parse('slow "order by" SQL:Insert time:>10') == (
        Term("", "slow"),
        Term("", "order by"),
        Term("sql", "insert"),
        Term("time", ">10"),
    )
    assert parse("  ") == ()


def test_a_key_may_have_a_phrase() -> None:
    assert parse('sql:"order by"') == (Term("sql", "order by"),)


def test_what_is_no_key_is_a_word_colon_and_all() -> None:
    assert parse("shop:book-list") == (Term("", "shop:book-list"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sql:insert", ["query 2"]),
        ("table:shop_book", ["query 1"]),
        ("table:SHOP", ["query 1", "query 2"]),
        ("table:catalog", []),
        ("file:views.py:52", ["query 1"]),
        ("file:list.html:14", ["query 2"]),
        ("file:other.py", []),
        ("stage:templates", ["template"]),
        ("stage:data", ["query 1", "query", "query 2"]),
        ("booklist", ["span"]),
        ("sold", ["log"]),
        ("ci103", ["finding"]),
        ("nothing-like-it", []),
        ("sql:select time:<5", []),
        ("sql:insert time:<5", ["query 2"]),
    ],
)
def test_each_key_finds_its_own(text: str, expected: list[str]) -> None:
    assert sorted(found(text)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time:>12 sql:select", False),
        ("time:>=12 sql:select", True),
        ("time:12 sql:select", True),
        ("time:<12 sql:select", False),
        ("time:<=12ms sql:select", True),
        ("time:>0.01s sql:select", True),
        ("time:>0.02s sql:select", False),
    ],
)
def test_a_time_is_in_milliseconds_where_it_says_nothing_else(text: str, expected: bool) -> None:
    assert bool(found(text)) is expected


def test_transactions_have_no_number_and_are_found() -> None:
    assert found("sql:begin") == ["query"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time:soon", "time:soon is no duration. Write time:>10"),
        (f"time:>{'9' * 400}", "9 is no duration. Write time:>10"),
        ("stage:sql", "stage:sql is none of the stages: client, gateway"),
        ("x" * 1_001, "at most 1000 characters"),
    ],
)
def test_what_cannot_be_understood_is_said(text: str, said: str) -> None:
    with pytest.raises(BadSearch, match=said.replace(".", r"\.")):
        parse(text)


def test_a_search_of_ten_thousand_queries_is_one_pass() -> None:
    many = make_cycle(queries=tuple(make_query(id=at) for at in range(1, 10_001)))

    assert sum(1 for _ in search.find(many, parse("sql:select"))) == 10_000
