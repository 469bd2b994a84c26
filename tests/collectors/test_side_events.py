"""Side events: where they stand in the cycle."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.recorder import Recorder, enter, leave
from cycle_inspector.records import Event, Stage
from tests.recorders import finish


class Told(SideEvent):
    KIND = "log"

    def name(self) -> str:
        return "a name"

    def attributes(self) -> dict[str, Any]:
        return {"message": "here"}


def told(stage: Stage | None) -> tuple[Event, int | None]:
    """Return an event that happened in a span of `stage`, and the id of that."""
    recorder = Recorder()
    tokens = enter(recorder)
    try:
        span = None if stage is None else recorder.open_span(stage, "outer")
        recorder.add_side_event(Told(recorder, sys._getframe(0)))
        if span is not None:
            recorder.close_span(span)
    finally:
        leave(tokens)
    (event,) = finish(recorder).events
    return event, None if span is None else span.id


@pytest.mark.parametrize("stage", [Stage.MIDDLEWARE, Stage.VIEW, Stage.RESPONSE])
def test_an_event_stands_in_the_innermost_span(stage: Stage) -> None:
    event, outer = told(stage)

    assert (event.stage, event.parent) == (stage, outer)


def test_an_event_outside_of_all_spans_is_the_views() -> None:
    event, _ = told(None)

    assert (event.stage, event.parent) == (Stage.VIEW, None)
    assert (event.kind, event.name, event.attributes) == ("log", "a name", {"message": "here"})
    assert event.frames[0].function == "told"


def test_what_comes_after_the_end_is_not_taken() -> None:
    recorder = Recorder()
    recorder.stop()
    recorder.add_side_event(Told(recorder, None))

    assert finish(recorder).events == ()


def test_what_cannot_be_told_does_not_cost_the_cycle() -> None:
    recorder = Recorder()
    recorder.add_side_event(SideEvent(recorder, None))

    assert finish(recorder).dropped == {"unreadable events": 1}
