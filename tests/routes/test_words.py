from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.utils import translation
from django.views.decorators.http import require_safe

from cycle_inspector.records import HIDDEN
from cycle_inspector.routes import walk, words
from cycle_inspector.routes.faults import Kind
from cycle_inspector.routes.misses import NearMiss, find
from tests.routes.urls import patterns, resolver, view

MORE = [
    *patterns,
    *i18n_patterns(path("about/", view)),
    path("safe/", require_safe(view)),
    path("deep/", include([path("er/", view)])),
]


def never(name: str) -> bool:
    return False


def nearest(url: str) -> NearMiss:
    with translation.override("en"):
        tried = walk.search(resolver(*MORE), url)
        return find(tried.tried, url, method="POST", seconds=10)[0]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/books/abc/", "`books/<int:pk>/` matched `books/`, but `abc` is no `int`."),
        ("/a-b/", "`<slug:a>-<int:b>/` matched `a-`, but `b` is no `int`."),
        ("/books", "`books/` would match, but the slash at the end is missing."),
        ("/books.csv/", "`books.csv` would match, but there is a slash too many at the end."),
        ("//books/", "`books/` would match, but there is a slash too many before it."),
        ("/noslash/in/", "`noslashin/` would match, but the include before it, `noslash`, does "
         "not end with a slash."),
        ("/wrong/", "`/wrong/` would match, but the pattern begins with a slash, and Django "
         "compares the path without its first one."),
        ("/regex/7/", r"`^regex/(\d+)/$` would match, but it is written as a regular expression: "
         "path() takes it letter by letter, re_path() would understand it."),
        ("/Books/", "`books/` would match, but upper and lower case differ."),
        ("/about/", "`en/about/` would match, but the path lacks `en/`, the prefix of the "
         "language."),
        ("/de/about/", "`en/about/` would match, but the path begins with `de/`, and the language "
         "of this request has the prefix `en/`."),
        ("/boks/", "`books/` would match, but the path has `boks` in the place of `books`."),
        ("/Archive/0000/", "`Archive/<shelf_year:year>/` fits, but the converter `shelf_year` "
         "refused `0000`."),
        ("/orders/abc/", r"`^orders/(?P<pk>\d+)/$` matched `orders/`, but `abc` does not fit "
         r"`\d+`."),
        ("/old/z/", "`^old/(?:x|y)/$` matched `old/`, but the rest, `z/`, is not `(?:x|y)/$`."),
        ("/books/7/8/", "`books/<int:pk>/` matched `books/7/`, but the path goes on with `8/`."),
        ("/files/x/", "`files/<path:rest>/raw/` matched `files/x/`, but the path ends there, and "
         "`/raw/` is missing."),
        ("/deep/zoo/x/", "`deep/` matched, but none of the patterns in it takes `zoo/x/`."),
        ("/deep/", "`deep/` matched, but none of the patterns in it takes a path that ends "
         "there."),
        ("/safe", "`safe/` would match, but the slash at the end is missing and its view answers "
         "GET and HEAD, not POST."),
        ("/boks/x", "`books/<int:pk>/` would match, but the path has `boks` in the place of "
         "`books`, `x` is no `int` and the slash at the end is missing."),
    ],
)  # fmt: skip
def test_a_near_miss_is_one_sentence(url: str, sentence: str) -> None:
    assert words.say(nearest(url), never) == sentence


def test_every_kind_has_its_words() -> None:
    assert set(words._CLAUSES) == set(Kind)


def test_what_a_secret_parameter_was_given_is_hidden() -> None:
    near = nearest("/reset/hunter2/")

    shown = json.dumps(words.said_of(near, None, lambda name: name == "token"))

    assert "hunter2" in words.say(near, never)
    assert "hunter2" not in shown
    assert HIDDEN in shown


def test_backticks_of_a_path_do_not_end_the_code() -> None:
    assert "`a'b`" in words.say(nearest("/books/a`b/"), never)


def test_what_is_long_is_cut() -> None:
    sentence = words.say(nearest("/books/" + "x" * 250 + "/"), never)

    assert "x" * 200 + "…" in sentence
    assert len(sentence) < 300


def test_a_near_miss_is_told_with_its_place_and_name() -> None:
    told = words.said_of(nearest("/shop/crat/"), "tests.routes.urls", never)

    assert told["sentence"].startswith("`shop/cart/` would match")
    assert (told["pattern"], told["kinds"], told["distance"]) == ("shop/cart/", ["spelling"], 3)
    assert told["would_match"] == "/shop/cart/"
    assert told["view_name"] == "shop:cart"
    assert told["place"]["module"] == "tests.routes.urls"
    assert told["fits"][1] == ["cart", "crat", False]
    json.dumps(told)


def test_a_place_that_is_not_known_is_none() -> None:
    assert words.said_of(nearest("/books/abc/"), None, never)["place"] is None


@pytest.mark.parametrize(
    ("chain", "name"),
    [
        ([path("a/", view)], None),
        ([path("a/", view, name="a")], "a"),
        ([path("a/", include([]))], None),
    ],
)
def test_a_pattern_without_a_name_has_none(chain: list[Any], name: str | None) -> None:
    assert words.name_of(chain) == name
