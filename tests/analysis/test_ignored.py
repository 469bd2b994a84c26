"""Findings are silenced by code, path, field and caller."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Ignore
from cycle_inspector.analysis._ignored import find_problem
from cycle_inspector.records import TemplateLine
from tests.factories import make_cycle, make_finding, make_frame

FINDING = make_finding(
    code="CI101",
    model_field="catalog.Book.author",
    caller=make_frame(path="/srv/shop/catalog/views.py", line=22, function="BookList.get"),
    template=TemplateLine(name="catalog/book_list.html", line=14),
    mend=make_frame(path="/srv/shop/catalog/managers.py", line=7, function="in_print"),
)


def is_silenced(entry: Any) -> bool:
    ignore = Ignore.of(entry)
    assert ignore is not None
    return ignore.silences(FINDING, make_cycle())  # of /books/


@pytest.mark.parametrize(
    "entry",
    [
        "CI101",
        {"code": "CI101"},
        {"path": "/books/"},
        {"path": "/boo*"},
        {"field": "catalog.Book.author"},
        {"field": "catalog.Book"},
        {"field": "catalog"},
        {"caller": "/srv/shop/catalog/views.py"},
        {"caller": "catalog/views.py"},
        {"caller": "catalog/views.py:22"},
        {"caller": "*/catalog/*.py"},
        {"caller": "BookList.get"},
        {"caller": "managers.py:7"},
        {"caller": "catalog/book_list.html:14"},
        {"code": "CI101", "path": "/books/*", "field": "catalog.Book", "caller": "views.py"},
    ],
)
def test_silences(entry: Any) -> None:
    assert is_silenced(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "CI102",
        {"path": "/book"},
        {"field": "catalog.Boo"},
        {"field": "catalog.Book.auth"},
        {"caller": "log/views.py"},
        {"caller": "catalog/views.py:2"},
        {"caller": "BookList"},
        {"caller": "catalog/book_list.html:15"},
        {"code": "CI101", "path": "/admin/*"},
    ],
)
def test_does_not_silence(entry: Any) -> None:
    assert not is_silenced(entry)


def test_a_finding_about_no_field_is_not_silenced_by_one() -> None:
    ignore = Ignore(field="catalog")
    assert not ignore.silences(make_finding(model_field=None), make_cycle())


@pytest.mark.parametrize("entry", [7, {}, {"paht": "/"}, {"path": 7}, {"code": ""}, "", None])
def test_an_entry_that_says_nothing_is_none_and_a_problem(entry: Any) -> None:
    assert Ignore.of(entry) is None
    assert find_problem(entry, ["CI101"]) is not None


def test_an_entry_that_says_something_is_no_problem() -> None:
    assert find_problem({"code": "CI101", "path": "/a"}, ["CI101"]) is None
