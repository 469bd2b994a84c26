"""Exceptions: each once, with the place it came from, and without running its code."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import exceptions
from cycle_inspector.records import Cycle, Event, Stage
from tests.site import Site


def of(cycle: Cycle) -> Event:
    (event,) = cycle.events
    return event


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ValueError("v"), 500, "exception"),
        (PermissionDenied("v"), 403, "exception"),
        (BadRequest("v"), 400, "exception"),
        (SuspiciousOperation("v"), 400, "exception"),
        (Http404("v"), 404, "not_found"),
    ],
)
def test_what_a_view_raises_is_kept_with_what_became_of_it(
    serve: Any, error: Exception, status: int, kind: str
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    answer = serve(view).get("/")

    event = of(answer.cycle)
    assert answer.status == status
    assert (event.kind, event.stage) == (kind, Stage.VIEW)
    assert event.attributes["handled_as"] == str(status)
    assert event.attributes["message"] == "v"
    assert event.frames[0].path == __file__
    assert event.frames[0].is_project


def test_the_page_about_the_error_is_the_one_without_the_tool(site: Site) -> None:
    answer, bare = site.get("/raises/"), site.bare().get("/raises/")

    assert answer.status == bare.status == 500
    assert b"no such shelf" in answer.body
    assert answer.text.count("panel.js") == 1


def test_the_debug_page_is_no_template_of_the_project(site: Site) -> None:
    assert site.get("/raises/").cycle.renders == ()


@pytest.mark.parametrize("debug", [True, False])
def test_an_exception_is_kept_whatever_page_is_made_of_it(
    serve: Any, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug

    def view(request: HttpRequest) -> HttpResponse:
        raise LookupError("here")

    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}
    answer = serve(view).get("/")

    assert answer.status == 500
    assert of(answer.cycle).name == "LookupError"


def test_no_code_of_an_exception_is_run(serve: Any) -> None:
    class Untouchable(Exception):
        @property
        def args(self) -> Any:  # type: ignore[override]
            raise AssertionError

        def __str__(self) -> str:
            return "for Django's page"

    def view(request: HttpRequest) -> HttpResponse:
        raise Untouchable("kept")

    cycle = serve(view).get("/").cycle

    assert of(cycle).attributes["message"] == "kept"
    assert cycle.dropped == {}


def test_a_password_in_the_address_of_a_message_is_hidden(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise ConnectionError("no answer from amqp://ada:hunter2@localhost/")

    message = str(of(serve(view).get("/").cycle).attributes["message"])
    assert message.startswith("no answer from amqp://")
    assert "hunter2" not in message


def test_a_second_exception_at_the_address_of_the_first_is_kept_too() -> None:
    class First(Exception): ...

    class Second(Exception): ...

    with record() as recording:
        from cycle_inspector.recorder import current

        recorder = current()
        assert recorder is not None
        first, second = First("1"), Second("2")
        kept = exceptions._take(recorder, first, Stage.VIEW)
        assert kept is not None
        kept.identity = id(second)
        exceptions._take(recorder, second, Stage.VIEW)
        exceptions._take(recorder, second, Stage.VIEW)

    assert len(recording.cycle.events) == 2


def test_an_exception_that_the_view_handles_itself_is_nobodys(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        try:
            raise ValueError
        except ValueError:
            return HttpResponse("handled")

    assert serve(view).get("/").cycle.events == ()


def test_a_chain_of_exceptions_is_one_event(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        try:
            raise ValueError
        except ValueError as error:
            raise LookupError("because") from error

    event = of(serve(view, middleware=["tests.shelf.onion.LooksAtTheException"]).get("/").cycle)
    assert event.name == "LookupError"


def test_several_arguments_are_joined(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise OSError(2, "no such shelf")

    assert of(serve(view).get("/").cycle).attributes["message"] == "2, no such shelf"


def test_an_answer_of_a_hook_that_is_no_response_is_left_to_django() -> None:
    process = exceptions.watched(lambda error, request: "no response")

    with record():
        assert process(ValueError(), None) == "no response"
