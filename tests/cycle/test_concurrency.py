"""Threads and tasks of real requests: each query in its one cycle, however it was asked for."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from cycle_inspector.history import reader, writer
from cycle_inspector.panel.layout import own_times
from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Cycle, Span, Stage
from tests.shelf.models import Book
from tests.shelf.views import PAGE
from tests.site import Answer, Site, ask_asgi, failures, find_cycle

SHARED = ThreadPoolExecutor(4, thread_name_prefix="shared")


@pytest.fixture(autouse=True)
def _no_loop_is_running() -> Iterator[None]:
    """A browser's test may have left a loop running in this thread."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


def ask(*numbers: int) -> None:
    for number in numbers:
        Book.objects.filter(pk=number).exists()


def ask_and_close(*numbers: int) -> None:
    """As threads have to that Django does not know of."""
    try:
        ask(*numbers)
    finally:
        connection.close()


async def aask(number: int) -> None:
    await Book.objects.filter(pk=number).aexists()


def asked(cycle: Cycle) -> list[int]:
    return sorted(one.params[-1] for one in cycle.statements if isinstance(one.params, tuple))


def beside(cycle: Cycle) -> list[Span]:
    return [one for one in cycle.spans if one.attributes.get("kind")]


def query_parents(cycle: Cycle) -> dict[int, str]:
    names = {one.id: one.attributes.get("kind") or one.stage.value for one in cycle.spans}
    return {one.params[-1]: names[one.parent] for one in cycle.statements}


def newest() -> Cycle:
    assert writer.flush(10)
    return find_cycle(reader.latest() or "")


# One of each kind, with and without the setting


def plain_thread(request: HttpRequest) -> HttpResponse:
    thread = threading.Thread(target=ask_and_close, args=(1, 2))
    thread.start()
    ask(3)
    thread.join()
    return HttpResponse(PAGE)


def executor(request: HttpRequest) -> HttpResponse:
    with ThreadPoolExecutor(2) as pool:
        pool.submit(ask_and_close, 1)
        pool.submit(ask_and_close, 2)
        ask(3)
    return HttpResponse(PAGE)


async def in_executor(request: HttpRequest) -> HttpResponse:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, ask_and_close, 1, 2)
    await aask(3)
    return HttpResponse(PAGE)


def carried(request: HttpRequest) -> HttpResponse:
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(ask_and_close, 1, 2))
    thread.start()
    thread.join()
    ask(3)
    return HttpResponse(PAGE)


async def to_thread(request: HttpRequest) -> HttpResponse:
    await asyncio.to_thread(ask_and_close, 1, 2)
    await aask(3)
    return HttpResponse(PAGE)


async def gathered(request: HttpRequest) -> HttpResponse:
    await asyncio.gather(aask(1), aask(2))
    await aask(3)
    return HttpResponse(PAGE)


async def tasks(request: HttpRequest) -> HttpResponse:
    first, second = asyncio.create_task(aask(1)), asyncio.create_task(aask(2))
    await aask(3)
    await first
    await second
    return HttpResponse(PAGE)


async def sensitive(request: HttpRequest) -> HttpResponse:
    await sync_to_async(ask)(1, 2)
    await aask(3)
    return HttpResponse(PAGE)


async def not_sensitive(request: HttpRequest) -> HttpResponse:
    await sync_to_async(ask_and_close, thread_sensitive=False)(1, 2)
    await aask(3)
    return HttpResponse(PAGE)


# The view, and what the first two of its queries stand in: followed, and not followed.
KINDS: dict[Any, tuple[str, str | None]] = {
    plain_thread: ("thread", None),
    executor: ("call", None),
    in_executor: ("call", None),
    carried: ("thread", "view"),
    to_thread: ("call", "view"),
    gathered: ("task", "task"),
    tasks: ("task", "task"),
    sensitive: ("view", "view"),
    not_sensitive: ("view", "view"),
}


@pytest.mark.parametrize("view", KINDS, ids=lambda view: view.__name__)
def test_each_query_is_in_the_cycle_and_stands_in_what_ran_it(serve: Any, view: Any) -> None:
    cycle = serve(view).get("/").cycle

    assert asked(cycle) == [1, 2, 3]
    assert query_parents(cycle) == {1: KINDS[view][0], 2: KINDS[view][0], 3: "view"}
    assert all(one.attributes["ended"] for one in beside(cycle))
    assert cycle.dropped == {}


