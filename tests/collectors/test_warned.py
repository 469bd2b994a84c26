"""Warnings: each that is issued, whether the filters show it or not, at the right line."""

from __future__ import annotations

import _warnings
import os
import sys
import threading
import warnings
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage


def warned(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "warning"]


def test_a_warning_is_kept_with_category_message_and_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.warn("old shelf", DeprecationWarning, stacklevel=1)
        return HttpResponse("ok")

    (event,) = warned(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("DeprecationWarning", Stage.VIEW)
    said = dict(event.attributes)
    assert said.pop("blamed") == {"path": __file__, "line": event.frames[0].line}
    assert said == {"message": "old shelf", "count": 1, "shown": 0}
    assert event.frames[0].path == __file__
    assert event.frames[0].function.endswith("view")


def test_one_that_is_shown_is_told_with_the_line_it_blames() -> None:
    with warnings.catch_warnings(record=True) as shown, record() as recording:
        warnings.simplefilter("always")
        warnings.warn("old shelf", stacklevel=1)

    (event,) = warned(recording.cycle)
    assert (event.name, event.attributes["shown"]) == ("UserWarning", 1)
    (one,) = shown
    assert event.attributes["blamed"] == {"path": one.filename, "line": one.lineno}
    assert one.filename == __file__


def test_repeats_are_counted_also_where_the_filter_hides_them() -> None:
    with warnings.catch_warnings(record=True) as shown, record() as recording:
        warnings.simplefilter("default")
        for _ in range(3):
            warnings.warn("again and again", stacklevel=1)
        warnings.warn("another", stacklevel=1)

    first, second = warned(recording.cycle)
    assert (first.attributes["count"], first.attributes["shown"]) == (3, 1)
    assert (second.attributes["count"], second.attributes["shown"]) == (1, 1)
    assert len(shown) == 2


def test_one_that_a_filter_makes_an_error_is_raised() -> None:
    with warnings.catch_warnings(), record() as recording:
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="naive"):
            warnings.warn("naive", RuntimeWarning, stacklevel=1)

    (event,) = warned(recording.cycle)
    assert (event.attributes["raised"], event.attributes["shown"]) == (True, 0)


def test_what_does_not_come_through_warn_is_seen_when_it_is_shown() -> None:
    with warnings.catch_warnings(record=True) as shown, record() as recording:
        warnings.simplefilter("always")
        warnings.warn_explicit("by hand", UserWarning, "shop.py", 7)

    (event,) = warned(recording.cycle)
    assert event.attributes["blamed"] == {"path": "shop.py", "line": 7}
    assert len(shown) == 1


def blamed(warn: Any, level: int, **given: Any) -> tuple[str, int]:
    def inner() -> None:
        warn("where?", UserWarning, level, **given)

    def outer() -> None:
        inner()

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        outer()
    (one,) = shown
    return one.filename, one.lineno


@pytest.mark.parametrize("level", [-1, 0, 1, 2, 3, 4, 5, 500])
def test_the_line_that_is_blamed_is_the_same(level: int) -> None:
    with record():
        assert warnings.warn is not _warnings.warn
        before, now = [blamed(one, level) for one in (_warnings.warn, warnings.warn)]

    assert now == before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="skip_file_prefixes came with 3.12")
@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("prefixes", [(), (__file__,), (os.path.dirname(__file__),), ("/nowhere",)])
def test_the_line_that_is_blamed_is_the_same_with_prefixes(
    level: int, prefixes: tuple[str, ...]
) -> None:
    ways = _warnings.warn, warnings.warn
    with record():
        before, now = [blamed(one, level, skip_file_prefixes=prefixes) for one in ways]

    assert now == before


def of_hidden(level: int, **given: Any) -> Any:
    """Return what is told to be blamed for a warning that no filter lets through."""

    def inner() -> None:
        warnings.warn("where?", DeprecationWarning, level, **given)

    with warnings.catch_warnings(), record() as recording:
        warnings.simplefilter("ignore")
        inner()
    (event,) = warned(recording.cycle)
    return event.attributes.get("blamed")


def test_one_that_is_hidden_is_told_with_the_line_it_would_blame() -> None:
    inside, outside = of_hidden(1), of_hidden(2)
    assert inside["path"] == outside["path"] == __file__
    assert inside["line"] < outside["line"]
    assert of_hidden(500) is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="skip_file_prefixes came with 3.12")
def test_one_that_is_hidden_is_not_blamed_on_files_that_are_passed_over() -> None:
    assert of_hidden(1, skip_file_prefixes=(os.path.dirname(__file__),))["path"] != __file__
    assert of_hidden(1, skip_file_prefixes=("/nowhere",)) == of_hidden(2)


def test_pytest_and_catch_warnings_see_what_they_saw() -> None:
    with record(), pytest.warns(UserWarning, match="for the test") as caught:
        warnings.warn("for the test", stacklevel=1)

    assert caught[0].filename == __file__


def test_warnings_of_the_wrong_shape_fail_as_ever() -> None:
    with record() as recording, pytest.raises(TypeError):
        warnings.warn("text", category="not a class", stacklevel=1)  # type: ignore[call-overload]

    assert recording.cycle.dropped == {}


def test_secrets_in_a_message_are_hidden() -> None:
    with warnings.catch_warnings(), record() as recording:
        warnings.simplefilter("ignore")
        warnings.warn("token=hunter2 is old", stacklevel=1)

    assert warned(recording.cycle)[0].attributes["message"] == f"token={HIDDEN} is old"


def test_the_objects_own_code_is_not_run() -> None:
    class Odd(UserWarning):
        def __repr__(self) -> str:
            raise AssertionError

    with warnings.catch_warnings(), record() as recording:
        warnings.simplefilter("ignore")
        warnings.warn(Odd("strange"), stacklevel=1)

    assert warned(recording.cycle)[0].attributes["message"] == "strange"


def test_a_warning_of_another_thread_is_heard(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": True}

    def work() -> None:
        warnings.warn("elsewhere", stacklevel=1)

    with warnings.catch_warnings(), record() as recording:
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert len(warned(recording.cycle)) == 1
