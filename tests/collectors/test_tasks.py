"""Tasks: each that uses the database has a span, and so has each that outlives its cycle."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async

from cycle_inspector import record
from cycle_inspector.collectors import tasks
from cycle_inspector.recorder import Recorder, current, enter, leave
from cycle_inspector.records import Cycle, Span, Stage
from tests.shelf.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_loop_is_running() -> Iterator[None]:
    """A browser's test may have left a loop running in this thread."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


def run(view: Callable[[], Awaitable[Any]]) -> Any:
    """Run `view` as a server does: in a task of an event loop."""

    async def main() -> Any:
        return await view()

    return asyncio.run(main())


def spans(cycle: Cycle) -> list[Span]:
    return [one for one in cycle.spans if one.attributes.get("kind") == "task"]


async def count() -> int:
    return await Book.objects.acount()


async def wait() -> None:
    await asyncio.Event().wait()


async def count_and_wait(counted: asyncio.Event | None = None) -> None:
    await count()
    if counted is not None:
        counted.set()
    await wait()


async def stopped(*found: asyncio.Task[Any]) -> None:
    for one in found:
        one.cancel()
        with suppress(asyncio.CancelledError):
            await one


# Within the cycle


def test_each_task_that_uses_the_database_is_a_span_with_its_queries() -> None:
    async def view() -> Cycle:
        async with record() as recording:
            await count()
            await asyncio.gather(count(), count())
            await asyncio.create_task(count(), name="mine")
        return recording.cycle

    cycle = run(view)

    first, second, mine = spans(cycle)
    assert mine.name == "task mine (count)"
    assert {one.attributes["function"] for one in (first, second, mine)} == {"count"}
    assert all(one.attributes["ended"] for one in (first, second, mine))
    assert [one.parent for one in cycle.statements] == [None, first.id, second.id, mine.id]
    assert all(one.stage is Stage.VIEW for one in spans(cycle))


def test_task_has_one_span_however_much_it_does() -> None:
    async def busy() -> None:
        for _ in range(3):
            await count()

    async def view() -> Cycle:
        async with record() as recording:
            await asyncio.create_task(busy())
        return recording.cycle

    cycle = run(view)

    (span,) = spans(cycle)
    assert [one.parent for one in cycle.statements] == [span.id] * 3


def test_task_of_a_task_stands_in_that() -> None:
    async def outer() -> None:
        await count()
        await asyncio.create_task(count(), name="inner")

    async def view() -> Cycle:
        async with record() as recording:
            await asyncio.create_task(outer(), name="outer")
        return recording.cycle

    first, second = spans(run(view))
    assert first.name.startswith("task outer (")
    assert second.name == "task inner (count)"
    assert second.parent == first.id


def test_request_is_no_task_of_its_own() -> None:
    async def view() -> Cycle:
        async with record() as recording:
            await count()
            await sync_to_async(async_to_sync(count))()
        return recording.cycle

    cycle = run(view)
    assert spans(cycle) == []
    assert len(cycle.statements) == 2


def test_under_a_sync_server_the_tasks_of_an_async_view_are_seen_too() -> None:
    async def view() -> None:
        await count()
        await asyncio.gather(count(), count())

    with record() as recording:
        async_to_sync(view)()

    cycle = recording.cycle
    assert len(spans(cycle)) == 2
    assert len(cycle.statements) == 3
    assert all(one.attributes["ended"] for one in spans(cycle))


def test_span_of_a_task_lasts_until_the_task_ends() -> None:
    async def slow() -> None:
        await count()
        await asyncio.sleep(0.05)

    async def view() -> Cycle:
        async with record() as recording:
            await asyncio.create_task(slow())
        return recording.cycle

    (span,) = spans(run(view))
    assert span.duration_ns >= 45_000_000


def test_task_that_failed_or_was_cancelled_says_so() -> None:
    async def fail() -> None:
        await count()
        raise ValueError("no such shelf")

    async def view() -> Cycle:
        async with record() as recording:
            failed = asyncio.create_task(fail())
            with pytest.raises(ValueError, match="no such shelf"):
                await failed
            cancelled = asyncio.create_task(count_and_wait())
            while not spans_of(current()):
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            await stopped(cancelled)
        return recording.cycle

    first, second = spans(run(view))
    assert first.attributes["raised"] == "ValueError: no such shelf"
    assert second.attributes["raised"] == "CancelledError"


def spans_of(recorder: Any) -> list[Any]:
    return [one for one in recorder.spans if isinstance(one, tasks.TaskSpan)]


def test_an_exception_that_nobody_awaits_is_still_told_by_asyncio() -> None:
    told: list[dict[str, Any]] = []

    async def fail() -> None:
        await count()
        raise ValueError("no such shelf")

    async def view() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, about: told.append(about))
        async with record():
            task = asyncio.create_task(fail())
            while not task.done():
                await asyncio.sleep(0)
        del task
        gc.collect()

    run(view)
    assert [one["message"] for one in told] == ["Task exception was never retrieved"]


def test_tasks_of_two_cycles_in_one_loop_do_not_mix() -> None:
    async def one(number: int) -> Cycle:
        async with record() as recording:
            await asyncio.gather(*(count() for _ in range(number)))
        return recording.cycle

    async def view() -> list[Cycle]:
        return await asyncio.gather(*(one(number) for number in range(6)))

    cycles = run(view)
    assert [len(spans(cycle)) for cycle in cycles] == list(range(6))
    assert [len(cycle.statements) for cycle in cycles] == list(range(6))


