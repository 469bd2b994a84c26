"""What the project has marked, as the panel shows it."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import marks
from cycle_inspector.panel.engine import render
from cycle_inspector.panel.layout import own_times
from cycle_inspector.panel.stages import context
from cycle_inspector.panel.timeline import Row, lay_out
from cycle_inspector.records import Cycle, Event, Span, Stage
from tests.factories import MS, make_cycle, make_event, make_query, make_render, make_span

CALLER = {"path": "/srv/shop/pay.py", "line": 7, "function": "charge", "is_project": True}


def make_mark(**given: Any) -> Span:
    attributes = {"kind": "mark", "caller": CALLER, **given.pop("attributes", {})}
    values = {"id": 5, "name": "charge", "start_ns": 5 * MS, "duration_ns": 10 * MS, "parent": 4}
    return make_span(attributes=attributes, **{**values, **given})


def make_instant(**given: Any) -> Event:
    return make_event(**{"kind": "mark", "name": "paid", "attributes": {}, **given})


def make(*found: Span | Event, **given: Any) -> Cycle:
    spans = [make_span(parent=None), *(one for one in found if isinstance(one, Span))]
    events = tuple(one for one in found if isinstance(one, Event))
    return make_cycle(spans=tuple(spans), events=events, **given)


def show(cycle: Cycle, stage: Stage = Stage.VIEW) -> str:
    return str(render(f"stages/{stage.value}.html", context(cycle, stage)))


def rows(cycle: Cycle, stage: Stage = Stage.VIEW) -> list[Row]:
    return [one for one in lay_out(cycle).rows if one.stage == stage.value and one.number is None]


# In the stage


def test_a_stage_without_marks_says_nothing_of_them() -> None:
    assert "Marked by the project" not in show(make(make_event()))
    assert marks.listed(make(), Stage.VIEW) == []
    assert marks.branches(make(), Stage.VIEW) == {}


@pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.BROWSER])
def test_a_mark_is_shown_in_its_stage_alone_and_not_among_the_other_events(stage: Stage) -> None:
    cycle = make(make_mark(stage=stage), make_instant(stage=stage))

    page = show(cycle, stage)
    assert "Marked by the project" in page
    assert "<strong>charge</strong>" in page
    assert '<strong>paid</strong> <span class="quiet">event</span>' in page
    assert "<h3>Events" not in page
    other = Stage.CLIENT if stage is not Stage.CLIENT else Stage.VIEW
    assert "Marked by the project" not in show(cycle, other)


def test_it_says_what_is_known_of_a_mark() -> None:
    mark = make_mark(
        attributes={
            "given": {"amount": 3, "to": "ada"},
            "raised": "Refused: no",
            "template": {"name": "shop/till.html", "line": 9},
        }
    )
    page = show(make(mark, make_mark(id=6, attributes={"ended": False})))

    assert '<span class="quiet">amount</span> 3' in page
    assert "Refused: no" in page
    assert "pay.py:7" in page
    assert "shop/till.html:9" in page
    assert page.count("still open when the response was complete") == 1


def test_queries_count_for_each_mark_around_them_and_for_no_other() -> None:
    cycle = make(
        make_mark(),
        make_mark(id=6, parent=5, name="inner"),
        make_mark(id=7, name="other"),
        queries=(make_query(parent=6), make_query(id=11, parent=4)),
    )

    listed = marks.listed(cycle, Stage.VIEW)
    assert [(one.name, one.depth, one.query_count) for one in listed] == [
        ("charge", 0, 1),
        ("inner", 1, 1),
        ("other", 0, 0),
    ]


def test_what_a_mark_says_is_text() -> None:
    hostile = "<script>alert(1)</script>"
    mark = make_mark(name=hostile, attributes={"given": {hostile: hostile}, "raised": hostile})
    page = show(make(mark, make_instant(name=hostile)))

    assert "<script" not in page


def test_the_first_two_hundred_are_listed() -> None:
    page = show(make(*(make_mark(id=10 + number) for number in range(201))))

    assert page.count("<strong>charge</strong>") == 200
    assert "The first 200 are listed" in page


# On the timeline


def test_marks_of_one_name_are_one_row_below_what_they_ran_in() -> None:
    cycle = make(
        make_mark(),
        make_mark(id=6, start_ns=20 * MS),
        make_mark(id=7, parent=6, name="inner", start_ns=21 * MS, duration_ns=MS),
        make_mark(id=8, name="later", start_ns=6 * MS),
        make_instant(parent=5),
        make_instant(parent=6, at_ns=22 * MS),
    )

    assert [(one.name, one.depth, one.note, one.duration_ns) for one in rows(cycle)] == [
        ("charge", 1, "× 2", 20 * MS),
        ("paid", 2, "× 2", None),
        ("inner", 2, "", MS),
        ("later", 1, "", 10 * MS),
    ]
    assert [one.look for one in rows(cycle)[1].bars] == ["instant"] * 2


def test_an_event_and_a_span_of_one_name_are_two_rows() -> None:
    found = rows(make(make_mark(), make_instant(name="charge")))

    assert [one.duration_ns for one in found] == [10 * MS, None]


def test_a_mark_in_a_middleware_or_a_thread_stands_below_it() -> None:
    outer = make_span(id=20, parent=None, stage=Stage.MIDDLEWARE, name="shop.Outer", start_ns=0)
    inner = make_span(id=21, parent=20, stage=Stage.MIDDLEWARE, name="shop.Inner")
    thread = make_span(id=30, parent=4, attributes={"kind": "thread", "function": "f"})
    cycle = make(
        outer,
        inner,
        thread,
        make_mark(id=22, parent=20, stage=Stage.MIDDLEWARE, name="in outer"),
        make_mark(id=31, parent=30, name="in thread"),
        make_mark(id=32, parent=4, name="in view", start_ns=30 * MS),
    )

    found = [(one.name, one.depth) for one in rows(cycle, Stage.MIDDLEWARE)]
    assert found == [("Outer", 1), ("in outer", 2), ("Inner", 2)]
    assert [one.name for one in rows(cycle)] == ["in view", rows(cycle)[1].name, "in thread"]
    assert rows(cycle)[2].depth == 2


def test_a_mark_around_the_rest_of_the_chain_is_no_work_of_the_middleware() -> None:
    layer = make_span(
        id=20,
        parent=None,
        stage=Stage.MIDDLEWARE,
        start_ns=0,
        duration_ns=40 * MS,
        attributes={"in_ns": MS, "out_ns": MS, "own_ns": 2 * MS},
    )
    around = make_mark(id=21, parent=20, stage=Stage.MIDDLEWARE, duration_ns=30 * MS)

    (stage,) = [one for one in lay_out(make(layer, around)).rows if one.name == "middleware"]
    assert stage.duration_ns == 2 * MS


def test_marks_in_a_render_stand_below_the_templates() -> None:
    cycle = make(make_mark(parent=30, stage=Stage.TEMPLATES), renders=(make_render(),))

    assert [one.name for one in rows(cycle, Stage.TEMPLATES)] == ["charge"]


def test_twelve_rows_are_the_most() -> None:
    many = [make_mark(id=10 + number, name=f"m{number}") for number in range(20)]

    assert len(rows(make(*many))) == 12


def test_a_mark_takes_no_share_of_the_time() -> None:
    query = make_query(parent=5, start_ns=6 * MS, duration_ns=MS)

    assert own_times(make(make_mark(), queries=(query,))) == own_times(
        make(queries=(make_query(parent=4, start_ns=6 * MS, duration_ns=MS),))
    )


def test_a_document_whose_marks_go_in_circles_is_shown() -> None:
    cycle = make(make_mark(parent=6), make_mark(id=6, parent=5), queries=(make_query(parent=5),))

    assert show(cycle)
    assert own_times(cycle)
