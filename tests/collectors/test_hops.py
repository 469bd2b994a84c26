"""Hops between threads and event loops: each is seen where it is made, and none is made up."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import AsyncToSync, SyncToAsync, async_to_sync, iscoroutinefunction, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import _hops
from cycle_inspector.collectors._hops import INTO_LOOP, INTO_THREAD, Hop
from cycle_inspector.history import reader, writer
from cycle_inspector.records import Cycle, Stage
from tests.shelf import views
from tests.site import Site, find_cycle

ONION = "tests.shelf.onion."

Told = list[tuple[str, str, str, str]]


def facts(cycle: Cycle) -> Any:
    return cycle.stage(Stage.MIDDLEWARE).facts


def told(cycle: Cycle) -> Told:
    """Return where each hop was made, by whom, to call what, and where it led."""
    return [
        (one["at"], one["of"].removeprefix(ONION), one["name"], one["hop"])
        for one in facts(cycle).get("hops", ())
    ]


def hops(serve: Any, view: Any, *names: str) -> Told:
    cycle = serve(view, middleware=[ONION + one for one in names]).get("/").cycle
    assert cycle.dropped == {}
    given = facts(cycle).get("hops", [])
    assert all(0 < one["hop_ns"] < cycle.duration_ns for one in given if one["at"] != "chain")
    assert all(one["hop_ns"] > 0 for one in given)
    return told(cycle)


CHAIN_IN_THREAD = ("chain", "", "", INTO_THREAD)
CHAIN_IN_LOOP = ("chain", "", "", INTO_LOOP)
HANDLER_IN_LOOP = ("handler", "", "", INTO_LOOP)
VIEW_IN_THREAD = ("view", "", "", INTO_THREAD)
VIEW_IN_LOOP = ("view", "", "", INTO_LOOP)


@pytest.mark.parametrize("names", [[], ["plain"], ["both"], ["Mixed", "Slotted", "partial"]])
def test_sync_code_on_a_sync_server_makes_no_hop(serve_wsgi: Any, names: list[str]) -> None:
    assert hops(serve_wsgi, views.hello, *names) == []


@pytest.mark.parametrize("names", [[], ["both"], ["AsyncClass"], ["async_only", "both"]])
def test_async_code_on_an_async_server_makes_no_hop(serve_asgi: Any, names: list[str]) -> None:
    assert hops(serve_asgi, views.ahello, *names) == []


def test_a_view_of_the_other_mode_is_reached_by_a_hop(serve: Any) -> None:
    is_async = serve.name == "asgi"

    assert hops(serve, views.hello, "both") == ([VIEW_IN_THREAD] if is_async else [])
    assert hops(serve, views.ahello, "both") == ([] if is_async else [VIEW_IN_LOOP])


@pytest.mark.parametrize("count", [1, 6])
def test_sync_middlewares_next_to_each_other_share_their_hops(serve_asgi: Any, count: int) -> None:
    assert hops(serve_asgi, views.ahello, *["plain"] * count) == [CHAIN_IN_THREAD, HANDLER_IN_LOOP]


def test_one_that_knows_sync_only_draws_those_outside_of_it_along(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.ahello, "both", "Mixed", "plain", "both") == [
        CHAIN_IN_THREAD,
        ("middleware", "both", "", INTO_LOOP),
    ]


def test_a_sync_one_inside_an_async_one_is_entered_and_left_by_hops(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.ahello, "AsyncClass", "plain", "async_only", "both") == [
        ("middleware", "plain", "", INTO_THREAD),
        ("middleware", "async_only", "", INTO_LOOP),
    ]


def test_an_async_one_on_a_sync_server_is_entered_and_left_by_hops(serve_wsgi: Any) -> None:
    assert hops(serve_wsgi, views.hello, "both", "AsyncClass", "plain") == [
        CHAIN_IN_LOOP,
        ("middleware", "plain", "", INTO_THREAD),
    ]
    assert hops(serve_wsgi, views.hello, "plain", "AsyncClass") == [
        ("middleware", "AsyncClass", "", INTO_LOOP),
        ("handler", "", "", INTO_THREAD),
    ]


def test_the_hops_that_the_mixin_makes_are_its_middlewares(serve: Any) -> None:
    own = [
        ("own", "Mixed", "Mixed.process_request", INTO_THREAD),
        ("own", "Mixed", "Mixed.process_response", INTO_THREAD),
    ]

    assert hops(serve, views.ahello, "Mixed") == (own if serve.name == "asgi" else [VIEW_IN_LOOP])


def test_a_hop_of_a_middlewares_own_code_is_named(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.ahello, "HopsByItself", "both") == [
        ("own", "HopsByItself", "HopsByItself.look", INTO_THREAD)
    ]


@pytest.mark.parametrize(
    ("name", "view", "hook", "on"),
    [
        ("LooksAtTheView", views.ahello, "process_view", "asgi"),
        ("AsyncLooksAtTheView", views.ahello, "process_view", "wsgi"),
        ("AddsToTheContext", views.deferred_render, "process_template_response", "asgi"),
    ],
)
def test_a_hook_of_the_other_mode_is_reached_by_a_hop(
    serve: Any, name: str, view: Any, hook: str, on: str
) -> None:
    found = [one for one in hops(serve, view, name, "both") if one[0] == "hook"]

    kind = INTO_THREAD if serve.name == "asgi" else INTO_LOOP
    assert found == ([("hook", name, hook, kind)] if serve.name == on else [])


def test_an_async_process_exception_is_called_from_sync_code_in_any_case(serve: Any) -> None:
    found = hops(serve, views.raises, "AsyncRecovers")

    assert ("hook", "AsyncRecovers", "process_exception", INTO_LOOP) in found


def test_a_template_response_is_rendered_in_a_thread_of_an_async_server(serve: Any) -> None:
    found = hops(serve, views.deferred_render, "both")

    render = ("render", "", "SimpleTemplateResponse.render", INTO_THREAD)
    assert found == ([VIEW_IN_THREAD, render] if serve.name == "asgi" else [])


def test_what_becomes_of_an_exception_is_made_in_a_thread_of_an_async_server(serve: Any) -> None:
    found = hops(serve, views.raises, "both")

    exception = ("exception", "", "", INTO_THREAD)
    assert found == ([VIEW_IN_THREAD, exception, exception] if serve.name == "asgi" else [])


@pytest.mark.parametrize("view", [views.through_threads])
def test_hops_of_the_views_own_code_are_its_own_business(serve_asgi: Any, view: Any) -> None:
    assert hops(serve_asgi, view, "both") == []


def test_a_chain_of_the_pair_alone_has_hops_too(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.hello) == [VIEW_IN_THREAD]


def test_where_a_middleware_answers_itself_there_is_no_hop_further_in(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.ahello, "both", "Short", "AsyncClass") == [CHAIN_IN_THREAD]


def test_a_middleware_that_calls_twice_hops_twice(serve_asgi: Any) -> None:
    assert hops(serve_asgi, views.ahello, "Twice", "AsyncClass") == [
        CHAIN_IN_THREAD,
        ("middleware", "AsyncClass", "", INTO_LOOP),
        ("middleware", "AsyncClass", "", INTO_LOOP),
    ]


@pytest.mark.parametrize("view", [views.hello, views.ahello, views.raises, views.deferred_render])
def test_the_page_is_the_same_through_all_hops(serve: Any, view: Any) -> None:
    chain = [ONION + one for one in ("Mixed", "AsyncClass", "plain", "HopsByItself", "both")]
    site = serve(view, middleware=chain)

    answer, bare = site.get("/"), site.bare().get("/")

    assert answer.status == bare.status
    if answer.status == 200:
        tag = '<script type="module" src="/__cycle__/panel.js"></script>'
        assert answer.text.replace(tag, "") == bare.text


def test_djangos_page_about_an_exception_has_no_more_frames_of_ours(serve: Any) -> None:
    answer = serve(views.raises, middleware=[ONION + "both"]).get("/")

    assert b"_hops.py" not in answer.body


def test_a_client_that_goes_away_leaves_no_hop_open(serve_asgi: Any) -> None:
    waiting = threading.Event()

    async def view(request: HttpRequest) -> HttpResponse:
        waiting.set()
        await asyncio.sleep(60)
        return HttpResponse()

    site: Site = serve_asgi(view, middleware=[ONION + one for one in ("AsyncClass", "plain")])

    async def leave() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"testserver")],
        }
        communicator = ApplicationCommunicator(site.handler, scope)
        await communicator.send_input({"type": "http.request"})
        while not waiting.is_set():
            await asyncio.sleep(0.01)
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(10)

    asyncio.run(leave())

    assert writer.flush(10)
    found = facts(find_cycle(reader.latest() or ""))
    assert [one["at"] for one in found["hops"]] == ["middleware", "handler"]
    assert all(0 < one["hop_ns"] < 10**9 for one in found["hops"])
    assert [one.get("left_by") for one in found["onion"]] == [
        "asyncio.exceptions.CancelledError"
    ] * 2


# Outside of a chain


def test_calls_outside_of_a_cycle_pass_through() -> None:
    async def ask(word: str) -> str:
        return word

    with _hops.collect():
        assert asyncio.run(sync_to_async(str.upper)("a")) == "A"
        assert async_to_sync(ask)("a") == "a"
        assert iscoroutinefunction(SyncToAsync.__call__)


def test_hops_of_a_recorded_block_are_its_own_business() -> None:
    async def ask() -> int:
        return await sync_to_async(int)("1")

    with record() as recording:
        assert async_to_sync(ask)() == 1

    assert facts(recording.cycle).get("hops", []) == []


def test_asgiref_is_as_it_was_after_the_hooks_are_gone() -> None:
    before = vars(SyncToAsync)["__call__"], vars(AsyncToSync)["__call__"]
    with _hops.collect():
        assert vars(SyncToAsync)["__call__"] is not before[0]

    assert (vars(SyncToAsync)["__call__"], vars(AsyncToSync)["__call__"]) == before


@pytest.mark.parametrize(
    ("arrived", "departed", "end", "cost"),
    [(30, 80, 100, 40), (0, 0, 100, 90), (10, 100, 100, 0), (5, 120, 100, 0)],
)
def test_a_hop_costs_what_is_not_spent_at_its_end(
    arrived: int, departed: int, end: int, cost: int
) -> None:
    hop = Hop(INTO_THREAD, "own", "look", None, 10)
    hop.arrived, hop.departed, hop.end = arrived, departed, end

    assert hop.cost_ns == cost
