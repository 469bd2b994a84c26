"""The walk through a URLconf is Django's own, but for what it need not compile."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import Resolver404, include, path, re_path
from django.urls.resolvers import URLPattern
from django.utils import translation

from cycle_inspector.routes import walk
from tests.routes.urls import Year, patterns, resolver, view

ROOT = resolver(
    *patterns,
    *i18n_patterns(path("about/", view), path("team/<slug:who>/", view)),
    re_path(r"^deep/", include([path("er/", include([path("<int:a>/", view)]))])),
    path("empty/", include([])),
)

PATHS = [
    *("/", "/books/", "/books/7/", "/books/7/edit/", "/books/abc/", "/books", "/shop/", "/shop"),
    *("/shop/cart/", "/shop/new/items/3/", "/shop/new/items/x/", "/Archive/2020/"),
    *("/Archive/0000/", "/orders/7/", "/orders/x/", "/old/x/", "/deep/er/7/", "/deep/er/x/"),
    *("/deep/", "/empty/", "/en/about/", "/de/about/", "/noslashin/", "/noslash/in/", "/zoo/"),
    *("//books/", "/files/a/b/raw/", "/a-7/"),
]


def as_django_has_it(path: str) -> tuple[list[Any], bool]:
    try:
        return ROOT.resolve(path).tried, True
    except Resolver404 as error:
        return error.args[0]["tried"], False


@pytest.mark.parametrize("path", PATHS)
def test_it_tries_what_django_tries_in_the_same_order(path: str) -> None:
    with translation.override("en"):
        tried, matched = as_django_has_it(path)
        found = walk.search(ROOT, path)

    assert [list(chain) for chain in found.tried] == tried
    assert found.matched is matched


def test_a_path_that_does_not_begin_with_a_slash_is_tried_nowhere() -> None:
    assert walk.search(ROOT, "books/") == walk.Search((), matched=False)


def test_an_expression_that_cannot_match_is_not_compiled() -> None:
    one, other = path("authors/<int:pk>/", view), path("books/<int:pk>/", view)

    assert walk.search(resolver(one, other), "/books/7/").matched
    assert "regex" not in vars(one.pattern)
    assert "regex" in vars(other.pattern)


@pytest.mark.parametrize(("path", "matched"), [("/own/", True), ("/other/", False)])
def test_a_pattern_that_resolves_in_its_own_way_is_asked(path: str, matched: bool) -> None:
    class Own(URLPattern):
        def resolve(self, path: str) -> Any:
            return super().resolve("books/") if path == "own/" else None

    own = Own(patterns[1].pattern, view)

    found = walk.search(resolver(patterns[2], own), path)

    assert [chain[-1] for chain in found.tried] == [patterns[2], own]
    assert found.matched is matched


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("books/", [["books"]]),
        ("shop/cart/", [[None, "cart"]]),
        ("nothing/", []),
    ],
)
def test_all_that_match_are_found_in_their_order(text: str, names: list[Any]) -> None:
    found = walk.matching(resolver(*patterns), text)

    assert [[getattr(one, "name", None) for one in chain] for chain in found] == names


def test_two_that_match_are_both_found_and_nothing_is_converted() -> None:
    Year.asked.clear()
    root = resolver(path("<shelf_year:a>/", view), path("<int:b>/", view), path("<str:c>", view))

    found = list(walk.matching(root, "2020/"))

    assert [str(chain[-1].pattern) for chain in found] == ["<shelf_year:a>/", "<int:b>/"]
    assert Year.asked == []
