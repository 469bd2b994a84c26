from __future__ import annotations

from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path
from django.utils import translation

from cycle_inspector.routes.compare import Comparison, compare
from cycle_inspector.routes.faults import Kind
from tests.routes.urls import SHOP, Year, view

INCLUDE = path("shop/", include(SHOP))


def kinds(found: Comparison | None) -> list[Kind]:
    assert found is not None
    return [one.kind for one in found.faults]


@pytest.mark.parametrize(
    ("one", "text", "faults", "would_match"),
    [
        (path("books/", view), "books", [Kind.SLASH_MISSING], "books/"),
        (path("books", view), "books/", [Kind.SLASH_EXTRA], "books"),
        (path("books/", view), "/books/", [Kind.DOUBLE_SLASH], "books/"),
        (path("books/", view), "BOOKS/", [Kind.CASE], "books/"),
        (path("books/", view), "Books", [Kind.CASE, Kind.SLASH_MISSING], "books/"),
        (path("books/<int:a>/", view), "books/x/", [Kind.CONVERTER], None),
        (path("books/<int:a>/", view), "books/x", [Kind.CONVERTER, Kind.SLASH_MISSING], None),
        (path("books/<int:a>/", view), "Bo/x/", None, None),
        (path("/books/", view), "books/", [Kind.SLASH_IN_ROUTE], None),
        (path("books/", view), "boks/", [Kind.SPELLING], "books/"),
        (path("books/", view), "boks", [Kind.SPELLING, Kind.SLASH_MISSING], "books/"),
        (path("b/<int:a>/", view), "B/x/", [Kind.CASE, Kind.CONVERTER], None),
        (path("books/", view), "books/7/", [Kind.REST], None),
        (path("books/", view), "orders/", None, None),
        (path("", view), "orders/", None, None),
        (re_path(r"^books/(\d+)/$", view), "books/7", [Kind.SLASH_MISSING], "books/7/"),
        (re_path(r"^books/(\d+)$", view), "books/7/", [Kind.SLASH_EXTRA], "books/7"),
        (re_path(r"^books/(?P<a>\d+)$", view), "books/x", [Kind.GROUP], None),
        (re_path(r"^books/(\d+)$", view), "books/x", [Kind.REST], None),
        (re_path(r"^books/$", view), "Books/", [Kind.CASE], "books/"),
    ],
)
def test_what_is_amiss_is_said(
    one: Any, text: str, faults: list[Kind] | None, would_match: str | None
) -> None:
    found = compare(one, text)

    assert (None if found is None else kinds(found)) == faults
    assert (None if found is None else found.would_match) == would_match
    if would_match is not None:
        assert one.pattern.match(would_match) is not None


@pytest.mark.parametrize(
    ("text", "faults", "inside", "would_match"),
    [
        ("shop", [Kind.SLASH_MISSING], "home", "shop/"),
        ("Shop/cart/", [Kind.CASE], "cart", "shop/cart/"),
        ("shp/new/items/7/", [Kind.SPELLING], "item", "shop/new/items/7/"),
    ],
)
def test_of_an_include_what_is_inside_has_to_match(
    text: str, faults: list[Kind], inside: str, would_match: str
) -> None:
    found = compare(INCLUDE, text)

    assert found is not None
    assert kinds(found) == faults
    assert [one.name for one in found.inside] == [inside]
    assert found.would_match == would_match


def test_an_include_that_leads_nowhere_is_not_near() -> None:
    assert compare(INCLUDE, "shp/nowhere/") is None


def test_a_value_that_the_projects_code_refused_is_told_without_asking_it_again() -> None:
    Year.asked.clear()
    found = compare(path("in/<shelf_year:year>/<int:a>/", view), "in/0000/7/")

    assert found is not None
    (fault,) = found.faults
    assert (fault.kind, fault.expected, fault.found) == (Kind.REFUSED, "shelf_year", "0000")
    assert fault.parameter == "year"
    assert [one.fits for one in found.fits] == [True, False, True, True, True]
    assert Year.asked == []


def test_of_two_that_may_have_refused_both_are_named() -> None:
    found = compare(path("<shelf_year:a>/<shelf_year:b>/", view), "2020/0000/")

    assert found is not None
    (fault,) = found.faults
    assert (fault.expected, fault.found) == ("shelf_year or shelf_year", "2020/0000")
    assert fault.parameter == ""


def test_a_pattern_that_matches_has_nothing_amiss() -> None:
    assert compare(path("books/<int:a>/", view), "books/7/") is None
    assert compare(re_path("^books/$", view), "books/") is None


@pytest.mark.parametrize(
    ("text", "faults", "found", "would_match"),
    [
        ("about/", [Kind.LANGUAGE], "", "en/about/"),
        ("about", [Kind.LANGUAGE, Kind.SLASH_MISSING], "", "en/about/"),
        ("de/about/", [Kind.LANGUAGE], "de/", "en/about/"),
        ("xx/about/", None, "", None),
        ("nowhere/", None, "", None),
    ],
)
def test_the_prefix_of_a_language_may_be_missing_or_another(
    text: str, faults: list[Kind] | None, found: str, would_match: str | None
) -> None:
    (prefix,) = i18n_patterns(path("about/", view))

    with translation.override("en"):
        said = compare(prefix, text)

    assert (None if said is None else kinds(said)) == faults
    if said is not None:
        assert (said.faults[0].expected, said.faults[0].found) == ("en/", found)
        assert said.would_match == would_match


@pytest.mark.parametrize(
    ("one", "text", "fits"),
    [
        (path("books/", view), "books", [("books", "books", True), ("/", "", False)]),
        (path("a/<int:b>/", view), "a/7",
         [("a/", "a/", True), ("<int:b>", "7", True), ("/", "", False)]),
        (path("books", view), "books/", [("books", "books", True), ("", "/", False)]),
        (path("books/", view), "//books/", [("", "/", False), ("books/", "books/", True)]),
        (INCLUDE, "shop", [("shop", "shop", True), ("/", "", False)]),
        (INCLUDE, "shp/cart/", [("shop/", "shp/", False), ("cart/", "cart/", True)]),
        (re_path("^a/(b)/$", view), "a/b", [("^a/(b)/$", "a/b", False)]),
    ],
)  # fmt: skip
def test_each_part_stands_beside_what_is_in_its_place(
    one: Any, text: str, fits: list[tuple[str, str, bool]]
) -> None:
    found = compare(one, text)

    assert found is not None
    assert [(part.expected, part.found, part.fits) for part in found.fits] == fits


def test_a_pattern_of_another_make_is_not_compared() -> None:
    class Other:
        pattern = object()

    assert compare(Other(), "books/") is None