@pytest.mark.parametrize("view", KINDS, ids=lambda view: view.__name__)
def test_without_the_setting_only_what_has_the_context_is_recorded(
    serve: Any, switched_on: Any, view: Any
) -> None:
    switched_on(FOLLOW_THREADS=False)

    cycle = serve(view).get("/").cycle

    parent = KINDS[view][1]
    assert query_parents(cycle) == ({1: parent, 2: parent, 3: "view"} if parent else {3: "view"})
    assert {one.attributes["kind"] for one in beside(cycle)} <= {"task"}


@pytest.mark.parametrize("view", KINDS, ids=lambda view: view.__name__)
def test_the_own_time_of_the_view_is_within_its_time(serve: Any, view: Any) -> None:
    cycle = serve(view).get("/").cycle

    summary = cycle.stage(Stage.VIEW)
    assert 0 < summary.facts["own_ns"] <= summary.duration_ns
    assert sum(own_times(cycle).values()) <= cycle.duration_ns * 1.05


def test_time_of_a_thread_is_not_taken_from_the_views_own(serve_wsgi: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        threads = [threading.Thread(target=threading.Event().wait, args=(0.05,)) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return HttpResponse(PAGE)

    cycle = serve_wsgi(view).get("/").cycle

    view_stage = cycle.stage(Stage.VIEW)
    assert view_stage.facts["own_ns"] >= 45_000_000
    assert own_times(cycle)[Stage.VIEW] <= view_stage.duration_ns


def test_database_threads_are_named(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=ask_and_close, args=(1,), name="stock-taker")
        thread.start()
        thread.join()
        return HttpResponse(PAGE)

    cycle = serve(view).get("/").cycle

    assert [one.thread for one in cycle.statements] == ["stock-taker"]
    assert [one.name for one in beside(cycle)] == ["thread stock-taker"]


# Across threads


def test_a_generator_that_goes_on_in_another_thread_stays_in_the_cycle(serve: Any) -> None:
    def numbers() -> Iterator[int]:
        ask(1)
        yield 1
        ask_and_close(2)
        yield 2

    def view(request: HttpRequest) -> HttpResponse:
        generator = numbers()
        next(generator)
        thread = threading.Thread(target=lambda: list(generator))
        thread.start()
        thread.join()
        return HttpResponse(PAGE)

    assert query_parents(serve(view).get("/").cycle) == {1: "view", 2: "thread"}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_threads_of_a_stream_belong_to_its_cycle(serve: Any) -> None:
    def lines() -> Iterator[str]:
        thread = threading.Thread(target=ask_and_close, args=(1,))
        thread.start()
        yield "a"
        thread.join()
        SHARED.submit(ask_and_close, 2).result(10)
        yield "b"

    def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(lines(), content_type="text/plain")

    cycle = serve(view).get("/").cycle

    assert asked(cycle) == [1, 2]
    assert [one.attributes["kind"] for one in beside(cycle)] == ["thread", "call"]


def test_a_task_that_outlives_a_stream_is_shown(serve_asgi: Any) -> None:
    kept: list[asyncio.Task[Any]] = []

    async def lines() -> Any:
        yield "a"
        kept.append(asyncio.create_task(asyncio.sleep(60), name="later"))
        await asyncio.sleep(0)
        yield "b"

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(lines(), content_type="text/plain")

    cycle = serve_asgi(view).get("/").cycle

    (span,) = beside(cycle)
    assert span.name == "task later (sleep)"
    assert span.attributes["ended"] is False


def test_threads_and_tasks_that_outlive_a_request_are_shown_with_what_they_did(
    serve_asgi: Any,
) -> None:
    go_on = threading.Event()
    started: list[Any] = []

    def work() -> None:
        ask_and_close(1)
        started.append(1)
        go_on.wait(10)
        ask_and_close(2)

    async def task() -> None:
        await aask(3)
        started.append(1)
        await asyncio.Event().wait()

    async def view(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=work, name="late")
        thread.start()
        started_task = asyncio.create_task(task(), name="later")
        while len(started) < 2:
            await asyncio.sleep(0.001)
        started.extend((thread, started_task))
        return HttpResponse(PAGE)

    answer = serve_asgi(view).get("/")
    go_on.set()
    started[2].join(10)

    cycle = answer.cycle
    assert asked(cycle) == [1, 3]
    assert {one.name: one.attributes["ended"] for one in beside(cycle)} == {
        "thread late": False,
        "task later (test_threads_and_tasks_that_outlive_a_request_are_shown_with_what_they_did"
        ".<locals>.task)": False,
    }
    assert cycle.dropped == {}


# Many at once


def test_eight_threads_of_a_server_do_not_mix_what_their_views_start(serve_wsgi: Any) -> None:
    def view(request: HttpRequest, base: int) -> HttpResponse:
        thread = threading.Thread(target=ask_and_close, args=(base, base + 1))
        thread.start()
        calls = [SHARED.submit(ask_and_close, base + 2 + number) for number in range(3)]
        ask(base + 5)
        for one in calls:
            one.result(30)
        thread.join()
        return HttpResponse(PAGE)

    site = serve_wsgi(path("<int:base>/", view))
    site.get("/0/")  # builds the chain
    bases = [100 * number for number in range(1, 49)]

    def visit(base: int) -> Answer:
        try:
            return site.get(f"/{base}/")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(visit, bases))

    cycles = [one.cycle for one in answers]
    for base, cycle in zip(bases, cycles, strict=True):
        assert asked(cycle) == list(range(base, base + 6))
        assert Counter(one.attributes["kind"] for one in beside(cycle)) == {"thread": 1, "call": 3}
    assert len({cycle.id for cycle in cycles}) == len(bases)


def test_fifty_concurrent_async_requests_do_not_mix_what_their_views_start(
    serve_asgi: Any,
) -> None:
    async def view(request: HttpRequest, base: int) -> HttpResponse:
        task = asyncio.create_task(aask(base))
        await asyncio.gather(aask(base + 1), aask(base + 2))
        await asyncio.to_thread(ask_and_close, base + 3)
        await asyncio.get_running_loop().run_in_executor(None, ask_and_close, base + 4)
        await sync_to_async(ask_and_close, thread_sensitive=False)(base + 5)
        await task
        return HttpResponse(PAGE)

    site = serve_asgi(path("<int:base>/", view))
    bases = [100 * number for number in range(1, 51)]

    async def visit_all() -> list[Answer]:
        return await asyncio.gather(*(ask_asgi(site.handler, "GET", f"/{base}/") for base in bases))

    for base, answer in zip(bases, asyncio.run(visit_all()), strict=True):
        cycle = answer.cycle
        assert asked(cycle) == list(range(base, base + 6))
        assert Counter(one.attributes["kind"] for one in beside(cycle)) == {"task": 3, "call": 2}


# Ends that come too early


SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [(b"host", b"testserver")],
    "client": ("127.0.0.1", 4321),
    "server": ("testserver", 80),
}


