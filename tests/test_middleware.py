"""The middleware pair: in either mode, in or out of its place, and never in the page's way."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from cycle_inspector.middleware import FirstMiddleware, LastMiddleware
from cycle_inspector.recorder import current, innermost
from cycle_inspector.records import Stage
from tests.conftest import PAIR
from tests.shelf import views
from tests.shelf.views import PAGE
from tests.site import SERVERS, Site, find_cycle

ONION = "tests.shelf.onion."


@pytest.mark.parametrize("kind", [FirstMiddleware, LastMiddleware])
def test_switched_off_it_takes_itself_out_of_the_chain(kind: Any) -> None:
    with pytest.raises(MiddlewareNotUsed):
        kind(lambda request: HttpResponse())


@pytest.mark.parametrize("kind", [FirstMiddleware, LastMiddleware])
def test_it_is_of_the_mode_of_what_it_leads_to(kind: Any, switched_on: Any) -> None:
    async def aget_response(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(kind(aget_response))
    assert not iscoroutinefunction(kind(lambda request: HttpResponse()))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("after", ["plain", "Slotted", "AsyncClass", "both", "Short"])
def test_last_that_is_not_last_says_so_once_and_serves(
    switched_on: Any, settings: Any, caplog: pytest.LogCaptureFixture, server: str, after: str
) -> None:
    settings.MIDDLEWARE = [*PAIR, ONION + after]
    settings.ROOT_URLCONF = "tests.shelf.urls"
    with caplog.at_level(logging.WARNING, "cycle_inspector"):
        site = Site(server)
        answer = site.get("/hello/")
        cycle = site.get("/hello/").cycle

    assert answer.status == 200
    (line,) = [one for one in caplog.records if one.name == "cycle_inspector"]
    assert "LastMiddleware is not the last entry of MIDDLEWARE" in line.getMessage()
    facts = cycle.stage(Stage.MIDDLEWARE).facts
    assert facts["onion"] == []
    assert "not the last entry" in str(facts["untimed"])
    assert cycle.stage(Stage.CLIENT).facts["method"] == "GET"
    assert cycle.dropped == {}


@pytest.mark.parametrize("server", SERVERS)
def test_a_middleware_outside_of_first_is_not_seen_and_not_disturbed(
    switched_on: Any, settings: Any, server: str
) -> None:
    settings.MIDDLEWARE = [ONION + "Mixed", PAIR[0], ONION + "plain", PAIR[1]]

    cycle = Site(server).get("/hello/").cycle

    assert [one["name"] for one in cycle.stage(Stage.MIDDLEWARE).facts["onion"]] == [
        ONION + "plain"
    ]
    assert cycle.queries == ()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("missing", PAIR)
def test_one_without_the_other_serves(
    switched_on: Any, settings: Any, server: str, missing: str
) -> None:
    settings.MIDDLEWARE = [one for one in PAIR if one != missing]

    answer = Site(server).get("/hello/")

    assert answer.status == 200
    assert ("cycle-id" in answer.headers) is (missing == PAIR[1])


@pytest.mark.parametrize("server", SERVERS)
def test_the_pair_twice_is_a_cycle_in_a_cycle(switched_on: Any, settings: Any, server: str) -> None:
    settings.MIDDLEWARE = [PAIR[0], *PAIR, PAIR[1]]

    answer = Site(server).get("/data/")

    assert answer.status == 200
    assert answer.cycle.parent is None


@pytest.mark.parametrize("view", [views.hello, views.ahello, views.Shelf.as_view()])
def test_no_view_sees_a_difference_in_its_request(serve: Any, view: Any) -> None:
    site = serve(view)

    assert (
        site.get("/").text.replace('<script type="module" src="/__cycle__/panel.js"></script>', "")
        == PAGE
    )


@pytest.mark.parametrize(
    "path", ["/__cycle__/panel.js", "/__cycle__/", "/__cycle__/latest/", "/__cycle__/nothing"]
)
def test_own_addresses_are_answered_without_the_project_and_not_recorded(
    serve: Any, path: str
) -> None:
    site = serve(views.hello, middleware=[ONION + "Raises"])

    answer = site.get(path)

    assert answer.status in (200, 302, 404)
    assert "cycle-id" not in answer.headers


def test_asked_from_inside_a_view_they_add_nothing_to_its_cycle(
    wsgi_site: Site, serve: Any
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        from django.test import Client

        assert Client().get("/__cycle__/").status_code == 200
        return HttpResponse(PAGE)

    cycle = serve(view).get("/").cycle

    assert cycle.renders == ()
    assert cycle.queries == ()


def test_paths_that_are_to_be_left_alone_are(site: Site, switched_on: Any) -> None:
    switched_on(IGNORE_PATHS=["/data/", "/hel"])

    for path in ("/data/", "/hello/"):
        answer, bare = site.get(path), site.bare().get(path)
        assert (answer.body, answer.headers) == (bare.body, bare.headers)
    assert "cycle-id" in site.get("/queries/0/").headers


def test_a_request_inside_a_request_has_it_as_its_parent(wsgi_site: Site) -> None:
    answer = wsgi_site.get("/nested/")

    inner = find_cycle(answer.text.rpartition(">")[2])
    assert inner.parent == answer.cycle_id
    assert inner.duration_ns < answer.cycle.duration_ns
    assert inner.started_at >= answer.cycle.started_at
    assert [one.name for one in inner.spans if one.stage is Stage.VIEW] == [
        "tests.shelf.views.queries"
    ]


def test_three_requests_inside_each_other_are_a_chain(serve_wsgi: Any) -> None:
    from django.test import Client
    from django.urls import path

    def view(request: HttpRequest, depth: int) -> HttpResponse:
        if depth == 0:
            return HttpResponse("")
        inner = Client().get(f"/{depth - 1}/")
        return HttpResponse(inner.headers["Cycle-Id"] + " " + inner.content.decode())

    answer = serve_wsgi(path("<int:depth>/", view)).get("/2/")

    middle, inner = (find_cycle(one) for one in answer.text.split())
    assert (inner.parent, middle.parent) == (middle.id, answer.cycle_id)


def test_pages_of_the_history_are_not_recorded(serve_wsgi: Any) -> None:
    from django.urls import include, path

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)

    admin = [
        path("cycles/", page, name="cycle_inspector_cycle_changelist"),
        path("books/", page, name="shelf_book_changelist"),
    ]
    site = serve_wsgi(path("admin/", include((admin, "admin"))))

    assert "cycle-id" not in site.get("/admin/cycles/").headers
    assert "cycle-id" in site.get("/admin/books/").headers


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("path", ["/hello/", "/ahello/", "/raises/", "/stream/", "/nothing-here/"])
def test_after_the_response_nothing_is_recorded_any_more(site: Site, path: str) -> None:
    site.get(path)

    assert current() is None
    assert innermost() is None


def test_a_cycle_without_a_response_can_be_looked_at(serve_wsgi: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise SystemExit

    site = serve_wsgi(view)
    with pytest.raises(SystemExit):
        site.get("/")

    answer = site.get("/__cycle__/latest/")
    assert site.get(answer.headers["location"]).status == 200
