"""Locals: as they were, without running anybody's code, and without secrets."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from django.http import HttpRequest, QueryDict
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe

from cycle_inspector.collectors._locals import Names, Taken, parameters_of
from cycle_inspector.records import HIDDEN
from tests.shelf.models import Author, Book

NONE: frozenset[str] = frozenset()


def texts(frame: FrameType, sensitive: Names = NONE, parameters: Names = NONE) -> dict[str, str]:
    return dict(Taken(frame, sensitive, parameters).texts())


def frame_with(**values: Any) -> FrameType:
    names: dict[str, Any] = {}
    exec(f"def f({', '.join(values)}):\n    import sys\n    return sys._getframe()", names)  # noqa: S102
    frame: FrameType = names["f"](**values)
    return frame


class Hostile:
    def __repr__(self) -> str:
        raise AssertionError

    __str__ = __eq__ = __hash__ = __len__ = __repr__  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (None, "None"),
        ("a'b", '"a\'b"'),
        (mark_safe("<b>"), "'<b>'"),
        ([1, None, True], "[1, None, True]"),
        ({"a": {"b": (1,)}}, "{'a': {'b': [1]}}"),
        pytest.param(Hostile(), "<tests.collectors.test_locals.Hostile>", id="hostile"),
        pytest.param(
            SimpleLazyObject(lambda: 1 / 0),
            "<django.utils.functional.SimpleLazyObject>",
            id="lazy",
        ),
        (Book(pk=7, title="t"), "<shelf.Book id=7>"),
        (Book(title="t"), "<shelf.Book id=None>"),
        pytest.param(Author.objects.filter(name="a"), "<QuerySet of shelf.Author>", id="queryset"),
    ],
)
def test_a_value_is_shown_without_running_its_code(value: Any, text: str) -> None:
    assert texts(frame_with(value=value))["value"] == text


def test_they_are_as_they_were() -> None:
    books = ["first"]
    taken = Taken(frame_with(books=books), NONE, NONE)
    books.append("later")

    assert dict(taken.texts())["books"] == "['first']"


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter2"},
        [{"deep": {"api_key": "hunter2"}}],
        [["token", "hunter2"]],
        "https://ada:hunter2@example.org/",
        "https://example.org/?token=hunter2",
        '{"password": "hunter2"}',
        "title=a&password=hunter2&page=2",
        b"password=hunter2",
    ],
)
def test_a_secret_inside_of_a_value_is_hidden(value: Any) -> None:
    shown = texts(frame_with(value=value))["value"]

    assert "hunter2" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("name", ["password", "token", "api_key", "csrftoken", "new_password1"])
def test_a_secret_is_hidden_by_the_name_of_the_local(name: str) -> None:
    assert texts(frame_with(**{name: "hunter2", "page": 2})) == {
        name: HIDDEN,
        "page": "2",
        "sys": "<builtins.module>",
    }


def test_names_that_the_project_gives_are_hidden_too(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"REDACT": ["shelf"]}

    assert texts(frame_with(shelf_mark="x"))["shelf_mark"] == HIDDEN


def test_sensitive_variables_are_hidden() -> None:
    frame = frame_with(pick="hunter2", page=2)

    assert texts(frame, frozenset({"pick"}))["pick"] == HIDDEN
    assert texts(frame, frozenset({"pick"}))["page"] == "2"
    assert set(texts(frame, None).values()) == {HIDDEN}


@pytest.mark.parametrize(
    ("named", "hidden"), [(("pick",), {"pick"}), ("__ALL__", {"pick", "page"})]
)
def test_sensitive_post_parameters_are_hidden(named: Any, hidden: set[str]) -> None:
    request = HttpRequest()
    request.sensitive_post_parameters = named  # type: ignore[attr-defined]

    shown = texts(
        frame_with(given=QueryDict("pick=hunter2&page=2")), parameters=parameters_of(request)
    )["given"]

    assert ("hunter2" in shown) is ("pick" not in hidden)
    assert ("'2'" in shown) is ("page" not in hidden)


@pytest.mark.parametrize("named", [None, 3, object(), [], [1]])
def test_without_them_nothing_more_is_hidden(named: Any) -> None:
    request = HttpRequest()
    request.sensitive_post_parameters = named  # type: ignore[attr-defined]

    assert parameters_of(request) == NONE
    assert parameters_of(None) == NONE


def test_what_is_too_many_is_counted() -> None:
    taken = Taken(frame_with(**{f"name_{at}": at for at in range(40)}), NONE, NONE)

    assert len(taken.values) == 25
    assert taken.more == 16  # `sys` is one


@pytest.mark.parametrize(
    "value", ["x" * 100_000, ["x" * 1_000] * 1_000, {f"k{n}": [n] * 90 for n in range(500)}]
)
def test_a_large_value_is_cut(value: Any) -> None:
    assert len(texts(frame_with(value=value))["value"]) < 1_600


@pytest.mark.parametrize("length", [90, 101, 5_000])
def test_a_list_that_goes_on_says_so_once(length: int) -> None:
    shown = texts(frame_with(value=list(range(length))))["value"]

    assert shown.count("…") == 1
    assert shown.endswith(f"'… {length - 59} more']")


def test_the_names_of_a_module_are_no_locals() -> None:
    exec(compile("import sys\nfound = sys._getframe()", __file__, "exec"), names := {})  # noqa: S102
    assert texts(names["found"]) == {}
    assert texts(sys._getframe()) != {}
