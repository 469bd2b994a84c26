"""Own time: what a view did by itself, whatever ran at once with it."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.assembly import Recorded
from cycle_inspector.collectors._own_time import covered, own_ns
from cycle_inspector.records import Query, Render, Span, Stage
from tests.factories import make_query, make_render, make_span


def recorded(*inside: Any) -> Recorded:
    def of(kind: type) -> Any:
        return tuple(one for one in inside if isinstance(one, kind))

    return Recorded(
        start=0,
        duration_ns=1_000,
        spans=(VIEW, *of(Span)),
        queries=of(Query),
        renders=of(Render),
        events=(),
        dropped={},
        notes={},
    )


VIEW = make_span(id=4, start_ns=100, duration_ns=100)


def query(start: int, duration: int, **given: Any) -> Query:
    return make_query(**{"parent": 4, "start_ns": start, "duration_ns": duration, **given})


def render(start: int, duration: int, **given: Any) -> Render:
    return make_render(**{"parent": 4, "start_ns": start, "duration_ns": duration, **given})


def span(start: int, duration: int, kind: str | None = None, **given: Any) -> Span:
    attributes = {} if kind is None else {"kind": kind}
    values = {"id": 20, "parent": 4, "attributes": attributes, **given}
    return make_span(start_ns=start, duration_ns=duration, **values)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ([], 100),
        ([query(110, 20)], 80),
        ([query(110, 20), query(140, 20)], 60),
        ([render(110, 50, id=30), query(120, 20, parent=30)], 50),
        ([render(110, 20, id=30), query(150, 10), render(115, 5, id=31, parent=30)], 70),
        ([span(110, 30, stage=Stage.DATABASE)], 70),
        ([span(110, 30), query(120, 50, parent=20)], 40),
        ([query(110, 20, parent=3)], 100),  # of a middleware
        ([query(110, 20, parent=None)], 100),
    ],
)
def test_what_ran_inside_is_subtracted_once(inside: list[Any], expected: int) -> None:
    for is_async in (True, False):
        assert own_ns(recorded(*inside), VIEW, is_async=is_async) == expected


def test_awaited_queries_that_ran_at_once_are_subtracted_once() -> None:
    inside = [query(110 + at, 40, id=50 + at, thread=f"worker-{at}") for at in range(3)]

    assert own_ns(recorded(*inside), VIEW, is_async=True) == 58


def test_what_began_before_or_lasted_longer_counts_as_far_as_the_view_ran() -> None:
    inside = [query(50, 60), query(190, 500), query(300, 10)]

    assert own_ns(recorded(*inside), VIEW, is_async=True) == 80


def test_it_is_never_negative() -> None:
    inside = [query(100, 100, id=50 + at, thread=f"worker-{at}") for at in range(5)]

    assert own_ns(recorded(*inside), VIEW, is_async=True) == 0


def test_what_another_thread_did_beside_a_sync_view_is_not_subtracted() -> None:
    assert own_ns(recorded(query(110, 20, thread="worker")), VIEW, is_async=False) == 100


def test_what_a_followed_thread_did_is_not_subtracted() -> None:
    thread = span(110, 80, "thread", thread="worker")
    inside = [thread, query(120, 20, parent=20, thread="worker")]

    assert own_ns(recorded(*inside), VIEW, is_async=True) == 100


@pytest.mark.parametrize("kind", ["task", "call"])
def test_of_a_task_only_the_queries_are_subtracted(kind: str) -> None:
    inside = [span(110, 80, kind), query(120, 20, parent=20, thread="worker")]

    assert own_ns(recorded(*inside), VIEW, is_async=True) == 80


def test_a_span_that_is_its_own_parent_does_not_hang() -> None:
    around = make_span(id=4, parent=4, start_ns=100, duration_ns=100)

    assert own_ns(recorded(around), around, is_async=False) == 100


@pytest.mark.parametrize(
    ("intervals", "total"),
    [
        ([], 0),
        ([(0, 10)], 10),
        ([(-10, -5)], 5),
        ([(5, 10), (0, 6), (0, 2)], 10),
        ([(0, 1), (1, 2), (9, 10)], 3),
        ([(0, 10), (20, 5)], 10),
    ],
)
def test_time_that_is_covered_twice_counts_once(
    intervals: list[tuple[int, int]], total: int
) -> None:
    assert covered(intervals) == total
