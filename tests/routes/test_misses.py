from __future__ import annotations

import logging
import time
from itertools import count
from typing import Any, ClassVar

import pytest
from django.urls import include, path
from django.views.decorators.http import require_POST

from cycle_inspector.routes import misses, walk
from cycle_inspector.routes.faults import Kind
from cycle_inspector.routes.misses import NearMiss, find
from tests.routes.urls import patterns, resolver, view


def found(url: str, *more: Any, **given: Any) -> tuple[NearMiss, ...]:
    given.setdefault("seconds", 10)
    tried = walk.search(resolver(*(more or patterns)), url)
    assert not tried.matched
    return find(tried.tried, url, **given)


@pytest.mark.parametrize(
    ("url", "nearest", "kinds", "would_match"),
    [
        ("/books/abc/", "books/<int:pk>/", [Kind.CONVERTER], None),
        ("/books", "books/", [Kind.SLASH_MISSING], "/books/"),
        ("//books/", "books/", [Kind.DOUBLE_SLASH], "/books/"),
        ("/Books/", "books/", [Kind.CASE], "/books/"),
        ("/obok/", None, [], None),
        ("/oboks/", "books/", [Kind.SPELLING], "/books/"),
        ("/shop/crat/", "shop/cart/", [Kind.SPELLING], "/shop/cart/"),
        ("/shop/new/items/x/", "shop/<slug:shelf>/items/<int:number>/", [Kind.CONVERTER], None),
        ("/shp/cart/", "shop/cart/", [Kind.SPELLING], "/shop/cart/"),
        ("/noslash/in/", "noslashin/", [Kind.SLASH_AFTER_INCLUDE], "/noslashin/"),
        ("/wrong/", "/wrong/", [Kind.SLASH_IN_ROUTE], None),
        ("/Archive/0000/", "Archive/<shelf_year:year>/", [Kind.REFUSED], None),
        ("/orders/7", r"^orders/(?P<pk>\d+)/$", [Kind.SLASH_MISSING], "/orders/7/"),
        ("/zoo/", None, [], None),
        ("/x", None, [], None),
    ],
)
def test_the_nearest_comes_first(
    url: str, nearest: str | None, kinds: list[Kind], would_match: str | None
) -> None:
    first = next(iter(found(url)), None)

    assert (None if first is None else first.pattern) == nearest
    assert ([] if first is None else [one.kind for one in first.faults]) == kinds
    assert (None if first is None else first.would_match) == would_match
    if would_match is not None:
        assert walk.search(resolver(*patterns), would_match).matched


def test_a_pattern_that_only_shares_letters_is_not_near() -> None:
    assert {one.pattern for one in found("/books/abc/")} == {
        "books/",
        "books/<int:pk>/",
        "books/<int:pk>/edit/",
    }


def test_they_are_in_the_order_of_their_distance() -> None:
    distances = [one.distance for one in found("/books/7/delete/")]

    assert distances == sorted(distances)
    assert len(distances) > 1


def test_each_knows_its_place_among_those_tried_and_how_far_it_matched() -> None:
    near = found("/books/abc/")[0]

    assert patterns[near.order] is near.chain[-1]
    assert near.matched == "books/"
    assert "".join(one.found for one in near.fits) == "books/abc/"


def test_what_an_include_took_is_a_part_of_it() -> None:
    near = found("/shop/crat/")[0]

    assert near.matched == "shop/"
    assert [(one.expected, one.found, one.fits) for one in near.fits] == [
        ("shop/", "shop/", True),
        ("cart", "crat", False),
        ("/", "/", True),
    ]


def test_no_more_than_wanted_are_returned() -> None:
    assert len(found("/books/abc/", most=2)) == 2


def test_of_those_equally_near_the_most_alike_comes_first() -> None:
    many = [path(f"api/{name}/list/", view) for name in ("author", "order", "book")]

    assert found("/api/bookshop/", *many)[0].pattern == "api/book/list/"


@pytest.mark.parametrize(
    ("url", "text"),
    [("/shop/zoo/b/", "shop/"), ("/a/b/zoo/", "a/b/")],
)
def test_where_nothing_came_near_the_include_that_took_most_is_told(url: str, text: str) -> None:
    shop = path("shop/", include([path("cart/", view)]))
    deep = path("a/", include([path("b/", include([path("c/", view)]))]))

    (near,) = found(url, shop, deep, path("b/", view))

    assert (near.pattern, near.matched) == (text, text)
    assert near.faults[0].kind is Kind.INSIDE
    assert near.faults[0].found == url.removeprefix("/" + text)


def test_an_include_that_takes_nothing_is_not_told() -> None:
    assert found("/zoo/", path("", include([path("cart/", view)]))) == ()


@pytest.mark.parametrize(("method", "kinds"), [("GET", 2), ("POST", 1), ("", 1)])
def test_a_view_that_would_not_answer_the_method_is_a_fault_more(method: str, kinds: int) -> None:
    (near,) = found("/send", path("send/", require_POST(view)), method=method)

    assert [one.kind for one in near.faults] == [Kind.SLASH_MISSING, Kind.METHOD][:kinds]
    if kinds == 2:
        assert (near.faults[1].expected, near.faults[1].found) == ("POST", "GET")


@pytest.mark.parametrize("url", ["books/", "/" + "a" * 400])
def test_what_is_no_path_or_too_long_has_no_near_miss(url: str) -> None:
    assert find([(path("books/", view),)], url) == ()


def test_when_the_time_is_up_what_was_found_is_returned() -> None:
    clock = count()
    chains = [(path(f"books/{at}x/", view),) for at in range(1_000)]

    near = find(chains, "/books/y/", seconds=3, clock=lambda: next(clock))

    assert 0 < len(near) <= 5
    assert next(clock) < 20


def test_a_pattern_that_cannot_be_compared_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compare = misses.compare

    def fail(one: Any, text: str) -> Any:
        if one.name == "book":
            raise LookupError
        return compare(one, text)

    monkeypatch.setattr(misses, "compare", fail)
    with caplog.at_level(logging.DEBUG, "cycle_inspector"):
        near = found("/books/abc/")

    assert [one.pattern for one in near] == ["books/", "books/<int:pk>/edit/"]
    assert len(caplog.records) == 1


class Opaque:
    converters: ClassVar[dict[str, Any]] = {}

    def match(self, text: str) -> Any:
        return text, (), {}

    def __str__(self) -> str:
        return "opaque"


def test_behind_an_include_of_another_make_nothing_is_known() -> None:
    outer = path("x/", include([path("books/", view)]))
    outer.pattern = Opaque()

    assert found("/books", outer, path("zoo/", view)) == ()


def test_two_thousand_patterns_are_looked_through_at_once() -> None:
    chains = [(path(f"{name}{at}/<int:pk>/", view),) for at in range(500)
              for name in ("book", "order", "author", "zoo")]  # fmt: skip
    find(chains, "/book7/abc/", seconds=10)

    start = time.thread_time()
    near = find(chains, "/book7/abc/", seconds=10)

    assert near[0].pattern == "book7/<int:pk>/"
    assert time.thread_time() - start < 0.1
