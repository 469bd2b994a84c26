from __future__ import annotations

from typing import Any

import pytest
from django.urls import include, path

from cycle_inspector.routes import ways
from cycle_inspector.routes.faults import Fault, Fit, Kind
from tests.routes.urls import view


def route(text: str) -> Any:
    return path(text, view).pattern


def prefix(text: str) -> Any:
    return path(text, include([])).pattern


def fits(*parts: Any) -> tuple[Fit, ...]:
    return tuple(Fit(*part) for part in parts)


def test_as_it_is_a_route_stands_beside_its_text() -> None:
    found = ways.as_it_is(route("books/<int:pk>/"), "books/7/")

    assert found is not None
    assert (found.faults, found.left, found.mended) == ((), "", "books/7/")
    assert found.fits == fits(
        ("books/", "books/", True), ("<int:pk>", "7", True, "pk"), ("/", "/", True)
    )
    assert ways.as_it_is(route("books/<int:pk>/"), "books/abc/") is None


def test_in_any_case_the_text_is_mended() -> None:
    found = ways.in_any_case(route("Books/<slug:a>/"), "booKs/New/")

    assert found is not None
    assert found.faults == (Fault(Kind.CASE, "Books/", "booKs/"),)
    assert found.mended == "Books/New/"
    assert ways.in_any_case(route("books/"), "boks/") is None


def test_two_texts_in_another_case_are_one_fault() -> None:
    found = ways.in_any_case(route("a/<int:b>/c/"), "A/1/C/")

    assert found is not None
    assert [one.kind for one in found.faults] == [Kind.CASE]
    assert [one.fits for one in found.fits] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "given", "refused"),
    [
        ("books/<int:pk>/", "books/abc/", [("int", "abc")]),
        ("<int:a>/<uuid:b>/", "x/y/", [("int", "x"), ("uuid", "y")]),
        ("<int:a>-<int:b>/", "1-x/", [("int", "x")]),
        ("<pk>/<int:a>/", "x/y/", [("int", "y")]),
    ],
)
def test_with_any_value_the_converters_that_refuse_are_named(
    text: str, given: str, refused: list[tuple[str, str]]
) -> None:
    found = ways.with_any_value(route(text), given)

    assert found is not None
    assert [(one.expected, one.found) for one in found.faults] == refused
    assert {one.kind for one in found.faults} == {Kind.CONVERTER}
    assert found.mended is None


@pytest.mark.parametrize(
    ("text", "given"), [("books/", "books/"), ("books/<int:pk>/", "books/a/b/")]
)
def test_without_parameters_or_over_a_slash_no_value_will_do(text: str, given: str) -> None:
    assert ways.with_any_value(route(text), given) is None
    assert ways.in_any_case_with_any_value(route(text), given) is None


def test_a_converter_that_takes_slashes_takes_them() -> None:
    found = ways.with_any_value(route("<path:rest>/<int:pk>/"), "a/b/x/")

    assert found is not None
    assert [one.found for one in found.fits] == ["a/b", "/", "x", "/"]


@pytest.mark.parametrize(
    ("pattern", "text", "kind"),
    [
        (route("/books/"), "books/", Kind.SLASH_IN_ROUTE),
        (route(r"^books/(\d+)/$"), "books/7/", Kind.EXPRESSION),
        (route(r"books/(?P<pk>\d+)/"), "books/7/", Kind.EXPRESSION),
        (prefix("^shop/"), "shop/cart/", Kind.EXPRESSION),
        (route("books/"), "books/", None),
        (route("/books/"), "orders/", None),
        (route(r"^books/(\d+)/$"), "books/x/", None),
        (route(r"^books/(\d+/$"), "books/7/", None),
        (route("^books/"), "books/7/", None),
    ],
)
def test_a_route_may_be_written_otherwise_than_meant(
    pattern: Any, text: str, kind: Kind | None
) -> None:
    found = ways.written_otherwise(pattern, text)

    assert (None if found is None else found.faults[0].kind) == kind


@pytest.mark.parametrize(
    ("pattern", "text", "mended"),
    [
        (route("books/"), "boks/", "books/"),
        (route("books/<int:pk>/edit/"), "boks/7/eidt/", "books/7/edit/"),
        (prefix("shop/"), "shp/cart/", "shop/"),
        (route("books.csv"), "boks.csv", "books.csv"),
    ],
)
def test_words_are_put_right(pattern: Any, text: str, mended: str) -> None:
    found = ways.respelled(pattern, text)

    assert found is not None
    assert {one.kind for one in found.faults} == {Kind.SPELLING}
    assert found.mended == mended
    assert "".join(one.found for one in found.fits) + found.left == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (route("books/"), "books/"),
        (route("books/"), "orders/"),
        (route("books/"), "boks/7/"),
        (route("aaaa/bbbb/cccc/"), "aaab/bbbc/cccd/"),
        (route("books-<int:pk>/"), "boks-7/"),
    ],
)
def test_other_words_are_not(pattern: Any, text: str) -> None:
    assert ways.respelled(pattern, text) is None


def test_a_word_may_be_misspelled_beside_a_value_that_is_refused() -> None:
    found = ways.respelled(route("Books/<int:pk>/new/"), "books/abc/neww/")

    assert found is not None
    assert [one.kind for one in found.faults] == [Kind.CASE, Kind.SPELLING, Kind.CONVERTER]
    assert found.fits == fits(
        ("Books/", "books/", False), ("<int:pk>", "abc", False, "pk"), ("/new/", "/neww/", False)
    )


@pytest.mark.parametrize(
    ("text", "given", "matched", "expected", "found"),
    [
        ("books/", "books/abc/", "books/", "", "abc/"),
        ("books/<int:pk>/edit/", "books/7/", "books/7/", "edit/", ""),
        ("books/<int:pk>/edit/", "books/7/delete/", "books/7/", "edit/", "delete/"),
        ("books/<int:pk>/edit/", "books/abc/", "books/", "<int:pk>/edit/", "abc/"),
        ("books/new/all/", "books/news/", "books/", "new/all/", "news/"),
        ("a/<slug:b>-<int:c>/d/", "a/x-7/e/", "a/x-7/", "d/", "e/"),
    ],
)
def test_how_far_a_route_matched_is_told(
    text: str, given: str, matched: str, expected: str, found: str
) -> None:
    way = ways.how_far(route(text), given)

    assert way is not None
    assert way.faults == (Fault(Kind.REST, expected, found),)
    assert "".join(one.found for one in way.fits if one.fits) == matched


@pytest.mark.parametrize(
    ("text", "given"),
    [("books/", "boo"), ("books.csv", "books.txt"), ("<int:pk>/", "abc/"), ("a", "b"), ("", "a/")],
)
def test_less_than_a_segment_is_not_near(text: str, given: str) -> None:
    assert ways.how_far(route(text), given) is None


def test_the_projects_own_converters_are_known() -> None:
    assert ways.own_converters(route("<int:a>/<shelf_year:b>/<c>")) == {"b": "shelf_year"}
