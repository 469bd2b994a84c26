"""Threads and executors: what a view starts is followed, as the setting says, and nothing else."""

from __future__ import annotations

import contextvars
import gc
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from cycle_inspector import record
from cycle_inspector.collectors import hooks, threads
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Cycle, Span, Stage
from tests.shelf.models import Book
from tests.site import failures

pytestmark = pytest.mark.django_db(transaction=True)

_word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="unset")


@pytest.fixture(autouse=True)
def _follow(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": True}


def count() -> int:
    try:
        return Book.objects.count()
    finally:
        connection.close()


def fail() -> None:
    raise ValueError("no such shelf")


def run(thread: threading.Thread) -> threading.Thread:
    thread.start()
    thread.join(10)
    return thread


def followed(cycle: Cycle) -> list[Span]:
    return [one for one in cycle.spans if one.attributes.get("kind") in ("thread", "call")]


@contextmanager
def excepthook(found: list[Any]) -> Iterator[None]:
    before, threading.excepthook = threading.excepthook, found.append
    try:
        yield
    finally:
        threading.excepthook = before


# Threads


class Counting(threading.Thread):
    def run(self) -> None:
        count()


class Careful(threading.Thread):
    """Does not like to be written to."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "run":
            raise AssertionError
        super().__setattr__(name, value)


MAKERS: dict[str, tuple[Callable[[], threading.Thread], str]] = {
    "function": (lambda: threading.Thread(target=count), "count"),
    "daemon": (lambda: threading.Thread(target=count, daemon=True), "count"),
    "subclass": (lambda: Counting(), "Counting"),
    "timer": (lambda: threading.Timer(0, count), "count"),
    "careful": (lambda: Careful(target=count), "count"),
    "context": (
        lambda: threading.Thread(target=contextvars.copy_context().run, args=(count,)),
        "count",
    ),
    "empty context": (
        lambda: threading.Thread(target=contextvars.Context().run, args=(count,)),
        "count",
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_thread_is_a_span_and_its_queries_stand_in_it(name: str) -> None:
    make, function = MAKERS[name]

    with record() as recording:
        thread = run(make())

    (span,) = followed(recording.cycle)
    (query,) = recording.cycle.statements
    assert query.parent == span.id
    assert query.thread == span.thread == thread.name
    assert span.name == f"thread {thread.name}"
    assert span.stage is Stage.VIEW
    assert span.attributes["function"] == function
    assert span.attributes["ended"] is True
    caller = span.attributes["caller"]
    assert caller["function"] == run.__qualname__
    assert caller["is_project"] is True
    assert span.start_ns <= query.start_ns
    assert query.start_ns + query.duration_ns <= span.start_ns + span.duration_ns


@pytest.mark.parametrize("name", MAKERS)
def test_thread_is_not_followed_where_the_setting_is_off(settings: Any, name: str) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": False}

    with record() as recording:
        run(MAKERS[name][0]())

    assert followed(recording.cycle) == []
    # One that has the context is recorded by that, as ever.
    assert len(recording.cycle.statements) == (name == "context")


@pytest.mark.parametrize("name", MAKERS)
def test_thread_that_nobody_records_is_left_alone(name: str) -> None:
    seen: list[bool] = []
    with record():
        thread = MAKERS[name][0]()
    hooks.hold()
    try:
        thread.start()
        seen.append("run" in vars(thread))
        thread.join(10)
    finally:
        hooks.release()
    assert seen == [False]


def test_thread_is_as_it_was_once_it_runs() -> None:
    with record():
        thread = run(threading.Thread(target=count))
        other = threading.Thread(target=count)
        mine = other.run
        other.run = mine  # type: ignore[method-assign]
        run(other)
    assert "run" not in vars(thread)
    assert vars(other)["run"] == mine


def test_thread_that_cannot_start_is_as_it_was_and_is_not_recorded() -> None:
    with record() as recording:
        thread = run(threading.Thread(target=count))
        with pytest.raises(RuntimeError, match="only be started once"):
            thread.start()
    assert "run" not in vars(thread)
    assert len(followed(recording.cycle)) == 1


def test_thread_of_a_thread_stands_in_that() -> None:
    with record() as recording:
        run(threading.Thread(target=lambda: run(Counting(name="inner")), name="outer"))

    outer, inner = followed(recording.cycle)
    assert (outer.name, inner.name) == ("thread outer", "thread inner")
    assert inner.parent == outer.id
    assert recording.cycle.statements[0].parent == inner.id


def test_the_projects_own_context_does_not_come_along() -> None:
    found: list[str] = []
    token = _word.set("set")
    with record():
        run(threading.Thread(target=lambda: found.append(_word.get())))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: found.append(_word.get())).result(10)
    _word.reset(token)
    inherits = bool(getattr(sys.flags, "thread_inherit_context", False))
    assert found == (["set", "set"] if inherits else ["unset", "unset"])


def test_an_exception_of_a_thread_goes_where_it_always_went_and_is_an_event() -> None:
    caught: list[Any] = []

    with excepthook(caught), record() as recording:
        thread = run(threading.Thread(target=fail, name="doomed"))

    ((error_type, error, _, told_of),) = caught
    assert (error_type, str(error), told_of) == (ValueError, "no such shelf", thread)
    (event,) = failures(recording.cycle)
    (span,) = followed(recording.cycle)
    assert (event.kind, event.name, event.parent) == ("exception", "ValueError", span.id)
    assert event.attributes["message"] == "no such shelf"
    assert (event.attributes["in_view"], event.attributes["thread"]) == (False, "doomed")
    assert event.frames[0].function == "fail"
    assert span.attributes["raised"] == "ValueError: no such shelf"
    assert recording.cycle.findings[0].title == "ValueError: no such shelf"


def test_a_thread_that_exits_has_not_failed() -> None:
    with excepthook([]), record() as recording:
        run(threading.Thread(target=sys.exit))

    assert failures(recording.cycle) == []
    assert "raised" not in followed(recording.cycle)[0].attributes


def test_thread_that_outlives_the_cycle_is_shown_with_what_it_did_until_then() -> None:
    first, go_on = threading.Event(), threading.Event()
    after: list[Any] = []

    def work() -> None:
        count()
        first.set()
        go_on.wait(10)
        count()
        after.append(current())
        run(Counting())

    with record() as recording:
        thread = threading.Thread(target=work)
        thread.start()
        first.wait(10)
    go_on.set()
    thread.join(10)

    (span,) = followed(recording.cycle)
    (query,) = recording.cycle.statements
    assert query.parent == span.id
    assert (span.attributes["begun"], span.attributes["ended"]) == (True, False)
    assert span.start_ns + span.duration_ns == recording.cycle.duration_ns
    assert after[0].closed
    assert after[0].queries == []


# Executors


def test_call_in_an_executor_is_a_span_and_its_queries_stand_in_it() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool, record() as recording:
        pool.submit(count).result(10)
        list(pool.map(lambda _: count(), range(2)))
        pool.submit(contextvars.copy_context().run, count).result(10)

    spans = followed(recording.cycle)
    assert [one.name for one in spans] == [
        "call count",
        *["call test_call_in_an_executor_is_a_span_and_its_queries_stand_in_it.<locals>.<lambda>"]
        * 2,
        "call count",
    ]
    assert [one.parent for one in recording.cycle.statements] == [one.id for one in spans]
    assert {one.thread for one in (*spans, *recording.cycle.statements)} == {"pool_0"}


def test_query_of_a_bare_method_has_the_line_that_gave_it_to_the_executor() -> None:
    def view(pool: ThreadPoolExecutor) -> None:
        pool.submit(Book.objects.count).result(10)
        pool.submit(lambda: connection.close()).result(10)

    with ThreadPoolExecutor(1) as pool, record() as recording:
        view(pool)

    (query,) = recording.cycle.statements
    assert query.caller is not None
    assert query.caller.function == view.__qualname__
    assert query.caller.line == view.__code__.co_firstlineno + 1


def test_frames_of_a_thread_go_on_where_it_was_started() -> None:
    with record() as recording:
        run(threading.Thread(target=count))

    (query,) = recording.cycle.statements
    here = test_frames_of_a_thread_go_on_where_it_was_started.__qualname__
    assert [one.function for one in query.frames if one.path == __file__] == ["count", "run", here]


def test_call_is_not_followed_where_the_setting_is_off(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": False}

    with ThreadPoolExecutor(1) as pool, record() as recording:
        pool.submit(count).result(10)
        pool.submit(contextvars.copy_context().run, count).result(10)

    assert followed(recording.cycle) == []
    assert len(recording.cycle.statements) == 1


def test_threads_of_an_executor_belong_to_no_request() -> None:
    with ThreadPoolExecutor(1) as pool:
        with record() as first:
            pool.submit(count).result(10)
        pool.submit(count).result(10)
        with record() as second:
            pool.submit(count).result(10)
            count()

    assert len(first.cycle.statements) == 1
    assert len(second.cycle.statements) == 2
    assert [one.attributes["kind"] for one in followed(first.cycle)] == ["call"]
    assert [one.attributes["kind"] for one in followed(second.cycle)] == ["call"]


def test_an_exception_of_a_call_is_in_its_future_and_told_on_its_span() -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        record() as recording,
        pytest.raises(ValueError, match="no such shelf") as raised,
    ):
        pool.submit(fail).result(10)

    assert raised.value.__traceback__ is not None
    (span,) = followed(recording.cycle)
    assert span.attributes["raised"] == "ValueError: no such shelf"
    assert failures(recording.cycle) == []


def test_call_that_waits_at_the_end_of_the_cycle_has_not_begun() -> None:
    blocked = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with record() as recording:
            pool.submit(blocked.wait, 10)
            waiting: Future[int] = pool.submit(count)
        blocked.set()
        waiting.result(10)

    running, queued = followed(recording.cycle)
    assert (running.attributes["begun"], running.attributes["ended"]) == (True, False)
    assert (queued.attributes["begun"], queued.attributes["ended"]) == (False, False)
    assert queued.thread == ""
    assert recording.cycle.statements == ()


def test_call_that_an_executor_refuses_is_not_recorded() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with record() as recording, pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(count)
    assert followed(recording.cycle) == []
    assert recording.cycle.dropped == {}


def test_arguments_and_result_of_a_call_are_as_they_were() -> None:
    def work(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    with ThreadPoolExecutor(1) as pool, record():
        found = pool.submit(work, 1, fn=2, self=3).result(10)
    assert found == ((1,), {"fn": 2, "self": 3})


def test_what_asgiref_hands_to_threads_is_not_beside_the_view() -> None:
    async def view() -> None:
        await sync_to_async(count)()
        await sync_to_async(count, thread_sensitive=False)()

    with record() as recording:
        async_to_sync(view)()

    assert followed(recording.cycle) == []
    assert len(recording.cycle.statements) == 2


def test_a_pool_of_processes_is_not_followed() -> None:
    spawn = multiprocessing.get_context("spawn")
    with record() as recording, ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert pool.submit(abs, -1).result(60) == 1
    assert followed(recording.cycle) == []


# In place and away


def test_hooks_go_away() -> None:
    before = threading.Thread.start, ThreadPoolExecutor.submit
    with threads.collect():
        assert (threading.Thread.start, ThreadPoolExecutor.submit) != before
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before


def test_what_cannot_be_followed_runs_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(threads, "FollowedSpan", broken)
    with record() as recording, ThreadPoolExecutor(1) as pool:
        run(threading.Thread(target=count))
        assert pool.submit(count).result(10) == 0
    assert recording.cycle.dropped["follow a thread"] == 1
    assert recording.cycle.dropped["follow a call"] == 1


@pytest.mark.parametrize("name", ["_begin", "_finish"])
def test_what_cannot_begin_or_end_runs_all_the_same(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr("cycle_inspector.collectors._followed.enter", broken)
    with record() as recording, ThreadPoolExecutor(1) as pool:
        assert pool.submit(count).result(10) == 0
    assert recording.cycle.dropped == {"follow a thread": 1}


# Nothing is held


def recorders() -> int:
    gc.collect()
    return sum(type(one) is Recorder for one in gc.get_objects())


def test_no_recorder_is_held_by_what_was_followed() -> None:
    before = recorders()
    held: list[Any] = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            with excepthook([]), record():
                held.append(run(Counting()))
                held.append(run(threading.Thread(target=fail)))
                held.append(pool.submit(count))
                held.append(pool.submit(fail))
                held.append(pool.submit(contextvars.copy_context().run, count))
                for one in held:
                    if isinstance(one, Future):
                        one.exception(10)
        failed = [one.exception() for one in held if isinstance(one, Future)]
        assert sum(one is not None for one in failed) == 20
        assert recorders() == before
    assert len(held) == 100


def test_a_thread_that_runs_on_for_ever_holds_an_empty_recorder() -> None:
    stop = threading.Event()
    with record():
        thread = threading.Thread(target=stop.wait, args=(10,))
        thread.start()
        for _ in range(50):
            Book.objects.count()
    kept = [one for one in gc.get_objects() if type(one) is Recorder and one.closed]
    assert all(one.queries == [] and one.spans == [] and one.notes == {} for one in kept)
    stop.set()
    thread.join(10)
