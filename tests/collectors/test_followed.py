"""What is followed: its name without asking it, its span at the end of the cycle, its leavings."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures.thread import _worker
from functools import partial
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync

from cycle_inspector.collectors._followed import (
    Followed,
    FollowedSpan,
    is_plumbing,
    name_of,
    told,
    unwrapped,
)
from cycle_inspector.recorder import Recorder, current, enter, innermost, leave
from cycle_inspector.records import Span
from tests.recorders import FakeClock


class Hostile:
    """Must not be asked for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)

    def __call__(self) -> None: ...


class Shelf:
    def sort(self) -> None: ...

    async def asort(self) -> None: ...


def work(*_: Any) -> str:
    return "done"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder(clock=FakeClock(), follows_threads=True)
    tokens = enter(recorder)
    yield recorder
    leave(tokens)


# Names


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (work, "work"),
        (Shelf().sort, "Shelf.sort"),
        (Shelf.sort, "Shelf.sort"),
        (Shelf, "Shelf"),
        (print, "print"),
        (lambda: None, "<lambda>"),
        (None, "NoneType"),
    ],
)
def test_what_is_called_is_named_without_asking_it(function: Any, name: str) -> None:
    assert name_of(function) == name


def test_what_must_not_be_asked_is_named_after_its_type() -> None:
    assert name_of(Hostile()) == "Hostile"
    assert unwrapped(Hostile(), ())[0] is None
    assert not is_plumbing(Hostile(), ())


def test_of_a_coroutine_that_is_run_the_name_is_its_own() -> None:
    coroutine = Shelf().asort()
    assert name_of(asyncio.run, (coroutine,)) == "Shelf.asort"
    coroutine.close()


def test_partials_and_contexts_are_looked_through() -> None:
    context = contextvars.copy_context()

    assert unwrapped(work, (1,)) == (None, work, (1,))
    assert unwrapped(partial(work, 1), (2,)) == (None, work, (1, 2))
    assert unwrapped(context.run, (work, 1)) == (context, work, (1,))
    assert unwrapped(partial(context.run, partial(work, 1)), (2,)) == (context, work, (1, 2))


def test_contexts_without_end_are_not_looked_through_to_the_end() -> None:
    function: Any = work
    for _ in range(50):
        function = partial(contextvars.copy_context().run, function)

    assert type(unwrapped(function, ())[1]) is partial


# What is not the project's


def test_how_asgiref_and_executors_work_inside_is_plumbing() -> None:
    handler = SyncToAsync(work).thread_handler
    assert is_plumbing(handler, ())
    assert is_plumbing(_worker, ())


def test_what_the_project_calls_is_not_plumbing() -> None:
    class View:
        @async_to_sync
        async def load(self) -> None: ...

    assert not is_plumbing(work, ())
    assert not is_plumbing(print, ())
    assert not is_plumbing(unwrapped(View().load, ())[1], ())
    assert not is_plumbing(None, ())


# The span


def make_span(recorder: Recorder) -> FollowedSpan:
    return FollowedSpan(recorder, "call", "work")


def recorded(recorder: Recorder, span: FollowedSpan) -> Span:
    recorder.stop()
    return span.record(recorder)


def test_span_of_what_has_ended_lasts_from_its_begin_to_its_end(recorder: Recorder) -> None:
    span = make_span(recorder)  # asked for at 1010
    span.begin(1_500)
    span.finish(1_800)
    recorder.clock = lambda: 2_000
    made = recorded(recorder, span)
    assert (made.start_ns, made.duration_ns) == (500, 300)
    assert made.attributes == {
        "kind": "call",
        "function": "work",
        "begun": True,
        "ended": True,
        "waited_ns": 490,
    }
    assert made.thread == threading.current_thread().name


def test_span_of_what_still_runs_lasts_to_the_end_of_the_cycle(recorder: Recorder) -> None:
    span = make_span(recorder)
    span.begin(1_500)
    recorder.clock = lambda: 2_000
    recorder.stop()
    span.finish(9_000)  # it ends before this is read
    span.raised = "ValueError"
    made = span.record(recorder)
    assert made.duration_ns == 500
    assert made.attributes["ended"] is False
    assert "raised" not in made.attributes


def test_span_of_what_has_not_begun_starts_where_it_was_asked_for(recorder: Recorder) -> None:
    span = make_span(recorder)
    recorder.clock = lambda: 2_000
    recorder.stop()
    span.begin(9_000)
    made = span.record(recorder)
    assert (made.start_ns, made.duration_ns) == (10, 990)
    assert made.attributes["begun"] is made.attributes["ended"] is False


# The call


def test_call_has_the_recorder_and_stands_in_its_span(recorder: Recorder) -> None:
    span = make_span(recorder)
    followed = Followed(recorder, span, None, lambda: (current(), innermost()))

    assert contextvars.Context().run(followed) == (recorder, span)
    assert (current(), innermost()) == (recorder, None)


def test_call_in_a_context_of_its_own_stands_in_its_span_there(recorder: Recorder) -> None:
    span = make_span(recorder)
    context = contextvars.copy_context()
    followed = Followed(recorder, span, context, partial(context.run, innermost))

    assert contextvars.Context().run(followed) is span
    assert context.run(innermost) is None


def test_call_in_the_context_of_another_cycle_stays_in_that() -> None:
    recorder, other = Recorder(), Recorder()
    context = contextvars.Context()
    context.run(enter, other)
    followed = Followed(recorder, make_span(recorder), context, partial(context.run, current))

    assert contextvars.Context().run(followed) is other


def test_call_in_a_context_that_is_entered_fails_as_it_always_did(recorder: Recorder) -> None:
    context = contextvars.copy_context()
    followed = Followed(recorder, make_span(recorder), context, partial(context.run, work))

    with pytest.raises(RuntimeError, match="already entered"):
        context.run(followed)
    assert recorder.dropped == {}


def test_call_after_the_end_of_the_cycle_is_a_plain_one(recorder: Recorder) -> None:
    span = make_span(recorder)
    followed = Followed(recorder, span, None, current)
    recorder.stop()

    assert contextvars.Context().run(followed) is None
    assert not span.is_begun


def test_nothing_of_the_cycle_is_held_once_the_call_is_over(recorder: Recorder) -> None:
    def fail() -> None:
        raise ValueError("no")

    followed = Followed(recorder, make_span(recorder), contextvars.copy_context(), fail)
    with pytest.raises(ValueError, match="no"):
        followed()

    assert {getattr(followed, name) for name in Followed.__slots__} == {None}


def test_an_exception_of_a_call_is_told_and_is_no_event(recorder: Recorder) -> None:
    span = make_span(recorder)

    with pytest.raises(ZeroDivisionError):
        Followed(recorder, span, None, lambda: 1 // 0)()

    assert span.raised == "ZeroDivisionError: integer division or modulo by zero"
    assert recorder.events == []


def test_an_exception_is_told_without_running_its_code() -> None:
    class Loud(Exception):
        def __str__(self) -> str:
            raise AssertionError

    assert told(Loud("x")) == f"{Loud.__qualname__}: x"
    assert told(KeyError()) == "KeyError"
