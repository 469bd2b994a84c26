"""The middleware stage: the onion, each layer's time in and out, and its process_* hooks."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from cycle_inspector.history import reader, writer
from cycle_inspector.records import Cycle, Stage
from tests.conftest import PAIR
from tests.shelf import views
from tests.site import Answer, Site, failures, find_cycle

ONION = "tests.shelf.onion."
SECURITY = "django.middleware.security.SecurityMiddleware"


def names(*short: str) -> list[str]:
    return [ONION + one for one in short]


def onion(cycle: Cycle) -> list[Any]:
    return list(cycle.stage(Stage.MIDDLEWARE).facts["onion"])


def latest() -> Cycle:
    assert writer.flush(10)
    return find_cycle(reader.latest() or "")


def spans(cycle: Cycle) -> list[Any]:
    return [
        one for one in cycle.spans if one.stage is Stage.MIDDLEWARE and "own_ns" in one.attributes
    ]


MAKES = [
    *("plain", "sync_only", "async_only", "both", "partial", "Slotted", "AsyncClass", "Mixed"),
]


@pytest.mark.parametrize("view", [views.hello, views.ahello])
def test_each_make_of_middleware_is_seen_in_its_order(serve: Any, view: Any) -> None:
    site = serve(view, middleware=[SECURITY, *names(*MAKES)])

    answer = site.get("/")

    assert answer.status == 200
    layers = onion(answer.cycle)
    assert [one["name"] for one in layers] == [SECURITY, *names(*MAKES)]
    assert [one["depth"] for one in layers] == list(range(9))
    assert not any(one["short_circuit"] for one in layers)
    assert answer.cycle.stage(Stage.MIDDLEWARE).count == 9


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
    return {one["name"].removeprefix(ONION): one.get("hop") for one in onion(answer.cycle)}


def test_hops_between_sync_and_async_are_named(serve: Any) -> None:
    site = serve(views.ahello, middleware=names("both", "plain", "AsyncClass"))

    answer = site.get("/")

    assert hops(answer) == {"both": None, "plain": None, "AsyncClass": "async_to_sync"}


def test_a_hop_inwards_is_named(serve: Any) -> None:
    answer = serve(views.ahello, middleware=names("AsyncClass", "plain")).get("/")

    assert hops(answer)["plain"] == "sync_to_async"


def test_a_chain_of_one_mode_has_no_hops(serve: Any) -> None:
    answer = serve(views.ahello, middleware=names("both", "Mixed")).get("/")

    assert set(hops(answer).values()) == {None}


def test_the_modes_of_a_chain_with_hops_are_told(serve: Any) -> None:
    chain = names("both", "NotUsed", "plain", "AsyncClass")
    cycle = serve(views.ahello, middleware=chain).get("/").cycle

    assert cycle.stage(Stage.MIDDLEWARE).facts["modes"] == [
        {"name": ONION + "both", "mode": "sync", "knows": "both"},
        {"name": ONION + "plain", "mode": "sync", "knows": "sync"},
        {"name": ONION + "AsyncClass", "mode": "async", "knows": "async"},
    ]


def test_a_sync_chain_on_a_sync_server_says_nothing_of_modes_and_hops(serve_wsgi: Any) -> None:
    stage = serve_wsgi(views.hello, middleware=names("both", "Mixed")).get("/").cycle.stages[3]

    assert stage.facts.keys() == {"onion", "not_used"}
    assert all("hop_ns" not in one for one in stage.facts["onion"])


def test_what_hops_cost_is_a_part_of_own_time(serve: Any) -> None:
    cycle = (
        serve(views.ahello, middleware=names("AsyncClass", "plain", "AsyncClass")).get("/").cycle
    )

    costs = [(one.get("hop_ns", 0), one["own_ns"]) for one in onion(cycle)]
    assert [bool(hop) for hop, _ in costs] == [False, True, True]
    assert all(0 <= hop < own for hop, own in costs)


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


def told(cycle: Cycle, name: str) -> dict[str, Any]:
    """Return what is said of the one hook of a middleware, but for its name and its time."""
    (hook,) = next(one for one in onion(cycle) if one["name"] == ONION + name)["hooks"]
    return {key: value for key, value in hook.items() if key not in ("hook", "duration_ns", "hop")}


def test_a_process_view_that_answers_is_seen(serve: Any) -> None:
    chain = names("LooksAtTheView", "AnswersBeforeTheView", "plain")
    answer = serve(views.hello, middleware=chain).get("/")

    assert answer.text == "instead of the view"
    assert hooks(answer.cycle) == {
        "LooksAtTheView": [("process_view", False)],
        "AnswersBeforeTheView": [("process_view", True)],
    }
    assert told(answer.cycle, "LooksAtTheView") == {"answered": False}
    assert told(answer.cycle, "AnswersBeforeTheView") == {"answered": True, "status": 200}
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
    assert told(answer.cycle, "Recovers") == {
        "answered": True,
        "turned": "ValueError",
        "status": 503,
    }
    assert answer.cycle.stage(Stage.MIDDLEWARE).facts["core"]["type"] == "ValueError"
    (event,) = failures(answer.cycle)
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
    (event,) = failures(with_tool.cycle)
    assert event.name == "TypeError"


@pytest.mark.parametrize("name", ["Raises", "RaisesAfterwards"])
def test_an_exception_of_a_middleware_is_kept_as_its_own(serve: Any, name: str) -> None:
    site = serve(views.hello, middleware=names("plain", name))

    answer = site.get("/")

    assert answer.status == site.bare().get("/").status == 500
    (event,) = failures(answer.cycle)
    assert (event.stage, event.name) == (Stage.MIDDLEWARE, "LookupError")
    assert event.attributes["handled_as"] == "500"
    assert event.frames[0].function == f"{name}.__call__"
    outer, inner = onion(answer.cycle)
    response_ns = inner["raised"].pop("response_ns")
    assert inner["raised"] == {"type": "LookupError", "handled_as": "500"}
    # Who raised has not answered; and that the response is another one is Django's doing.
    assert not inner["short_circuit"]
    assert not {"became", "replaced"} & inner.keys()
    assert "raised" not in outer
    assert "core" not in answer.cycle.stage(Stage.MIDDLEWARE).facts
    # What Django takes to make its page is nobody's own time.
    assert 0 < inner["own_ns"] == inner["in_ns"] + inner["out_ns"] < response_ns
    stage = answer.cycle.stage(Stage.MIDDLEWARE)
    assert stage.duration_ns == outer["own_ns"] + inner["own_ns"]


@pytest.mark.parametrize("view", [views.raises, views.araises, views.missing_template])
def test_what_a_view_raises_is_no_middlewares(serve: Any, view: Any) -> None:
    cycle = serve(view, middleware=names("plain", "LooksAtTheException")).get("/").cycle

    assert not any("raised" in one for one in onion(cycle))
    assert cycle.stage(Stage.MIDDLEWARE).facts["core"]["handled_as"] == "500"


def test_a_path_without_a_view_is_no_middlewares_fault(serve: Any) -> None:
    cycle = serve(views.hello, middleware=names("plain")).get("/nowhere/").cycle

    assert not any("raised" in one for one in onion(cycle))
    assert cycle.stage(Stage.MIDDLEWARE).facts["core"]["handled_as"] == "404"


def test_a_hook_that_raises_is_marked_and_not_its_middleware(serve: Any) -> None:
    answer = serve(views.hello, middleware=names("plain", "RaisesBeforeTheView")).get("/")

    assert answer.status == 500
    assert told(answer.cycle, "RaisesBeforeTheView") == {"answered": False, "raised": "LookupError"}
    assert not any("raised" in one for one in onion(answer.cycle))


def test_a_hook_that_answers_with_something_else_is_marked(serve_wsgi: Any) -> None:
    site = serve_wsgi(views.hello, middleware=names("AnswersWithAText", "plain"))
    with pytest.raises(AttributeError):
        site.get("/")

    assert told(latest(), "AnswersWithAText") == {"answered": True, "returned": "str"}


@pytest.mark.parametrize(
    ("name", "status", "marks"),
    [
        ("AddsToTheContext", 200, {}),
        ("AnotherTemplate", 200, {"replaced": True}),
        ("LosesTheTemplate", 500, {"returned": "NoneType"}),
    ],
)
def test_what_a_process_template_response_returns_is_told(
    serve: Any, name: str, status: int, marks: dict[str, Any]
) -> None:
    answer = serve(views.deferred_render, middleware=names(name)).get("/")

    assert answer.status == status
    assert told(answer.cycle, name) == {"answered": False, **marks}


def marks(cycle: Cycle) -> list[dict[str, Any]]:
    """Return what is said of each middleware only where there is something to say."""
    usual = {"name", "depth", "total_ns", "in_ns", "out_ns", "own_ns", "hooks", "short_circuit"}
    hop = {"hop", "hop_ns"}
    return [
        {key: value for key, value in one.items() if key not in usual | hop} for one in onion(cycle)
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain", {}),
        ("both", {}),
        ("AsyncClass", {}),
        ("Mixed", {}),
        ("ChangesTheStatus", {"became": [200, 418]}),
        ("Replaces", {"replaced": True}),
        ("Redirects", {"replaced": True, "became": [200, 301]}),
        ("Twice", {"calls": 2}),
    ],
)
def test_what_became_of_the_response_is_told_where_it_did(
    serve: Any, name: str, said: dict[str, Any]
) -> None:
    cycle = serve(views.hello, middleware=names("plain", name, "both")).get("/").cycle

    outer, one, *_ = marks(cycle)
    assert one == said
    assert outer == {}


def test_djangos_own_that_change_the_status_are_told(serve: Any, settings: Any) -> None:
    settings.APPEND_SLASH = True
    common = "django.middleware.common.CommonMiddleware"
    site = serve(path("books/", views.hello), middleware=[common, *names("plain")])

    answer = site.get("/books")

    assert answer.status == 301
    assert marks(answer.cycle) == [{"replaced": True, "became": [404, 301]}, {}]


def test_a_response_that_is_not_modified_is_told(serve: Any) -> None:
    conditional = "django.middleware.http.ConditionalGetMiddleware"
    site = serve(views.hello, middleware=[conditional])

    answer = site.get("/", headers={"If-None-Match": site.get("/").headers["etag"]})

    assert answer.status == 304
    assert marks(answer.cycle) == [{"replaced": True, "became": [200, 304]}]


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
    assert [one["depth"] for one in onion(cycle)] == [0, 1, 1]


def test_a_request_carried_into_a_bare_thread_stays_in_its_cycle(serve: Any) -> None:
    cycle = serve(views.data, middleware=names("plain", "InAThread")).get("/").cycle

    (query,) = cycle.statements
    assert cycle.stage(Stage.VIEW).facts["name"] == "tests.shelf.views.data"
    assert cycle.stage(Stage.ROUTING).count == 1
    assert not any(one["short_circuit"] for one in onion(cycle))
    assert onion(cycle)[1]["carried"]
    if query.thread != "bare":  # an ASGI handler runs sync code of that thread in another one
        assert query.thread.startswith(("asyncio", "ThreadPool", "MainThread"))


def test_a_request_carried_into_a_thread_with_its_context_loses_nothing(serve: Any) -> None:
    chain = names("plain", "InAThreadWithContext", "Slotted")
    cycle = serve(views.data, middleware=chain).get("/").cycle

    assert [one["name"] for one in onion(cycle)] == chain
    assert [one["depth"] for one in onion(cycle)] == [0, 1, 2]
    assert not any(one["short_circuit"] for one in onion(cycle))
    assert cycle.stage(Stage.VIEW).count == 1


def test_a_middleware_that_forgets_the_response_is_marked(serve_wsgi: Any) -> None:
    site = serve_wsgi(views.hello, middleware=names("plain", "Nothing"))
    with pytest.raises(AttributeError):
        site.get("/")

    assert [one.get("returned") for one in onion(latest())] == ["NoneType", "NoneType"]


def test_a_middleware_that_forgets_the_response_fails_as_without_the_tool(
    serve_wsgi: Any,
) -> None:
    site = serve_wsgi(views.hello, middleware=names("Nothing"))

    def failure(at: Any) -> str:
        with pytest.raises(AttributeError) as caught:
            at.get("/")
        return str(caught.value)

    assert failure(site) == failure(site.bare())


def test_a_chain_of_the_pair_alone_is_an_empty_onion(serve_wsgi: Any) -> None:
    stage = serve_wsgi(views.hello, middleware=[]).get("/").cycle.stage(Stage.MIDDLEWARE)

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


def test_entries_outside_of_the_pair_are_named(serve: Any, settings: Any) -> None:
    serve(views.hello)
    settings.MIDDLEWARE = [SECURITY, ONION + "both", PAIR[0], ONION + "plain", PAIR[1]]
    facts = Site(serve.name).get("/").cycle.stage(Stage.MIDDLEWARE).facts

    assert facts["outside"] == [SECURITY, ONION + "both"]
    assert [one["name"] for one in facts["onion"]] == names("plain")


def test_entries_inside_of_the_pair_are_named(serve: Any, settings: Any) -> None:
    serve(views.hello)
    settings.MIDDLEWARE = [PAIR[0], ONION + "both", PAIR[1], ONION + "plain", SECURITY]
    facts = Site(serve.name).get("/").cycle.stage(Stage.MIDDLEWARE).facts

    assert facts["onion"] == []
    assert facts["untimed"].endswith(f"After it comes {ONION}plain, {SECURITY}.")


def test_a_chain_of_twenty_is_seen_whole(serve: Any) -> None:
    cycle = serve(views.data, middleware=names(*["plain", "Slotted"] * 10)).get("/").cycle

    assert [one["depth"] for one in onion(cycle)] == list(range(20))
    assert not any(marks(cycle))