# Beyond the cycle


def test_task_that_outlives_the_cycle_is_shown_with_what_it_did_and_where_it_waits() -> None:
    async def view() -> Cycle:
        async with record() as recording:
            counted = asyncio.Event()
            task = asyncio.create_task(count_and_wait(counted), name="later")
            await counted.wait()
        await stopped(task)
        return recording.cycle

    cycle = run(view)

    (span,) = spans(cycle)
    assert span.name == "task later (count_and_wait)"
    assert (span.attributes["begun"], span.attributes["ended"]) == (True, False)
    assert span.start_ns + span.duration_ns == cycle.duration_ns
    assert [one.parent for one in cycle.statements] == [span.id]
    place = span.attributes["suspended"]
    assert place["path"] == __file__
    assert place["function"] == "wait"
    assert place["line"] == wait.__code__.co_firstlineno + 1
    assert "start_known" not in span.attributes


def test_task_that_is_seen_at_the_end_only_has_no_known_start() -> None:
    async def view() -> Cycle:
        async with record() as recording:
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
        await stopped(task)
        return recording.cycle

    (span,) = spans(run(view))
    assert span.attributes["start_known"] is False
    assert span.attributes["ended"] is False
    assert span.attributes["suspended"]["function"] == "wait"


def test_task_that_has_not_begun_waits_at_its_first_line() -> None:
    async def view() -> Cycle:
        async with record() as recording:
            task = asyncio.create_task(wait())
        await stopped(task)
        return recording.cycle

    (span,) = spans(run(view))
    assert span.attributes["suspended"]["line"] == wait.__code__.co_firstlineno


def test_what_a_task_does_after_the_end_is_nobodys() -> None:
    async def late() -> None:
        await count()
        await asyncio.sleep(0.05)
        await count()

    async def view() -> tuple[Cycle, Any]:
        async with record() as recording:
            task = asyncio.create_task(late())
            while current() is not None and not current().queries:  # type: ignore[union-attr]
                await asyncio.sleep(0)
            recorder = current()
        await task
        return recording.cycle, recorder

    cycle, recorder = run(view)
    assert len(cycle.statements) == 1
    assert (recorder.queries, recorder.spans, recorder.dropped) == ([], [], {})


def test_tasks_of_others_are_not_shown() -> None:
    async def view() -> Cycle:
        before = [asyncio.create_task(wait()) for _ in range(5)]
        async with record() as recording:
            await count()
        after = asyncio.create_task(wait())
        await stopped(*before, after)
        return recording.cycle

    assert spans(run(view)) == []


def test_tasks_are_found_from_the_thread_that_closes_a_stream() -> None:
    async def view() -> Cycle:
        recording = record()
        recording.__enter__()
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        recorder = current()
        assert recorder is not None
        await asyncio.to_thread(recorder.stop)
        found = [one.record(recorder) for one in recorder.spans]
        recording.__exit__(None, None, None)
        await stopped(task)
        return found

    (span,) = [one for one in run(view) if one.attributes["kind"] == "task"]
    assert span.attributes["suspended"]["function"] == "wait"


# In place and away, and what it costs


def test_hooks_go_away() -> None:
    before = SyncToAsync.__call__
    with tasks.collect():
        assert SyncToAsync.__call__ is not before
        assert asyncio.iscoroutinefunction(before)
    assert SyncToAsync.__call__ is before


def test_outside_of_a_loop_there_is_nothing_to_look_for() -> None:
    assert tasks.watch() is None


def test_coroutine_that_is_made_outside_of_a_loop_is_no_fault() -> None:
    with record() as recording:
        coroutine = sync_to_async(threading.get_ident)()
        coroutine.close()
    assert recording.cycle.dropped == {}


@pytest.mark.parametrize("name", ["_at_work", "_see"])
def test_what_cannot_be_found_costs_nothing_else(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(tasks, name, broken)

    async def view() -> Cycle:
        async with record() as recording:
            await asyncio.create_task(count())
        return recording.cycle

    cycle = run(view)
    assert len(cycle.statements) == 1
    what = {"_at_work": "find the tasks at work", "_see": "follow a task"}[name]
    assert cycle.dropped == {what: 1}


def test_two_hundred_tasks_of_others_are_passed_over_quickly() -> None:
    async def view() -> int:
        others = [asyncio.create_task(wait()) for _ in range(200)]
        await asyncio.sleep(0)
        took = []
        for _ in range(20):
            recorder = Recorder(at_stop=tasks.watch())
            tokens = enter(recorder)
            start = time.perf_counter_ns()
            recorder.stop()
            took.append(time.perf_counter_ns() - start)
            leave(tokens)
            assert recorder.spans == []
        await stopped(*others)
        return min(took)

    assert run(view) < 2_000_000  # some 0.05 ms on an idle machine


def test_no_recorder_is_held_once_its_tasks_are_done() -> None:
    def recorders() -> int:
        gc.collect()
        return sum(type(one) is Recorder for one in gc.get_objects())

    async def view() -> None:
        before = recorders()
        for _ in range(20):
            async with record():
                await asyncio.gather(count(), count())
                task = asyncio.create_task(wait())
                await asyncio.sleep(0)
            await stopped(task)
        del task
        await asyncio.sleep(0)  # the event loop lets go of the last one
        assert recorders() == before

    run(view)
