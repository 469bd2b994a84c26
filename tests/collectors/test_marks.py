"""Marks in whole cycles: their stage, what stands inside of them, their limits, their secrets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context, Template

from cycle_inspector import event, record, span
from cycle_inspector.exporters import json_document
from cycle_inspector.panel.layout import own_times
from cycle_inspector.records import HIDDEN, Cycle, Span, Stage, is_mark
from tests.recorders import FakeClock
from tests.shelf.models import Book


class Unprintable:
    def __str__(self) -> str:
        raise AssertionError

    __repr__ = __str__


def mark(cycle: Cycle, name: str) -> Span:
    (found,) = [one for one in cycle.spans if is_mark(one) and one.name == name]
    return found


def view(request: HttpRequest) -> HttpResponse:
    with span("work"):
        Book.objects.count()
        event("counted")
    Book.objects.exists()
    return HttpResponse("ok")


# Where they stand


def test_a_query_inside_a_span_has_it_as_its_parent_and_one_after_it_the_view(serve: Any) -> None:
    cycle = serve(view).get("/").cycle

    work = mark(cycle, "work")
    inside, after = cycle.statements
    assert work.stage is Stage.VIEW
    assert inside.parent == work.id
    assert after.parent == work.parent
    (counted,) = cycle.events
    assert (counted.kind, counted.stage, counted.parent) == ("mark", Stage.VIEW, work.id)
    assert counted.frames[0].function == "view"


class Marking:
    """A middleware that marks what is further in."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        event("on the way in")
        with span("all of it"):
            return self.get_response(request)


def test_a_mark_in_a_middleware_is_of_its_stage_and_changes_nothing_of_the_onion(
    serve_wsgi: Any,
) -> None:
    inner = "django.middleware.common.CommonMiddleware"
    cycle = serve_wsgi(view, middleware=[f"{__name__}.Marking", inner]).get("/").cycle

    assert mark(cycle, "all of it").stage is Stage.MIDDLEWARE
    assert cycle.events[0].stage is Stage.MIDDLEWARE
    onion = cycle.stage(Stage.MIDDLEWARE).facts["onion"]
    assert [one["depth"] for one in onion] == [0, 1]
    assert onion[0]["short_circuit"] is False
    assert onion[0]["in_ns"] + onion[0]["out_ns"] < mark(cycle, "all of it").duration_ns
    assert cycle.stage(Stage.VIEW).count == 1


def test_a_mark_in_a_template_is_of_the_templates_and_tells_its_line() -> None:
    template = Template("\n{{ one }}")

    def one() -> str:
        with span("one"):
            return "1"

    with record() as recording:
        template.render(Context({"one": one}))

    found = mark(recording.cycle, "one")
    assert found.stage is Stage.TEMPLATES
    assert found.attributes["template"]["line"] == 2
    assert found.parent == recording.cycle.renders[0].id


def test_a_mark_in_a_stream_is_of_the_view(serve_wsgi: Any) -> None:
    def stream(request: HttpRequest) -> StreamingHttpResponse:
        @span("part")
        def parts() -> Any:
            event("a part")
            yield b"x"

        return StreamingHttpResponse(parts())

    cycle = serve_wsgi(stream).get("/").cycle

    assert mark(cycle, "part").stage is Stage.VIEW
    assert [one.name for one in cycle.events] == ["a part"]


def test_marks_take_nothing_from_the_times_of_the_stages(serve_wsgi: Any) -> None:
    cycle = serve_wsgi(view).get("/").cycle

    viewed = next(one for one in cycle.spans if one.stage is Stage.VIEW and not is_mark(one))
    queries = sum(one.duration_ns for one in cycle.queries)
    assert own_times(cycle)[Stage.VIEW] == pytest.approx(viewed.duration_ns - queries)
    assert cycle.stage(Stage.VIEW).facts["own_ns"] == viewed.duration_ns - queries


@pytest.mark.django_db(transaction=True)
def test_a_task_made_inside_a_span_that_is_over_is_not_inside_of_it() -> None:
    async def late(over: asyncio.Event) -> None:
        await over.wait()
        event("late")

    async def work() -> Cycle:
        async with record() as recording:
            over = asyncio.Event()
            with span("outer"):
                with span("inner"):
                    task = asyncio.create_task(late(over))
                event("after inner")
            over.set()
            await task
        return recording.cycle

    cycle = asyncio.run(work())
    first, late_one = cycle.events
    assert first.parent == mark(cycle, "outer").id
    assert late_one.parent is None


# What is kept


def test_values_are_told_without_running_their_code_and_as_they_were() -> None:
    given = [1]
    with record() as recording:
        event("seen", thing=Unprintable(), given=given)
        given.append(2)

    told = recording.cycle.events[0].attributes["given"]
    assert told == {"thing": f"<{__name__}.Unprintable>", "given": [1]}


def test_secrets_are_hidden_by_name_however_deep() -> None:
    with record() as recording, span("call", password="x", deep={"api_key": "x", "page": 2}):
        event("called", token="x", to="https://shop.example/?secret=x&page=2")

    assert mark(recording.cycle, "call").attributes["given"] == {
        "password": HIDDEN,
        "deep": {"api_key": HIDDEN, "page": 2},
    }
    assert recording.cycle.events[0].attributes["given"] == {
        "token": HIDDEN,
        "to": f"https://shop.example/?secret={HIDDEN}&page=2",
    }


def test_names_of_attributes_are_the_projects_in_json_too() -> None:
    with record() as recording:
        event("waited", waited_ns=5_000_000)

    (told,) = json_document.export(recording.cycle)["events"]
    assert told["attributes"] == {"given": {"waited_ns": 5_000_000}}


@pytest.mark.parametrize("name", [7, Unprintable(), "x" * 5000])
def test_any_name_is_taken(name: Any) -> None:
    with record() as recording, span(name):
        event(name)

    assert len(recording.cycle.events[0].name) < 300
    assert recording.cycle.dropped == {}


def test_limits_hold_and_marks_push_nothing_else_out(settings: Any, serve_wsgi: Any) -> None:
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "MAX_SPANS": 5, "MAX_EVENTS": 2}

    def many(request: HttpRequest) -> HttpResponse:
        for number in range(7):
            with span("work", number=number):
                event("step")
        raise ValueError("after all")

    cycle = serve_wsgi(many, middleware=[]).get("/").cycle

    assert len([one for one in cycle.spans if is_mark(one)]) == 5
    assert cycle.dropped == {"spans": 2, "events": 5}
    assert cycle.stage(Stage.VIEW).facts["exception"]["message"] == "after all"


def test_a_span_that_was_left_out_does_not_close_the_one_around_it(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"MAX_SPANS": 1}
    again = span("again")
    with record() as recording, again:
        with again:
            pass
        event("inside the first")

    assert recording.cycle.events[0].parent == mark(recording.cycle, "again").id


def test_time_is_that_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    with record() as recording:
        recording._recorder.clock = FakeClock(recording._recorder.start)
        with span("work"):
            pass

    assert mark(recording.cycle, "work").duration_ns in (10, 20)