def test_a_client_that_leaves_half_way_leaves_a_cycle_with_what_was_begun(
    serve_asgi: Any,
) -> None:
    go_on = threading.Event()
    began: list[str] = []
    threads: list[threading.Thread] = []

    def work() -> None:
        ask_and_close(1)
        began.append("thread")
        go_on.wait(10)
        ask_and_close(2)

    async def task() -> None:
        await aask(3)
        began.append("task")
        await asyncio.Event().wait()

    async def view(request: HttpRequest) -> HttpResponse:
        threads.append(threading.Thread(target=work))
        threads[0].start()
        kept = asyncio.create_task(task())
        await asyncio.Event().wait()
        await kept
        return HttpResponse(PAGE)

    site = serve_asgi(view)

    async def leave_early() -> None:
        communicator = ApplicationCommunicator(site.handler, SCOPE)
        await communicator.send_input({"type": "http.request", "body": b""})
        while len(began) < 2:
            await asyncio.sleep(0.001)
        await communicator.send_input({"type": "http.disconnect"})
        with suppress(asyncio.CancelledError):
            await communicator.wait(10)

    asyncio.run(leave_early())
    go_on.set()
    threads[0].join(10)

    cycle = newest()
    assert asked(cycle) == [1, 3]
    assert [one.attributes["ended"] for one in beside(cycle)] == [False, False]
    assert "missing" in cycle.stage(Stage.RESPONSE).facts


