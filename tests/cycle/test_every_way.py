"""WSGI and ASGI, sync and async views, every kind of response: the same page, and its cycle."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.test import AsyncClient
from django.urls import path

from cycle_inspector.history import reader, writer
from cycle_inspector.lifecycle import OpenCycle
from cycle_inspector.recorder import OpenSpan, Recorder, current, innermost
from cycle_inspector.records import Stage
from tests.shelf.models import Book
from tests.shelf.views import PAGE
from tests.site import Answer, Site, ask_asgi, find_cycle

# Django's: it makes a list of an iterator of the other kind.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")

TAG = '<script type="module" src="/__cycle__/panel.js"></script>'
OURS = {"cycle-id", "cycle-url", "server-timing"}


def lines() -> Iterator[str]:
    for number in range(3):
        Book.objects.filter(pk=number).exists()
        yield f"{number}\n"


async def alines() -> AsyncIterator[str]:
    for number in range(3):
        await Book.objects.filter(pk=number).aexists()
        yield f"{number}\n"


def page(*, is_async: bool) -> HttpResponse:
    return HttpResponse(PAGE)


def json(*, is_async: bool) -> HttpResponse:
    return JsonResponse({"books": [1, 2]})


def stream(*, is_async: bool) -> StreamingHttpResponse:
    made = alines() if is_async else lines()
    return StreamingHttpResponse(made, content_type="text/plain")


def file(*, is_async: bool) -> FileResponse:
    return FileResponse(io.BytesIO(b"bytes" * 5_000), as_attachment=True, filename="a.bin")


def error(*, is_async: bool) -> HttpResponse:
    raise ValueError("no such shelf")


def absent(*, is_async: bool) -> HttpResponse:
    raise Http404("sold out")


def redirect(*, is_async: bool) -> HttpResponse:
    return HttpResponseRedirect("/elsewhere/")


def nothing(*, is_async: bool) -> HttpResponse:
    return HttpResponse(status=204)


def of_sync(make: Callable[..., Any]) -> Any:
    def view(request: HttpRequest) -> Any:
        Book.objects.count()
        return make(is_async=False)

    return view


def of_async(make: Callable[..., Any]) -> Any:
    async def view(request: HttpRequest) -> Any:
        await Book.objects.acount()
        return make(is_async=True)

    return view


MAKERS: list[tuple[Callable[..., Any], int]] = [
    (page, 200),
    (json, 200),
    (stream, 200),
    (file, 200),
    (error, 500),
    (absent, 404),
    (redirect, 302),
    (nothing, 204),
]


@pytest.mark.parametrize("kind", [of_sync, of_async])
@pytest.mark.parametrize(("make", "status"), MAKERS, ids=[one.__name__ for one, _ in MAKERS])
def test_the_answer_is_the_same_and_its_cycle_is_whole(
    serve: Any, kind: Any, make: Callable[..., Any], status: int
) -> None:
    site = serve(kind(make))
    answer, bare = site.get("/"), site.bare().get("/")

    assert answer.status == bare.status == status
    is_page = answer.headers.get("content-type", "").startswith("text/html") and status not in (
        204,
        302,
    )
    assert answer.text.count(TAG) == is_page
    assert answer.headers.keys() - bare.headers.keys() == OURS
    if status not in (404, 500):  # Django's pages for these tell of their time and memory
        assert answer.text.replace(TAG, "") == bare.text
        assert {one: answer.headers[one] for one in bare.headers} == bare.headers

    cycle = answer.cycle
    assert [summary.stage for summary in cycle.stages] == list(Stage)
    assert cycle.response["status"] == status
    assert len(cycle.statements) == (4 if make is stream else 1)
    assert cycle.stage(Stage.VIEW).count == 1
    assert cycle.stage(Stage.GATEWAY).facts["interface"] == site.server.upper()
    kinds = {one.kind for one in cycle.events}
    assert "fault" not in kinds
    assert ("exception" in kinds) is (make is error)
    assert cycle.dropped == {}
    assert [row.id for row in reader.recent(9)] == [cycle.id]
    assert (current(), innermost()) == (None, None)


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Log nothing: pytest keeps each line, and so its request."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", [of_sync, of_async])
def test_nothing_of_a_request_is_held_once_its_cycle_is_kept(
    serve: Any, kind: Any, unlogged: None
) -> None:
    def alive() -> Counter[str]:
        assert writer.flush(10)
        gc.collect()
        kinds = (Recorder, OpenCycle, OpenSpan, WSGIRequest, ASGIRequest, HttpResponseBase)
        return sorted(
            type(one).__name__ for one in gc.get_objects() if issubclass(type(one), kinds)
        )

    site = serve(*(path(f"{make.__name__}/", kind(make)) for make, _ in MAKERS))
    for make, _ in MAKERS:
        site.get(f"/{make.__name__}/")
    before = alive()
    for make, _ in MAKERS * 5:
        site.get(f"/{make.__name__}/")

    assert alive() <= before


# The page


class Outline(HTMLParser):
    """The elements of a page in order, each with its depth; fails if they do not nest."""

    VOID = ("meta", "link", "br", "img", "input", "hr")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[int, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.found.append((len(self.open), tag))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        "<!DOCTYPE html><html lang=de><head><title>İ</title></head><BODY><p>a</p></BODY></html>",
        "<!doctype html><html><body><script>let a = '</body>'</script></body></html>\n<!-- x -->",
    ],
)
def test_the_page_stays_valid_with_one_element_more_at_the_end_of_its_body(
    serve: Any, text: str
) -> None:
    shown = serve(lambda request: HttpResponse(text)).get("/").text

    before, after = Outline(text).found, Outline(shown).found
    depth_of_body = next(depth for depth, tag in before if tag == "body")
    assert after == [*before, (depth_of_body + 1, "script")]
    assert shown.lower().startswith("<!doctype html>")


# A request inside a request


def test_a_request_that_an_async_view_makes_is_a_child_of_its_own(serve_asgi: Any) -> None:
    async def inner(request: HttpRequest) -> HttpResponse:
        await Book.objects.acount()
        return HttpResponse("")

    async def outer(request: HttpRequest) -> HttpResponse:
        await Book.objects.aexists()
        answers = await asyncio.gather(*(AsyncClient().get("/inner/") for _ in range(3)))
        await Book.objects.aexists()
        return HttpResponse(" ".join(one.headers["Cycle-Id"] for one in answers))

    answer = serve_asgi(path("inner/", inner), path("outer/", outer)).get("/outer/")

    children = [find_cycle(one) for one in answer.text.split()]
    assert len({one.id for one in children}) == 3
    assert {one.parent for one in children} == {answer.cycle_id}
    assert [len(one.statements) for one in children] == [1, 1, 1]
    assert len(answer.cycle.statements) == 2


# Many at once


def test_50_requests_at_once_over_one_event_loop_do_not_mix(serve_asgi: Any) -> None:
    async def view(request: HttpRequest, count: int) -> HttpResponse:
        for number in range(count):
            await asyncio.gather(
                Book.objects.filter(pk=number).aexists(),
                sync_to_async(Book.objects.filter(pk=number).exists)(),
                sync_to_async(exists, thread_sensitive=False)(number),
            )
        return HttpResponse(PAGE)

    def exists(number: int) -> None:
        try:
            Book.objects.filter(pk=number).exists()
        finally:
            connection.close()

    site: Site = serve_asgi(path("<int:count>/", view))
    counts = [number % 4 for number in range(50)]

    async def visit_all() -> list[Answer]:
        visits = (ask_asgi(site.handler, "GET", f"/{count}/") for count in counts)
        return await asyncio.gather(*visits)

    cycles = [answer.cycle for answer in asyncio.run(visit_all())]

    assert len({cycle.id for cycle in cycles}) == 50
    assert [len(cycle.statements) for cycle in cycles] == [3 * count for count in counts]


# What is no request


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_a_scope_that_is_no_request_is_refused_by_django_as_ever(
    asgi_site: Site, kind: str
) -> None:
    async def connect(handler: ASGIHandler) -> str:
        communicator = ApplicationCommunicator(handler, {"type": kind, "path": "/", "headers": []})
        await communicator.send_input({"type": f"{kind}.connect"})
        with pytest.raises(ValueError, match=kind) as raised:
            await communicator.wait(5)
        return str(raised.value)

    said = [asyncio.run(connect(one.handler)) for one in (asgi_site, asgi_site.bare())]

    assert said[0] == said[1]
    assert writer.flush(10)
    assert reader.recent(9) == []
    assert asgi_site.get("/hello/").cycle.parent is None
