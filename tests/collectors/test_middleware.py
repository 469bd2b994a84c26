"""The middleware stage: the onion, each layer's time in and out, and its process_* hooks."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from cycle_inspector.records import Cycle, Stage
from tests.shelf import views
from tests.site import Answer

ONION = "tests.shelf.onion."
SECURITY = "django.middleware.security.SecurityMiddleware"


def names(*short: str) -> list[str]:
    return [ONION + one for one in short]


def onion(cycle: Cycle) -> list[Any]:
    return list(cycle.stage(Stage.MIDDLEWARE).facts["onion"])


def spans(cycle: Cycle) -> list[Any]:
    return [
        one for one in cycle.spans if one.stage is Stage.MIDDLEWARE and "own_ns" in one.attributes
    ]


MAKES = ["plain", "sync_only", "async_only", "both", "Slotted", "AsyncClass", "Mixed"]


@pytest.mark.parametrize("view", [views.hello, views.ahello])
def test_each_make_of_middleware_is_seen_in_its_order(serve: Any, view: Any) -> None:
    site = serve(view, middleware=[SECURITY, *names(*MAKES)])

    answer = site.get("/")

    assert answer.status == 200
    layers = onion(answer.cycle)
    assert [one["name"] for one in layers] == [SECURITY, *names(*MAKES)]
    assert [one["depth"] for one in layers] == list(range(8))
    assert not any(one["short_circuit"] for one in layers)
    assert answer.cycle.stage(Stage.MIDDLEWARE).count == 8


@pytest.mark.parametrize("make", MAKES)
def test_the_response_is_the_same_as_without_the_pair(serve: Any, make: str) -> None:
    site = serve(views.data, middleware=names(make))

    with_tool, bare = site.get("/"), site.bare().get("/")

    assert (with_tool.status, with_tool.body) == (bare.status, bare.body)


def test_in_out_and_own_times_add_up(serve: Any) -> None:
    cycle = serve(views.data, middleware=names("plain", "Mixed", "Slotted")).get("/").cycle

    layers = spans(cycle)
    for outer, inner in zip(layers, [*layers[1:], None], strict=True):
        given = outer.attributes
        assert given["in_ns"] > 0
        assert given["out_ns"] > 0
        assert given["own_ns"] == given["in_ns"] + given["out_ns"]
        if inner is not None:
            assert inner.parent == outer.id
            assert given["own_ns"] == outer.duration_ns - inner.duration_ns
    total = cycle.stage(Stage.MIDDLEWARE).duration_ns
    assert total == sum(one.attributes["own_ns"] for one in layers)


def test_a_query_of_a_middleware_stands_inside_it(serve: Any) -> None:
    cycle = serve(views.hello, middleware=names("plain", "Mixed")).get("/").cycle

    (query,) = cycle.queries
    assert query.parent == spans(cycle)[1].id
    assert query.caller is not None
    assert query.caller.function == "Mixed.process_request"


def hops(answer: Answer) -> dict[str, str | None]:
    return {one["name"].removeprefix(ONION): one["hop"] for one in onion(answer.cycle)}


def test_hops_between_sync_and_async_are_named(serve: Any) -> None:
    site = serve(views.ahello, middleware=names("both", "plain", "AsyncClass"))

    answer = site.get("/")

    assert hops(answer) == {"both": None, "plain": None, "AsyncClass": "async_to_sync"}
    # A sync middleware makes all outside of it that can be sync, so that the hop is before them.
    facts = answer.cycle.stage(Stage.MIDDLEWARE).facts
    assert facts.get("hop") == ("sync_to_async" if site.server == "asgi" else None)


def test_a_hop_inwards_is_named(serve: Any) -> None:
    answer = serve(views.ahello, middleware=names("AsyncClass", "plain")).get("/")

    assert hops(answer)["plain"] == "sync_to_async"


def test_a_chain_of_one_mode_has_no_hops(serve: Any) -> None:
    assert set(hops(serve(views.ahello, middleware=names("both", "Mixed")).get("/")).values()) == {
        None
    }


def test_a_middleware_that_is_not_used_is_listed_apart(serve: Any) -> None:
    cycle = serve(views.hello, middleware=names("plain", "NotUsed", "both")).get("/").cycle

    assert [one["name"] for one in onion(cycle)] == names("plain", "both")
    assert cycle.stage(Stage.MIDDLEWARE).facts["not_used"] == names("NotUsed")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_where_a_middleware_answers_itself_the_rest_is_not_reached(serve: Any, place: int) -> None:
    chain = ["plain", "both"]
    chain.insert(place, "Short")
    answer = serve(views.hello, middleware=names(*chain)).get("/")

    layers = onion(answer.cycle)
    assert [one["name"] for one in layers] == names(*chain[: place + 1])
    assert [one["short_circuit"] for one in layers] == [False] * place + [True]
    assert "untimed" not in answer.cycle.stage(Stage.MIDDLEWARE).facts
    assert b"panel.js" in answer.body


def hooks(cycle: Cycle) -> dict[str, list[tuple[str, bool]]]:
    return {
        one["name"].removeprefix(ONION): [(hook["hook"], hook["answered"]) for hook in one["hooks"]]
        for one in onion(cycle)
        if one["hooks"]
    }


def test_a_process_view_that_answers_is_seen(serve: Any) -> None:
    chain = names("LooksAtTheView", "AnswersBeforeTheView", "plain")
    answer = serve(views.hello, middleware=chain).get("/")

    assert answer.text == "instead of the view"
    assert hooks(answer.cycle) == {
        "LooksAtTheView": [("process_view", False)],
        "AnswersBeforeTheView": [("process_view", True)],
    }
    assert answer.cycle.stage(Stage.VIEW).count == 0


def test_the_time_of_hooks_counts_as_the_middlewares(serve: Any) -> None:
    cycle = serve(views.hello, middleware=names("LooksAtTheView")).get("/").cycle

    (layer,) = onion(cycle)
    (query,) = cycle.queries
    assert layer["hooks"][0]["duration_ns"] > query.duration_ns
    assert (
        cycle.stage(Stage.MIDDLEWARE).duration_ns
        == layer["own_ns"] + layer["hooks"][0]["duration_ns"]
    )


def test_a_process_exception_that_recovers_is_seen(serve: Any) -> None:
    answer = serve(views.raises, middleware=names("Recovers", "LooksAtTheException")).get("/")

    assert (answer.status, answer.text) == (503, "recovered")
    assert hooks(answer.cycle) == {
        "Recovers": [("process_exception", True)],
        "LooksAtTheException": [("process_exception", False)],
    }
    (event,) = answer.cycle.events
    assert event.attributes["handled_as"] == "503, by a middleware"
    assert event.frames[0].function == "raises"


def test_a_process_template_response_is_seen_and_works(serve: Any) -> None:
    answer = serve(views.deferred_render, middleware=names("AddsToTheContext")).get("/")

    assert answer.status == 200
    assert hooks(answer.cycle) == {"AddsToTheContext": [("process_template_response", False)]}


def test_a_process_template_response_that_returns_nothing_is_told_so(serve: Any) -> None:
    # Django names the middleware by what it finds on the bound method.
    def view(request: HttpRequest) -> HttpResponse:
        response = TemplateResponse(request, "shelf/base.html")
        response.context_data = None
        return response

    site = serve(view, middleware=names("AddsToTheContext"))

    with_tool, bare = site.get("/"), site.bare().get("/")
    assert with_tool.status == bare.status == 500
    (event,) = with_tool.cycle.events
    assert event.name == "TypeError"


@pytest.mark.parametrize("name", ["Raises", "RaisesAfterwards"])
def test_an_exception_of_a_middleware_is_kept_as_its_own(serve: Any, name: str) -> None:
    site = serve(views.hello, middleware=names("plain", name))

    answer = site.get("/")

    assert answer.status == site.bare().get("/").status == 500
    (event,) = answer.cycle.events
    assert (event.stage, event.name) == (Stage.MIDDLEWARE, "LookupError")
    assert event.attributes["handled_as"] == "500"
    assert event.frames[0].function == f"{name}.__call__"
    assert [one["short_circuit"] for one in onion(answer.cycle)] == [False, name == "Raises"]


def test_a_middleware_that_calls_twice_has_both_calls_inside(serve: Any) -> None:
    cycle = serve(views.data, middleware=names("Twice", "plain")).get("/").cycle

    outer, *inner = spans(cycle)
    assert [one.name for one in inner] == names("plain", "plain")
    assert {one.parent for one in inner} == {outer.id}
    own = outer.attributes["own_ns"]
    assert own == outer.duration_ns - sum(one.duration_ns for one in inner)
    assert own >= outer.attributes["in_ns"] + outer.attributes["out_ns"]
    assert len(cycle.statements) == 2
    assert len([one for one in cycle.spans if one.stage is Stage.VIEW]) == 2


def test_a_request_carried_into_a_bare_thread_stays_in_its_cycle(serve: Any) -> None:
    cycle = serve(views.data, middleware=names("plain", "InAThread")).get("/").cycle

    (query,) = cycle.statements
    assert cycle.stage(Stage.VIEW).facts["name"] == "tests.shelf.views.data"
    assert cycle.stage(Stage.ROUTING).count == 1
    assert not any(one["short_circuit"] for one in onion(cycle))
    if query.thread != "bare":  # an ASGI handler runs sync code of that thread in another one
        assert query.thread.startswith(("asyncio", "ThreadPool", "MainThread"))


def test_a_middleware_that_forgets_the_response_fails_as_without_the_tool(
    serve_wsgi: Any,
) -> None:
    site = serve_wsgi(views.hello, middleware=names("Nothing"))

    def failure(at: Any) -> str:
        with pytest.raises(AttributeError) as caught:
            at.get("/")
        return str(caught.value)

    assert failure(site) == failure(site.bare())


def test_a_chain_of_the_pair_alone_is_an_empty_onion(serve: Any) -> None:
    stage = serve(views.hello, middleware=[]).get("/").cycle.stage(Stage.MIDDLEWARE)

    assert stage.facts == {"onion": [], "not_used": []}
    assert stage.count == 0


def test_a_handler_that_builds_its_chain_anew_is_watched_once(serve: Any) -> None:
    site = serve(path("", views.data), middleware=names("plain"))
    site.handler.load_middleware(is_async=site.server == "asgi")

    cycle = site.get("/").cycle

    assert len([one for one in cycle.spans if one.stage is Stage.ROUTING]) == 1
    assert len([one for one in cycle.spans if one.stage is Stage.VIEW]) == 1
    assert [one["name"] for one in onion(cycle)] == names("plain")


def test_only_the_handler_of_our_pair_is_touched(serve: Any) -> None:
    site = serve(views.hello, middleware=names("plain"))

    assert {"resolve_request", "make_view_atomic"} <= vars(site.handler).keys()
    assert "adapt_method_mode" not in vars(site.handler)
    assert not {"resolve_request", "make_view_atomic"} & vars(site.bare().handler).keys()


@pytest.mark.parametrize("view", [views.hello, views.raises, views.deferred_render])
def test_a_request_that_is_not_recorded_goes_through_all_hooks(
    serve: Any, switched_on: Any, view: Any
) -> None:
    chain = names("LooksAtTheView", "Recovers", "AddsToTheContext", "Mixed", "AsyncClass")
    site = serve(view, middleware=chain)
    switched_on(IGNORE_PATHS=["/"])

    answer, bare = site.get("/"), site.bare().get("/")

    assert (answer.status, answer.body, answer.headers) == (bare.status, bare.body, bare.headers)
