"""Exceptions: each once, with the place it came from, and without running its code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.base import BaseHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from cycle_inspector import record
from cycle_inspector.collectors import _tracebacks, exceptions
from cycle_inspector.history import reader
from cycle_inspector.records import Cycle, Event, Stage
from tests.site import Site, failures, find_cycle


def of(cycle: Cycle) -> Event:
    (event,) = failures(cycle)
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

    assert len(failures(recording.cycle)) == 2


def test_an_exception_that_the_view_handles_itself_is_nobodys(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        try:
            raise ValueError
        except ValueError:
            return HttpResponse("handled")

    assert failures(serve(view).get("/").cycle) == []


def test_a_chain_of_exceptions_is_one_event(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        try:
            raise ValueError
        except ValueError as error:
            raise LookupError("because") from error

    event = of(serve(view, middleware=["tests.shelf.onion.LooksAtTheException"]).get("/").cycle)
    assert event.name == "LookupError"
    (linked,) = event.attributes["linked"]
    assert (linked["link"], linked["name"]) == ("cause", "ValueError")


def test_several_arguments_are_joined(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise OSError(2, "no such shelf")

    assert of(serve(view).get("/").cycle).attributes["message"] == "2, no such shelf"


def test_an_answer_of_a_hook_that_is_no_response_is_left_to_django() -> None:
    process = exceptions.watched(lambda error, request: "no response")

    with record():
        assert process(ValueError(), None) == "no response"


def attributes(answer: Any) -> dict[str, Any]:
    return dict(of(answer.cycle).attributes)


@pytest.mark.parametrize("is_async", [True, False])
def test_the_lines_and_locals_of_the_view_are_told(serve: Any, *, is_async: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        books, password = ["Emma"], "hunter2"
        raise LookupError(books, len(password))

    async def aview(request: HttpRequest) -> HttpResponse:
        return view(request)

    found = attributes(serve(aview if is_async else view).get("/"))

    first = found["trace"][0]
    shown = dict(first["locals"])
    assert shown["books"] == "['Emma']"
    assert shown["password"] == "*" * 20
    assert first["lines"][3].strip() == "raise LookupError(books, len(password))"
    ours = [one["function"].rpartition(".")[2] for one in found["trace"] if one["is_project"]]
    assert ours == (["view", "aview"] if is_async else ["view"])
    assert not any("cycle_inspector" in one["path"] for one in found["trace"][1:])


def test_an_exception_of_a_middleware_is_told_the_same_way(serve: Any) -> None:
    answer = serve(
        lambda request: HttpResponse("page"), middleware=["tests.shelf.onion.RaisesAfterwards"]
    ).get("/")

    event = of(answer.cycle)
    assert (event.stage, event.attributes["in_view"]) == (Stage.MIDDLEWARE, False)
    assert event.attributes["trace"][0]["path"].endswith("onion.py")


def test_sensitive_post_parameters_are_not_in_the_locals(serve: Any) -> None:
    @sensitive_post_parameters("pick")
    def view(request: HttpRequest) -> HttpResponse:
        given = request.POST
        raise LookupError(len(given))

    answer = serve(csrf_exempt(view)).ask(
        "POST",
        "/",
        body=b"pick=hunter2&page=2",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    shown = dict(attributes(answer)["trace"][0]["locals"])["given"]
    assert "hunter2" not in shown
    assert "'page': ['2']" in shown


def test_of_a_path_without_a_pattern_no_frames_are_told(site: Site) -> None:
    event = of(site.get("/nowhere/").cycle)

    assert (event.stage, event.frames) == (Stage.ROUTING, ())
    assert "trace" not in event.attributes


class Shelf:
    def fail(self) -> None:
        raise ValueError("no such shelf")


def late(request: HttpRequest) -> TemplateResponse:
    template = engines["django"].from_string("a\n{{ shelf.fail }}")
    return TemplateResponse(request, template, {"shelf": Shelf()})  # type: ignore[arg-type]


def early(request: HttpRequest) -> HttpResponse:
    return late(request).render()


@pytest.mark.parametrize(("view", "stage"), [(late, Stage.TEMPLATES), (early, Stage.VIEW)])
def test_an_error_of_a_template_has_its_line_and_its_stage(
    serve: Any, view: Any, stage: Stage
) -> None:
    cycle = serve(view).get("/").cycle

    event = of(cycle)
    assert event.stage is stage
    assert event.attributes["template"]["line"] == 2
    assert event.attributes["template"]["lines"] == ["a", "{{ shelf.fail }}"]
    assert ("exception" in cycle.stage(Stage.VIEW).facts) is (stage is Stage.VIEW)


@pytest.mark.parametrize("returned", [None, "coroutine"])
def test_what_django_says_of_a_views_answer_is_the_views(serve: Any, returned: Any) -> None:
    async def never() -> None: ...

    coroutine = never()

    def view(request: HttpRequest) -> Any:
        return None if returned is None else coroutine

    answer = serve(view).get("/")
    coroutine.close()

    event = of(answer.cycle)
    assert answer.status == 500
    assert event.stage is Stage.VIEW


def test_what_it_says_of_a_middlewares_answer_is_not() -> None:
    handler = BaseHandler()
    for name, is_about_the_view in ((None, True), ("a.b.process_template_response", False)):
        with pytest.raises(ValueError, match="None") as caught:
            handler.check_response(None, late, name=name)
        assert exceptions._is_about_the_view(caught.value) is is_about_the_view
    assert not exceptions._is_about_the_view(ValueError())


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_an_exception_in_a_stream_says_so(site: Site) -> None:
    with pytest.raises(ValueError, match="half-way"):
        site.get("/broken-stream/")

    cycle = find_cycle(reader.latest() or "")
    event = next(one for one in failures(cycle) if one.kind == "exception")
    assert event.attributes["while_sending"] is True
    assert event.attributes["trace"][0]["function"].endswith("lines")


def test_an_exception_that_a_hook_recovers_is_told_with_its_locals(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        page = 3
        raise LookupError(page)

    answer = serve(view, middleware=["tests.shelf.onion.Recovers"]).get("/")

    assert answer.status == 503
    found = attributes(answer)
    assert found["handled_as"] == "503, by a middleware"
    assert ["page", "3"] in found["trace"][0]["locals"]


def test_hostile_text_is_kept_as_text(serve: Any) -> None:
    hostile = "<script>alert(1)</script>\x00"

    def view(request: HttpRequest) -> HttpResponse:
        shelf = hostile
        raise LookupError(shelf)

    found = attributes(serve(view).get("/"))

    assert found["message"].startswith("<script>alert(1)</script>")
    assert "<script>" in dict(found["trace"][0]["locals"])["shelf"]


def test_what_is_kept_of_a_large_exception_is_bounded(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        a = b = c = d = {f"key {at}": "é" * 1_000 for at in range(100)}
        raise LookupError("é" * 100_000, a, b, c, d)

    found = attributes(serve(view).get("/"))

    assert len(json.dumps(found)) < 40_000


def test_a_frame_that_cannot_be_taken_costs_the_frames_only(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise LookupError

    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError("v")

    for name, mark in (
        ("take", "take the frames of an exception"),
        ("told", "tell the frames of an exception"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(_tracebacks, name, fail)
            cycle = serve(view).get("/").cycle
        event = of(cycle)
        assert (event.name, event.attributes["message"]) == ("ValueError", "v")
        assert "trace" not in event.attributes
        assert cycle.dropped[mark] == 1