def test_an_exception_of_a_thread_does_not_touch_the_page(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", caught.append)

    def fail() -> None:
        raise ValueError("no such shelf")

    def view(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=fail, name="doomed")
        thread.start()
        thread.join()
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert answer.status == 200
    assert len(caught) == 1
    cycle = answer.cycle
    assert [one.attributes["thread"] for one in failures(cycle)] == ["doomed"]
    assert "exception" not in cycle.stage(Stage.VIEW).facts


def test_an_exception_of_a_call_that_the_view_asks_for_is_the_views(serve: Any) -> None:
    def fail() -> None:
        raise ValueError("no such shelf")

    def view(request: HttpRequest) -> HttpResponse:
        SHARED.submit(fail).result(10)
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert answer.status == 500
    (event,) = failures(answer.cycle)
    assert event.attributes["in_view"] is True
    assert answer.cycle.stage(Stage.VIEW).facts["exception"]["type"] == "ValueError"


# A request inside a request


def nested(request: HttpRequest) -> HttpResponse:
    go_on = threading.Event()

    def work() -> None:
        ask_and_close(1)
        go_on.wait(10)
        ask_and_close(2)

    thread = threading.Thread(target=work)
    thread.start()
    inner = Client().get("/inner/")
    go_on.set()
    thread.join()
    ask(3)
    return HttpResponse(PAGE + inner.headers["Cycle-Id"])


async def anested(request: HttpRequest) -> HttpResponse:
    async def work() -> None:
        await aask(1)
        await asyncio.sleep(0.01)
        await aask(2)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    inner = await AsyncClient().get("/inner/")
    await task
    await aask(3)
    return HttpResponse(PAGE + inner.headers["Cycle-Id"])


def in_a_thread(request: HttpRequest) -> HttpResponse:
    """The client itself is called in a thread."""
    found: list[Any] = []

    def work() -> None:
        ask(1)
        found.append(Client().get("/inner/"))
        ask_and_close(2)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    ask(3)
    return HttpResponse(PAGE + found[0].headers["Cycle-Id"])


def inner(request: HttpRequest) -> HttpResponse:
    thread = threading.Thread(target=ask_and_close, args=(11,))
    thread.start()
    thread.join()
    ask(12)
    return HttpResponse(PAGE)


async def ainner(request: HttpRequest) -> HttpResponse:
    await asyncio.gather(aask(11), aask(12))
    return HttpResponse(PAGE)


@pytest.mark.parametrize("inside", [inner, ainner], ids=lambda view: view.__name__)
@pytest.mark.parametrize("outside", [nested, in_a_thread, anested], ids=lambda view: view.__name__)
def test_a_view_that_asks_another_is_apart_from_it_while_threads_run(
    serve: Any, outside: Any, inside: Any
) -> None:
    answer = serve(path("", outside), path("inner/", inside)).get("/")

    outer_cycle = answer.cycle
    inner_cycle = find_cycle(answer.text.rpartition(">")[2])
    assert asked(outer_cycle) == [1, 2, 3]
    assert asked(inner_cycle) == [11, 12]
    assert inner_cycle.parent == outer_cycle.id
    names = {one.thread for one in (*beside(outer_cycle), *beside(inner_cycle))}
    assert not any("cycle-inspector" in name for name in names)


def test_the_writer_that_a_view_makes_start_is_not_its_thread(serve_wsgi: Any) -> None:
    site = serve_wsgi(path("", nested), path("inner/", inner))
    assert writer.stop(10)

    cycle = site.get("/").cycle

    assert [one.attributes["function"] for one in beside(cycle)] == ["nested.<locals>.work"]


# What is left


@pytest.mark.parametrize("view", KINDS, ids=lambda view: view.__name__)
def test_no_recorder_is_left_after_requests(serve: Any, view: Any) -> None:
    def recorders() -> int:
        gc.collect()
        return sum(type(one) is Recorder for one in gc.get_objects())

    site: Site = serve(view)
    site.get("/")
    assert writer.flush(10)
    before = recorders()
    for _ in range(20):
        site.get("/")
    assert writer.flush(10)
    assert recorders() <= before
