"""Side events that take time: how long, of which place, and whether they were waited for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
import requests

from cycle_inspector import record
from cycle_inspector.analysis._calls import awaited, duration_ns, is_whole, place_of, waited_ns
from cycle_inspector.records import HIDDEN, Cycle
from tests.factories import MS, make_event


def cycle_of(work: Callable[[], Any]) -> Cycle:
    with record() as recording:
        work()
    return recording.cycle


@pytest.fixture
def follow(settings: Any, switched_on: Any) -> None:
    """Let threads belong to the cycle that has started them."""
    switched_on(FOLLOW_THREADS=True)


def test_what_runs_at_once_is_waited_for_once() -> None:
    def call(at: int, duration: int) -> Any:
        return make_event(kind="http", at_ns=at * MS, attributes={"duration_ns": duration * MS})

    assert waited_ns([]) == 0
    assert waited_ns([call(0, 10), call(2, 3), call(5, 10), call(30, 1)]) == 16 * MS
    assert duration_ns(make_event(attributes={})) == 0


def test_what_is_hidden_or_cut_is_not_whole() -> None:
    assert is_whole("https://a.example/?page=2")
    assert not is_whole(f"https://a.example/?token={HIDDEN}")
    assert not is_whole("https://a.example/aaa… (70 more characters)")


def test_a_call_has_the_place_of_its_line(elsewhere: str) -> None:
    (call,) = awaited(cycle_of(lambda: requests.get(f"{elsewhere}/", timeout=5)))

    caller, template = place_of(call)
    assert caller is not None
    assert caller.path == __file__
    assert template is None


def test_calls_that_a_view_waits_for_in_threads_are_awaited(follow: None, elsewhere: str) -> None:
    def work() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: requests.get(f"{elsewhere}/wait/5", timeout=5), range(2)))

    assert len(awaited(cycle_of(work))) == 2


def test_a_call_of_a_thread_that_goes_on_is_not_awaited(follow: None, elsewhere: str) -> None:
    asked, may_end = Signal(), Signal()

    def beside() -> None:
        requests.get(f"{elsewhere}/", timeout=5)
        asked.set()
        may_end.wait(5)

    thread = Thread(target=beside)

    def work() -> None:
        thread.start()
        assert asked.wait(5)

    cycle = cycle_of(work)
    may_end.set()
    thread.join()

    assert [one.kind for one in cycle.events] == ["http"]
    assert awaited(cycle) == ()
