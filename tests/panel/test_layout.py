from __future__ import annotations

import doctest

import pytest

from cycle_inspector.panel import layout
from cycle_inspector.panel.layout import Axis
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_query, make_render, make_span


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(layout)

    assert (failed, tried) == (0, 1)


@pytest.mark.parametrize(
    ("instant", "share"),
    [(0, "0.000%"), (21, "25.000%"), (84, "100.000%"), (-5, "0.000%"), (90, "100.000%")],
)
def test_an_instant_stands_inside_the_drawing(instant: int, share: str) -> None:
    assert Axis(84).percent(instant) == share


@pytest.mark.parametrize("total", [0, -1])
def test_an_axis_of_no_time_divides_by_nothing(total: int) -> None:
    assert Axis(total).percent(5) == "0.000%"
    assert Axis(total).ticks() == ()


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        (20, 30, ("20.000%", "50.000%", "30.000%")),
        (-10, 30, ("0.000%", "30.000%", "30.000%")),
        (90, 30, ("90.000%", "100.000%", "10.000%")),
        (120, 30, ("100.000%", "100.000%", "0.000%")),
        (20, -5, ("20.000%", "20.000%", "0.000%")),
    ],
)
def test_a_bar_never_leaves_the_drawing(
    start: int, duration: int, expected: tuple[str, str, str]
) -> None:
    bar = Axis(100).bar(start, duration, "work")

    assert (bar.x, bar.end, bar.width, bar.look) == (*expected, "work")


def test_tiny_neighbours_are_drawn_as_one() -> None:
    bars = Axis(200_000 * MS).bars([(at * MS, at * MS + 1) for at in range(9)], "work")

    assert [(one.x, one.width) for one in bars] == [("0.000%", "0.004%")]


def test_neighbours_with_room_between_them_are_drawn_apart() -> None:
    assert len(Axis(200_000).bars([(0, 100), (111, 200)], "work")) == 2
    assert len(Axis(200_000).bars([(0, 100), (110, 200)], "work")) == 1


def test_the_nearest_of_too_many_are_drawn_as_one() -> None:
    pairs = [(at * 100, at * 100 + 1) for at in range(400)]  # each has room
    apart = [(90_000 + at * 5_000, 90_001 + at * 5_000) for at in range(20)]

    bars = Axis(200_000).bars([*pairs, *apart], "work")

    assert len(bars) == 21
    assert bars[0].end == "19.951%"


def test_an_interval_within_another_does_not_shorten_it() -> None:
    assert layout.join([(0, 10), (2, 4), (9, 12)]) == [(0, 12)]
    assert layout.join([]) == []


@pytest.mark.parametrize("total", [0, 1, 999, 84 * MS, 3_600_000 * MS])
def test_an_axis_has_few_labels_inside_the_drawing(total: int) -> None:
    ticks = Axis(total).ticks()

    assert len(ticks) <= 6
    assert all(0 < float(one.x.rstrip("%")) < 100 for one in ticks)


@pytest.mark.parametrize(
    ("total", "labels"),
    [
        (84 * MS, ["20 ms", "40 ms", "60 ms", ""]),
        (31 * MS, ["10 ms", "20 ms", ""]),
        (6 * MS, ["1 ms", "2 ms", "3 ms", "4 ms", "5 ms"]),
        (MS // 10, ["0.02 ms", "0.04 ms", "0.06 ms", "0.08 ms"]),
        (4_200 * MS, ["1 s", "2 s", "3 s", ""]),
        (2_600 * MS, ["500 ms", "1 s", "1.5 s", "2 s", ""]),
    ],
)
def test_labels_stand_at_round_distances_and_not_over_the_edge(
    total: int, labels: list[str]
) -> None:
    assert [one.label for one in Axis(total).ticks()] == labels


def test_work_of_two_at_once_is_taken_from_the_outer_once() -> None:
    view = make_span(id=1, parent=None, start_ns=0, duration_ns=10 * MS)
    at_once = tuple(
        make_query(id=10 + one, parent=1, start_ns=2 * MS, duration_ns=4 * MS) for one in range(3)
    )

    times = layout.own_times(make_cycle(spans=(view,), queries=at_once))

    assert times == {Stage.VIEW: 6 * MS, Stage.DATABASE: 12 * MS}


def test_the_own_time_of_a_stage_leaves_out_what_ran_inside_it() -> None:
    view = make_span(id=1, parent=None, start_ns=0, duration_ns=10 * MS)
    render = make_render(id=2, parent=1, start_ns=1 * MS, duration_ns=6 * MS)
    query = make_query(id=3, parent=2, start_ns=2 * MS, duration_ns=1 * MS)

    times = layout.own_times(make_cycle(spans=(view,), renders=(render,), queries=(query,)))

    assert times == {Stage.VIEW: 4 * MS, Stage.TEMPLATES: 5 * MS, Stage.DATABASE: 1 * MS}


def test_what_outlasts_its_parent_takes_no_more_than_there_is() -> None:
    view = make_span(id=1, parent=None, start_ns=5 * MS, duration_ns=2 * MS)
    late = make_query(id=2, parent=1, start_ns=6 * MS, duration_ns=10 * MS)
    early = make_query(id=2, parent=1, start_ns=0, duration_ns=6 * MS)

    for query in (late, early):
        assert layout.own_times(make_cycle(spans=(view,), queries=(query,)))[Stage.VIEW] == 1 * MS


def test_a_stage_that_recorded_nothing_has_no_time() -> None:
    assert layout.own_times(make_cycle()) == {}
