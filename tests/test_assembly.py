"""Assembly: the frozen cycle that a recorder becomes, and what it does with what cannot be read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.recorder import Limits, Recorder
from cycle_inspector.records import Stage
from tests.factories import make_query, make_render
from tests.recorders import FakeClock, Pending, finish


def test_queries_and_renders_come_in_the_order_of_their_start() -> None:
    recorder = Recorder()
    for start in (30, 10, 20):
        recorder.add_query(Pending(make_query(id=start, start_ns=start)))
        recorder.add_render(Pending(make_render(id=start + 1, start_ns=start)))
    cycle = finish(recorder)
    assert [query.start_ns for query in cycle.queries] == [10, 20, 30]
    assert [render.start_ns for render in cycle.renders] == [10, 20, 30]


def test_record_that_cannot_be_made_is_counted_and_spares_the_others() -> None:
    class Unreadable:
        def record(self, recorder: Recorder) -> Any:
            raise ValueError("no shelf")

    recorder = Recorder()
    recorder.add_query(Unreadable())
    recorder.add_query(Pending(make_query()))
    recorder.add_event(Unreadable())
    cycle = finish(recorder)
    assert cycle.queries == (make_query(),)
    assert cycle.events == ()
    assert cycle.dropped == {"unreadable queries": 1, "unreadable events": 1}


def test_request_and_response_that_cannot_be_described_are_empty_and_counted() -> None:
    def fail() -> Any:
        raise ValueError("no shelf")

    recorder = Recorder()
    recorder.request = recorder.response = fail
    cycle = finish(recorder)
    assert (cycle.request, cycle.response) == ({}, {})
    assert cycle.dropped == {"unreadable request": 1, "unreadable response": 1}


def test_cycle_has_all_stages_whoever_describes_them() -> None:
    cycle = finish(Recorder(), view=lambda recorded: Summed(count=3, facts={"name": "list"}))
    assert [summary.stage for summary in cycle.stages] == list(Stage)
    assert cycle.stage(Stage.VIEW).facts == {"name": "list"}
    assert cycle.stage(Stage.BROWSER).count == 0


def test_describe_is_given_the_frozen_records() -> None:
    seen: list[Recorded] = []
    recorder = Recorder(clock=FakeClock(), limits=Limits(queries=0))
    recorder.close_span(recorder.open_span(Stage.VIEW, "view"))
    recorder.close_span(recorder.open_span(Stage.ROUTING, "routing"))
    recorder.add_query(Pending(make_query()))
    recorder.note(Stage.VIEW, lambda: "note")

    def describe(recorded: Recorded) -> Summed:
        seen.append(recorded)
        return Summed()

    cycle = finish(recorder, view=describe)
    (recorded,) = seen
    assert [span.name for span in recorded.of(Stage.ROUTING)] == ["routing"]
    assert recorded.notes == {Stage.VIEW: "note"}
    assert recorded.dropped == {"queries": 1}
    assert recorded.duration_ns == cycle.duration_ns


def test_stage_that_cannot_be_described_is_empty_and_said_to_be() -> None:
    def fail(recorded: Recorded) -> Summed:
        raise ValueError("no shelf")

    cycle = finish(Recorder(), view=fail, client=lambda recorded: Summed(count=2))
    assert cycle.stage(Stage.VIEW).facts == {}
    assert cycle.stage(Stage.CLIENT).count == 2
    (fault,) = cycle.events
    assert (fault.kind, fault.stage, fault.name) == ("fault", Stage.VIEW, "ValueError")
    assert "no shelf" in fault.attributes["message"]


def test_request_and_response_are_asked_for_at_the_end() -> None:
    recorder = Recorder(kind="block", parent="outer")
    recorder.request = lambda: {"method": "GET"}
    recorder.response = lambda: {"status": 200}
    recorder.settings = "ab12"
    cycle = finish(recorder)
    assert (cycle.kind, cycle.parent, cycle.settings) == ("block", "outer", "ab12")
    assert cycle.cause == "inside"
    assert cycle.request == {"method": "GET"}
    assert cycle.response == {"status": 200}


def test_cycle_of_an_idle_recorder_is_empty() -> None:
    cycle = finish(Recorder())
    assert (cycle.request, cycle.response, cycle.findings) == ({}, {}, ())
    assert (cycle.parent, cycle.cause) == (None, None)


def test_start_of_a_cycle_is_aware_and_that_of_its_id() -> None:
    cycle = finish(Recorder())
    milliseconds = UUID(cycle.id).int >> 80
    assert cycle.started_at.tzinfo is not None
    assert abs(cycle.started_at.timestamp() * 1_000 - milliseconds) < 1.1
