from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path
from django.utils import translation
from django.utils.translation import gettext_lazy

from cycle_inspector.routes import patterns
from cycle_inspector.routes.patterns import Part
from tests.routes.urls import view


class OfAnotherMake:
    """A pattern that no one knows how to read."""

    converters: ClassVar[dict[str, Any]] = {}

    def match(self, text: str) -> Any:
        raise AssertionError("nobody may ask it")

    def __str__(self) -> str:
        return "its own text"


class Other:
    pattern = OfAnotherMake()


def pattern(one: Any) -> Any:
    return one.pattern


# What a pattern is


def test_the_three_makes_of_django_are_told_apart() -> None:
    (prefix,) = i18n_patterns(path("a/", view))
    made = [path("a/", view), re_path("a/", view), prefix, Other()]

    for ask, is_so in (
        (patterns.is_route, [True, False, False, False]),
        (patterns.is_expression, [False, True, False, False]),
        (patterns.is_language_prefix, [False, False, True, False]),
    ):
        assert [ask(one.pattern) for one in made] == is_so


def test_a_subclass_with_a_match_of_its_own_is_of_another_make() -> None:
    route = type(path("a/", view).pattern)
    other = type("Other", (route,), {"match": lambda self, text: None})("a/")

    assert not patterns.is_route(other)
    assert patterns.remaining(other, "a/") is None
    assert patterns.lead_of(other) == ""


@pytest.mark.parametrize(
    ("route", "parts"),
    [
        ("books/", [Part("books/")]),
        ("<pk>", [Part("<pk>", "pk", "str")]),
        ("a/<int:b>-<c>/", [Part("a/"), Part("<int:b>", "b", "int"), Part("-"),
                            Part("<c>", "c", "str"), Part("/")]),
        ("", []),
        ("a<b", [Part("a<b")]),
    ],
)  # fmt: skip
def test_a_route_has_parts(route: str, parts: list[Part]) -> None:
    assert list(patterns.parts_of(route)) == parts


# The text of a chain


def test_routes_are_joined() -> None:
    inner = path("<int:pk>/", view)
    assert patterns.text_of([path("shop/", include([inner])), inner]) == "shop/<int:pk>/"


def test_a_regular_expression_stands_apart() -> None:
    inner = re_path(r"^\d+$", view)
    assert patterns.text_of([path("shop/", include([inner])), inner]) == r"shop/ ^\d+$"


def test_the_prefix_of_a_language_is_that_of_the_active_one() -> None:
    inner = path(gettext_lazy("Yes"), view)
    (prefix,) = i18n_patterns(inner)

    for language, text in (("de", "de/Ja"), ("en", "en/Yes")):
        with translation.override(language):
            assert patterns.text_of([prefix, inner]) == text


def test_a_pattern_of_another_make_has_its_text() -> None:
    assert patterns.text_of([Other()]) == "its own text"


# What a pattern leaves of a text


@pytest.mark.parametrize(
    ("one", "text", "left"),
    [
        (path("books/", view), "books/", ""),
        (path("books/", view), "books/7/", None),
        (path("books/", view), "Books/", None),
        (path("", view), "", ""),
        (path("", view), "a", None),
        (path("a<b", view), "a<b", ""),
        (path("a<b", view), "axx", None),
        (path("books/", include([])), "books/7/", "7/"),
        (path("books/", include([])), "boo", None),
        (path("", include([])), "books/", "books/"),
        (path("books/<int:pk>/", view), "books/7/", ""),
        (path("books/<int:pk>/", view), "books/abc/", None),
        (path("books/<int:pk>/", include([])), "books/7/edit/", "edit/"),
        (re_path(r"^books/(\d+)/$", view), "books/7/", ""),
        (re_path(r"^books/(\d+)/$", view), "books/7/x", None),
        (re_path(r"^books/", include([])), "books/7/", "7/"),
        (re_path(r"ok", view), "a book", ""),
    ],
)
def test_what_is_left_is_what_django_leaves(one: Any, text: str, left: str | None) -> None:
    assert patterns.remaining(one.pattern, text) == left
    answered = one.pattern.match(text)
    assert (None if answered is None else answered[0]) == left


@pytest.mark.parametrize(("text", "left"), [("en/a/", "a/"), ("de/a/", None)])
def test_a_language_leaves_what_follows_its_prefix(text: str, left: str | None) -> None:
    (prefix,) = i18n_patterns(path("a/", view))

    with translation.override("en"):
        assert patterns.remaining(prefix.pattern, text) == left
        assert patterns.lead_of(prefix.pattern) == "en/"


def test_no_value_is_converted() -> None:
    from tests.routes.urls import Year

    Year.asked.clear()
    assert patterns.remaining(path("<shelf_year:a>/", view).pattern, "0000/") == ""
    assert Year.asked == []


# The letters that an expression begins with


@pytest.mark.parametrize(
    ("expression", "lead", "rest"),
    [
        (r"^books/$", "books/", "$"),
        (r"^books/(?P<pk>\d+)/$", "books/", r"(?P<pk>\d+)/$"),
        (r"^books/?$", "books", "/?$"),
        (r"^boo+k", "bo", "o+k"),
        (r"^a\.b\-c/", "a.b-c/", ""),
        (r"^a\.?", "a", r"\.?"),
        (r"books/", "", "books/"),
        (r"^a/|b/", "", "^a/|b/"),
        (r"^a/(?:b|c)/", "a/", "(?:b|c)/"),
        (r"^a/[|]/", "a/", "[|]/"),
        (r"^a[(]|b", "", "^a[(]|b"),
        (r"(?i)^books/", "", "(?i)^books/"),
        (r"^.*$", "", ".*$"),
    ],
)
def test_an_expression_begins_with_what_has_to_be_there(
    expression: str, lead: str, rest: str
) -> None:
    assert patterns.split_expression(expression) == (lead, rest)
    assert patterns.lead_of(re_path(expression, view).pattern) == lead


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        (r"^a/(?P<x>\d+)/(?P<y>[^)]+)$", {"x": r"\d+", "y": "[^)]+"}),
        (r"^(?P<x>(a|b)\))/$", {"x": r"(a|b)\)"}),
        (r"^a/(\d+)/$", {}),
    ],
)
def test_the_named_groups_of_an_expression_are_replaced(
    expression: str, groups: dict[str, str]
) -> None:
    seen = {}
    made = patterns.replace_groups(expression, lambda name, inside: seen.setdefault(name, inside))

    assert seen == groups
    for name, inside in groups.items():
        expression = expression.replace(f"(?P<{name}>{inside})", inside)
    assert made == expression
