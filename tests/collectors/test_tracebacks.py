"""Tracebacks: the frames that tell, what led to an exception, and never too much of it."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import FieldError
from django.views.decorators.debug import sensitive_variables

from cycle_inspector.collectors import _tracebacks
from tests.shelf.models import Book


def raised(fail: Any, *args: Any) -> BaseException:
    try:
        fail(*args)
    except BaseException as error:
        return error
    raise AssertionError


def told(error: BaseException) -> dict[str, Any]:
    return _tracebacks.told(_tracebacks.take(error, None))


def functions(trace: Any) -> list[str]:
    return [frame["function"].rpartition(".")[2] for frame in trace]


def divide(number: int) -> float:
    half = number / 2
    return half / 0


def recurse(depth: int) -> Any:
    return recurse(depth - 1) if depth else divide(3)


def test_frames_stand_innermost_first_with_their_lines_and_locals() -> None:
    first, second, *_ = told(raised(recurse, 0))["trace"]

    assert (first["function"], first["path"], first["is_project"]) == ("divide", __file__, True)
    assert first["lines"][first["line"] - first["first"]] == "    return half / 0"
    assert first["locals"] == [["number", "3"], ["half", "1.5"]]
    assert first["columns"] == [11, 19]
    assert second["function"] == "recurse"
    assert second["locals"] == [["depth", "0"]]


def test_frames_of_django_stand_between_with_fewer_lines_and_no_locals() -> None:
    trace = told(raised(lambda: Book.objects.filter(nothing=1)))["trace"]

    (first, *_), ours = trace, [one for one in trace if one["is_project"]]
    assert first["function"] == "Query.names_to_path"
    assert len(first["lines"]) == 3
    assert "locals" not in first
    assert functions(ours) == ["<lambda>", "raised"]


def test_a_recursion_keeps_its_ends_and_says_what_is_left_out() -> None:
    trace = told(raised(recurse, 500))["trace"]

    assert len(trace) == 40
    assert [frame["skipped"] for frame in trace if "skipped" in frame] == [502 + 1 - 40]
    assert functions([trace[0], trace[-1]]) == ["divide", "raised"]
    # The same line a second time tells nothing.
    assert sum("lines" in frame for frame in trace) == 3


def test_a_recursion_without_end_is_cheap() -> None:
    def endless() -> Any:
        return endless()

    found = told(raised(endless))

    assert len(json.dumps(found)) < 10_000
    assert len(found["trace"]) == 40


def chained(how: str) -> None:
    try:
        divide(1)
    except ZeroDivisionError as error:
        if how == "cause":
            raise LookupError("because") from error
        if how == "context":
            raise LookupError("while")  # noqa: B904
        raise LookupError("alone") from None


@pytest.mark.parametrize(("how", "links"), [("cause", 1), ("context", 1), ("none", 0)])
def test_what_led_to_an_exception_is_told(how: str, links: int) -> None:
    linked = told(raised(chained, how)).get("linked", [])

    assert [(one["link"], one["name"]) for one in linked] == [(how, "ZeroDivisionError")] * links
    assert all(functions(one["trace"]) == ["divide", "chained"] for one in linked)


def test_the_exceptions_of_a_group_are_told_each() -> None:
    inner = ExceptionGroup("inner", [KeyError("k")])
    taken = _tracebacks.take(ExceptionGroup("several", [ValueError("v"), inner]), None)

    assert taken[0].message == "several"
    assert [(one.link, one.depth, one.name, one.message) for one in taken[1:]] == [
        ("group", 1, "ValueError", "v"),
        ("group", 1, "ExceptionGroup", "inner"),
        ("group", 2, "KeyError", "k"),
    ]


def test_a_chain_without_end_is_cut_and_a_circle_is_seen_once() -> None:
    error = first = ValueError("0")
    for number in range(20):
        error.__cause__ = ValueError(str(number))
        error = error.__cause__
    assert len(told(first)["linked"]) == 6

    error.__cause__ = error
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert len(told(one)["linked"]) == 1


def test_notes_are_told_without_secrets() -> None:
    error = ValueError("v")
    error.add_note("look at the shelf")
    error.add_note("password=hunter2")

    assert told(error)["notes"] == ["look at the shelf", f"password={'*' * 20}"]

    error.__notes__ = 3  # type: ignore[assignment]
    assert "notes" not in told(error)


def test_an_exception_that_was_never_raised_has_no_frames() -> None:
    assert told(ValueError())["trace"] == []


def test_no_attribute_of_a_subclass_is_asked() -> None:
    class Untouchable(ExceptionGroup[Exception]):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError

    error = raised(divide, 1)
    group = Untouchable("several", [error])  # type: ignore[list-item]

    assert told(group)["linked"][0]["name"] == "ZeroDivisionError"


@sensitive_variables("pick")
def with_pick(pick: str) -> None:
    page = 2
    raise ValueError(page)


@sensitive_variables()
def all_hidden(pick: str) -> None:
    raise ValueError


@sensitive_variables("pick")
async def awith_pick(pick: str) -> None:
    raise ValueError


@sensitive_variables()
async def aall_hidden(pick: str) -> None:
    raise ValueError


@pytest.mark.parametrize(
    "function", [with_pick, all_hidden, async_to_sync(awith_pick), async_to_sync(aall_hidden)]
)
def test_sensitive_variables_are_hidden_whatever_debug_says(settings: Any, function: Any) -> None:
    settings.DEBUG = True
    found = told(raised(lambda: function("hunter2")))

    shown = [dict(one.get("locals") or ()) for one in found["trace"]]
    (named,) = [one for one in shown if "pick" in one]
    assert named["pick"] == "*" * 20
    assert named.get("page", "2") == "2"


@sensitive_variables("half")
def around(number: int) -> None:
    divide(number)


def test_as_in_django_they_are_hidden_in_what_the_function_calls() -> None:
    (first, *_) = told(raised(around, 1))["trace"]

    assert dict(first["locals"])["half"] == "*" * 20
    assert dict(first["locals"])["number"] == "1"


def test_they_are_hidden_where_the_exception_did_not_come_so_far() -> None:
    @sensitive_variables("half")
    def take() -> list[Any]:
        return _tracebacks.take(raised(divide, 1), None)

    found = _tracebacks.told(take())

    assert dict(found["trace"][0]["locals"])["half"] == "*" * 20


def test_neither_the_exception_nor_a_local_is_kept_alive() -> None:
    class Held: ...

    def fail() -> None:
        held = Held()
        references.append(weakref.ref(held))
        raise ValueError

    references: list[Any] = []
    error: Any = raised(fail)
    taken = _tracebacks.take(error, None)
    del error
    gc.collect()

    assert references[0]() is None
    assert taken[0].frames


def full(depth: int) -> Any:
    lines = {f"key {at}": "é" * 300 for at in range(50)}
    a = b = c = d = e = f = g = lines  # noqa: F841
    if depth:
        return full(depth - 1)
    error = ExceptionGroup("é" * 5_000, [raised(Book.objects.filter) for _ in range(1)])
    raise error from FieldError("é" * 5_000)


def test_what_is_kept_is_bounded() -> None:
    error = raised(full, 30)
    for _ in range(20):
        error.add_note("é" * 2_000)

    assert 10_000 < len(json.dumps(told(error))) < 30_000


def test_a_file_that_is_gone_has_no_lines() -> None:
    names: dict[str, Any] = {}
    exec(compile("def fail():\n    raise ValueError", "/srv/gone.py", "exec"), names)  # noqa: S102

    (first, *_) = told(raised(names["fail"]))["trace"]

    assert (first["path"], first["line"], first["is_project"]) == ("/srv/gone.py", 2, True)
    assert "lines" not in first


def test_generated_files_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tracebacks, "_MOST_FILES", 3)
    for number in range(10):
        names: dict[str, Any] = {}
        exec(compile("def fail():\n    raise ValueError", f"/srv/{number}.py", "exec"), names)  # noqa: S102
        _tracebacks.take(raised(names["fail"]), None)

    assert len(_tracebacks._WHERE) <= 3


def test_frames_of_the_event_are_without_django() -> None:
    (taken,) = _tracebacks.take(raised(lambda: Book.objects.filter(nothing=1)), None)

    assert [one.function.rpartition(".")[2] for one in _tracebacks.frames_of(taken)] == [
        "<lambda>",
        "raised",
    ]
