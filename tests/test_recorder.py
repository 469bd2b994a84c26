"""The recorder: ids, nesting, limits and the frozen cycle it becomes."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cycle_inspector.recorder import (
    Limits,
    Recorder,
    current,
    enter,
    innermost,
    leave,
    of_context,
    paused,
)
from cycle_inspector.records import Cycle, Stage
from tests.factories import make_event, make_query, make_render
from tests.recorders import FakeClock, Pending, finish


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder(clock=FakeClock())
    tokens = enter(recorder)
    yield recorder
    leave(tokens)


def parents(cycle: Cycle) -> dict[str, str | None]:
    names = {span.id: span.name for span in cycle.spans}
    return {span.name: None if span.parent is None else names[span.parent] for span in cycle.spans}


# Time and ids


def test_times_count_from_the_start_of_the_cycle(recorder: Recorder) -> None:
    span = recorder.open_span(Stage.VIEW, "view")  # reads 1010
    recorder.close_span(span)  # 1020
    cycle = finish(recorder)  # 1030
    assert (cycle.spans[0].start_ns, cycle.spans[0].duration_ns) == (10, 10)
    assert cycle.duration_ns == 30


def test_start_can_lie_before_the_recorder() -> None:
    recorder = Recorder(start=400, clock=FakeClock(start=1_000))
    assert finish(recorder).duration_ns == 600


def test_ids_of_one_cycle_are_one_sequence(recorder: Recorder) -> None:
    ids = [recorder.new_id(), recorder.open_span(Stage.VIEW, "view").id, recorder.new_id()]
    assert ids == [1, 2, 3]


# Nesting


def test_span_stands_in_the_innermost_open_one(recorder: Recorder) -> None:
    outer = recorder.open_span(Stage.MIDDLEWARE, "outer")
    inner = recorder.open_span(Stage.VIEW, "inner")
    recorder.close_span(inner)
    second = recorder.open_span(Stage.VIEW, "second")
    recorder.close_span(second)
    recorder.close_span(outer)
    cycle = finish(recorder)
    assert parents(cycle) == {"outer": None, "inner": "outer", "second": "outer"}
    assert [span.name for span in cycle.spans] == ["outer", "inner", "second"]


def test_nothing_is_open_after_the_outermost_span(recorder: Recorder) -> None:
    recorder.close_span(recorder.open_span(Stage.VIEW, "view"))
    assert innermost() is None


def test_tasks_that_run_at_once_have_parents_of_their_own(recorder: Recorder) -> None:
    async def task(name: str) -> None:
        outer = recorder.open_span(Stage.VIEW, name)
        await asyncio.sleep(0)
        inner = recorder.open_span(Stage.VIEW, f"{name} inner")
        await asyncio.sleep(0)
        recorder.close_span(inner)
        await asyncio.sleep(0)
        recorder.close_span(outer)

    async def view() -> None:
        outer = recorder.open_span(Stage.VIEW, "view")
        await asyncio.gather(*(task(name) for name in "abc"))
        recorder.close_span(outer)

    # In a thread of its own: a browser's test may have left a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, lambda: asyncio.run(view())).result(10)
    assert parents(finish(recorder)) == {
        "view": None,
        **dict.fromkeys("abc", "view"),
        **{f"{name} inner": name for name in "abc"},
    }


def test_threads_with_the_context_have_the_parent_of_the_one_that_started_them(
    recorder: Recorder,
) -> None:
    outer = recorder.open_span(Stage.VIEW, "view")
    barrier = threading.Barrier(4)

    def work(name: str) -> None:
        span = recorder.open_span(Stage.VIEW, name)
        barrier.wait(5)
        recorder.close_span(span)

    with ThreadPoolExecutor(4, thread_name_prefix="pool") as pool:
        for name in "abcd":
            pool.submit(contextvars.copy_context().run, work, name)
    recorder.close_span(outer)
    cycle = finish(recorder)
    assert parents(cycle) == {"view": None, **dict.fromkeys("abcd", "view")}
    assert {span.thread for span in cycle.spans if span.name != "view"} == {
        f"pool_{number}" for number in range(4)
    }


def test_bare_thread_has_no_recorder(recorder: Recorder) -> None:
    found: list[Recorder | None] = []
    thread = threading.Thread(target=lambda: found.append(current()))
    thread.start()
    thread.join(5)
    assert found == [None]


def test_span_closed_in_another_context_leaves_none_open_there(recorder: Recorder) -> None:
    span = contextvars.copy_context().run(recorder.open_span, Stage.VIEW, "elsewhere")
    recorder.close_span(span)
    assert innermost() is None
    assert [span.name for span in finish(recorder).spans] == ["elsewhere"]


def test_span_closed_twice_does_not_fail(recorder: Recorder) -> None:
    span = recorder.open_span(Stage.VIEW, "view")
    span.close(recorder)
    span.close(recorder)
    assert innermost() is None


# Which recorder is the current one


def test_no_recorder_is_current_outside_of_a_cycle() -> None:
    assert current() is None


def test_cycle_in_a_cycle_gives_the_outer_one_back() -> None:
    outer, inner = Recorder(), Recorder()
    outer_tokens = enter(outer)
    open_outside = outer.open_span(Stage.VIEW, "view")
    inner_tokens = enter(inner)
    assert current() is inner
    assert innermost() is None  # a span of the outer cycle is no parent in the inner one
    leave(inner_tokens)
    assert current() is outer
    assert innermost() is open_outside
    outer.close_span(open_outside)
    leave(outer_tokens)
    assert current() is None


def test_leaving_in_another_context_stops_recording_there() -> None:
    tokens = contextvars.copy_context().run(enter, Recorder())
    mine = enter(Recorder())
    leave(tokens)
    assert current() is None
    leave(mine)


def test_nothing_is_recorded_while_paused(recorder: Recorder) -> None:
    with paused():
        assert current() is None
    assert current() is recorder


def test_recording_goes_on_after_a_pause_that_raised(recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), paused():
        raise ZeroDivisionError
    assert current() is recorder


# Limits, and the end


@pytest.mark.parametrize("kind", ["queries", "renders", "spans", "events"])
def test_what_is_over_a_limit_is_counted(kind: str) -> None:
    recorder = Recorder(limits=Limits(queries=2, renders=2, spans=2, events=2))
    for _ in range(5):
        if kind == "queries":
            recorder.add_query(Pending(make_query()))
        elif kind == "renders":
            recorder.add_render(Pending(make_render()))
        elif kind == "events":
            recorder.add_event(Pending(make_event()))
        else:
            recorder.close_span(recorder.open_span(Stage.VIEW, "view"))
    cycle = finish(recorder)
    assert len(getattr(cycle, kind)) == 2
    assert cycle.dropped == {kind: 3}


def test_limits_of_zero_keep_nothing() -> None:
    recorder = Recorder(limits=Limits(queries=0))
    recorder.add_query(Pending(make_query()))
    assert finish(recorder).queries == ()


def test_closed_recorder_takes_nothing_and_counts_nothing() -> None:
    recorder = Recorder()
    span = recorder.open_span(Stage.VIEW, "view")
    recorder.stop()
    recorder.close_span(span)
    recorder.add_query(Pending(make_query()))
    recorder.add_render(Pending(make_render()))
    recorder.add_event(Pending(make_event()))
    cycle = finish(recorder)
    assert (cycle.spans, cycle.queries, cycle.renders, cycle.events) == ((), (), (), ())
    assert cycle.dropped == {}


def test_thousand_records_from_eight_threads_are_all_kept() -> None:
    recorder = Recorder()
    ids = itertools.count()

    def work() -> None:
        for _ in range(125):
            recorder.add_query(Pending(make_query(id=next(ids))))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {query.id for query in finish(recorder).queries} == set(range(1_000))


def test_what_still_runs_is_looked_at_once_before_the_end() -> None:
    seen: list[bool] = []

    def look(recorder: Recorder) -> None:
        seen.append(recorder.closed)
        recorder.close_span(recorder.open_span(Stage.VIEW, "left behind"))

    recorder = Recorder(at_stop=look)
    recorder.stop()
    recorder.stop()
    assert seen == [False]
    assert [span.name for span in recorder.spans] == ["left behind"]


def test_cleared_recorder_holds_nothing_and_takes_nothing() -> None:
    recorder = Recorder()
    recorder.close_span(recorder.open_span(Stage.VIEW, "view"))
    recorder.add_query(Pending(make_query()))
    recorder.note(Stage.MODELS, list)
    recorder.request = lambda: {"path": "/"}
    recorder.stop()
    recorder.clear()
    recorder.add_render(Pending(make_render()))
    assert (recorder.spans, recorder.queries, recorder.renders, recorder.events) == ([], [], [], [])
    assert recorder.notes == {}
    assert recorder.request() == {}


def test_recorder_of_another_context_can_be_asked_for(recorder: Recorder) -> None:
    span = recorder.open_span(Stage.VIEW, "view")
    assert of_context(contextvars.copy_context()) == (recorder, span)
    assert of_context(contextvars.Context()) == (None, None)
    recorder.close_span(span)


# Notes


def test_note_is_made_once() -> None:
    recorder = Recorder()
    first = recorder.note(Stage.MODELS, list)
    first.append(1)
    assert recorder.note(Stage.MODELS, list) is first
    assert recorder.note(Stage.CLIENT, list) == []
