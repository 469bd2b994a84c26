from __future__ import annotations

from typing import Any

import pytest
from django.urls import include, re_path

from cycle_inspector.routes import expressions
from cycle_inspector.routes.faults import Fault, Kind
from tests.routes.urls import view


def expression(text: str) -> Any:
    return re_path(text, view).pattern


def test_as_it_is_an_expression_stands_beside_its_text() -> None:
    found = expressions.as_it_is(re_path("^books/", include([])).pattern, "books/7/")

    assert found is not None
    assert (found.faults, found.left, found.mended) == ((), "7/", "books/")
    assert expressions.as_it_is(expression("^books/$"), "boks/") is None


@pytest.mark.parametrize(
    ("text", "given", "mended"),
    [("^books/$", "Books/", "books/"), ("^Books/$", "books/", None)],
)
def test_in_any_case_what_would_match_is_told_where_it_is_known(
    text: str, given: str, mended: str | None
) -> None:
    found = expressions.in_any_case(expression(text), given)

    assert found is not None
    assert found.faults == (Fault(Kind.CASE, text, given),)
    assert found.mended == mended
    assert expressions.in_any_case(expression(text), "boks/") is None


def test_with_any_group_those_that_do_not_fit_are_named() -> None:
    found = expressions.with_any_group(expression(r"^a/(?P<x>\d+)/(?P<y>\w+)/$"), "a/b/c/")

    assert found is not None
    assert found.faults == (Fault(Kind.GROUP, r"\d+", "b", "x"),)
    assert [(one.expected, one.found, one.fits) for one in found.fits] == [
        ("a/", "a/", True),
        (r"\d+", "b", False),
        ("/c/", "/c/", True),
    ]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (r"^a/(\d+)/$", "a/b/"),
        (r"^a/(?P<x>\d+)/$", "b/1/"),
        (r"^a/(?P<x>\d+)/$", "a/1/"),
        (r"^((?P<x>\d+)/)+$", "a/b/"),  # may keep the search busy for hours
    ],
)
def test_without_a_group_that_refuses_there_is_none_to_name(text: str, given: str) -> None:
    assert expressions.with_any_group(expression(text), given) is None


@pytest.mark.parametrize(
    ("text", "given", "expected", "found"),
    [
        (r"^old/(?:x|y)/$", "old/z/", r"(?:x|y)/$", "z/"),
        ("^books/new/$", "books/nil/", "new/$", "nil/"),
    ],
)
def test_how_far_its_literal_text_matched_is_told(
    text: str, given: str, expected: str, found: str
) -> None:
    way = expressions.how_far(expression(text), given)

    assert way is not None
    assert way.faults == (Fault(Kind.REST, expected, found),)


@pytest.mark.parametrize(("text", "given"), [("^books/$", "boks/"), (r"(\d+)/$", "a/")])
def test_without_a_segment_in_common_it_is_not_near(text: str, given: str) -> None:
    assert expressions.how_far(expression(text), given) is None
