"""Cycles that cause others, through the real handlers: redirects, and requests inside requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.test import AsyncClient, Client
from django.urls import path

from cycle_inspector.exporters import json_document
from cycle_inspector.history import reader
from cycle_inspector.records import Cycle, Stage
from tests.conftest import Server
from tests.shelf.models import Book
from tests.shelf.views import PAGE
from tests.site import Answer, Site

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_BROWSER = {"user-agent": "Browser/1"}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def leads_to(place: str, **given: Any) -> Callable[[HttpRequest], HttpResponse]:
    def order(request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(place, **given)

    return order


def shop(place: str = "/thanks/", final: str = "thanks/") -> list[Any]:
    return [path("order/", leads_to(place)), path(final, page)]


def order(site: Site, client: str = "127.0.0.1", **headers: str) -> Answer:
    sent = {**_FORM, **_BROWSER, **headers}
    return site.ask("POST", "/order/?x=1", body=b"book=1", headers=sent, client=client)


def visit(site: Site, url: str = "/thanks/", client: str = "127.0.0.1", **headers: str) -> Answer:
    return site.ask("GET", url, headers={**_BROWSER, **headers}, client=client)


def test_a_form_its_redirect_and_the_final_page_are_tied_together(serve: Server) -> None:
    site = serve(*shop())
    sent, final = order(site), visit(site)

    assert (final.cycle.parent, final.cycle.cause) == (sent.cycle_id, "redirect")
    assert (sent.cycle.parent, sent.cycle.cause) == (None, None)
    assert [one.id for one in reader.links_of(final.cycle).before] == [sent.cycle_id]
    assert [one.id for one in reader.links_of(sent.cycle).after] == [final.cycle_id]
    document = json_document.export(final.cycle)
    assert (document["parent"], document["cause"]) == (sent.cycle_id, "redirect")


def test_nothing_is_added_to_a_redirect(serve: Server) -> None:
    site = serve(*shop())
    bare, recorded = order(site.bare()), order(site)

    added = recorded.headers.keys() - bare.headers.keys()
    assert added == {"cycle-id", "cycle-url", "server-timing"}
    assert recorded.body == bare.body


def test_the_final_page_offers_both(serve: Server) -> None:
    site = serve(*shop())
    sent, final = order(site), visit(site)
    assert final.cycle

    summary = json.loads(visit(site, f"/__cycle__/{final.cycle_id}/summary.json").body)
    report = visit(site, f"/__cycle__/{final.cycle_id}/report").text
    assert [one["id"] for one in summary["redirects"]] == [sent.cycle_id]
    assert f'data-cycle="{sent.cycle_id}"' in report
    assert "Led to" in visit(site, f"/__cycle__/{sent.cycle_id}/report").text


def test_a_reload_of_the_final_page_has_no_parent(serve: Server) -> None:
    site = serve(*shop())
    sent, final, again = order(site), visit(site), visit(site)

    assert final.cycle.parent == sent.cycle_id
    assert again.cycle.parent is None


def test_two_clients_at_once_are_not_mixed(serve: Server) -> None:
    site = serve(*shop())
    sent = {client: order(site, client) for client in ("127.0.0.1", "127.0.0.2")}
    final = {client: visit(site, client=client) for client in reversed(sent)}

    for client, answer in final.items():
        assert answer.cycle.parent == sent[client].cycle_id


def test_a_chain_of_redirects_is_known_from_each_of_its_cycles(serve: Server) -> None:
    site = serve(
        path("order/", leads_to("/middle/")),
        path("middle/", lambda request: HttpResponsePermanentRedirect("../thanks/?a=1#end")),
        path("thanks/", page),
    )
    chain = [order(site), visit(site, "/middle/"), visit(site, "/thanks/?a=1")]

    ids = [answer.cycle_id for answer in chain]
    for at, answer in enumerate(chain):
        found = reader.links_of(answer.cycle)
        assert [one.id for one in found.before] == ids[:at]
        assert [one.id for one in found.after] == ids[at + 1 :]


@pytest.mark.parametrize(
    ("place", "final", "url"),
    [
        ("/thänks/", "thänks/", "/th%C3%A4nks/"),
        ("http://testserver/thanks/", "thanks/", "/thanks/"),
        ("/thanks/?q=ä b&é=1", "thanks/", "/thanks/?q=%C3%A4%20b&%C3%A9=1"),
        ("/thanks/?token=hunter2", "thanks/", "/thanks/?token=hunter2"),
        ("/thanks/?next=%2Fa%2F%3Fpassword%3Dx", "thanks/", "/thanks/?next=%2Fa%2F%3Fpassword%3Dx"),
        ("?token=hunter2", "order/", "/order/?token=hunter2"),
        ("", "order/", ""),
    ],
)
def test_addresses_are_compared_as_browsers_send_them(
    serve_wsgi: Server, place: str, final: str, url: str
) -> None:
    site = serve_wsgi(*shop(place, final))
    sent = order(site)
    answer = _ask_encoded(site, url or "/order/?x=1")

    assert answer.cycle.parent == (sent.cycle_id if url else None)
    assert "hunter2" not in str(sent.cycle) + str(answer.cycle)


def _ask_encoded(site: Site, url: str) -> Answer:
    """Send `url` as a server would hand it over: its path decoded (PEP 3333)."""
    place, question, query = url.partition("?")
    decoded = place.encode().replace(b"%C3%A4", "ä".encode()).decode("latin1")
    return visit(site, decoded + question + query)


@pytest.mark.parametrize("status", [200, 201, 304])
def test_other_answers_with_a_location_are_no_redirects(serve: Server, status: int) -> None:
    answers = path(
        "order/", lambda request: HttpResponse(status=status, headers={"Location": "/thanks/"})
    )
    site = serve(answers, path("thanks/", page))
    order(site)

    assert visit(site).cycle.parent is None


def test_a_redirect_to_another_site_ties_nothing(serve: Server) -> None:
    site = serve(*shop("https://elsewhere.example/thanks/"))
    sent = order(site)

    assert visit(site).cycle.parent is None
    assert reader.links_of(sent.cycle).after == ()


def test_behind_a_proxy_clients_and_names_are_told_by_what_it_forwards(serve: Server) -> None:
    site = serve(*shop("https://shop.example/thanks/"))
    one = {"X-Forwarded-For": "10.0.0.7", "X-Forwarded-Host": "shop.example"}
    other = {**one, "X-Forwarded-For": "10.0.0.8"}
    sent = order(site, **one)

    assert visit(site, **other).cycle.parent is None
    assert visit(site, **one).cycle.parent == sent.cycle_id


# A request inside a request


def _is_complete(cycle: Cycle) -> bool:
    return (
        [one.stage for one in cycle.stages] == list(Stage)
        and cycle.stage(Stage.MIDDLEWARE).count > 0
        and cycle.stage(Stage.VIEW).facts["name"].endswith(("outer", "inner"))
        and cycle.response["status"] == 200
        and [one.alias for one in cycle.statements] == ["default"]
        and not any(one.kind == "fault" for one in cycle.events)
        and not cycle.dropped
    )


def inner(request: HttpRequest) -> HttpResponse:
    Book.objects.filter(title="inner").exists()
    return HttpResponse(PAGE)


def outer(request: HttpRequest) -> HttpResponse:
    answer = Client().get("/inner/")
    Book.objects.filter(title="outer").exists()
    return HttpResponse(PAGE + answer.headers["Cycle-Id"])


async def async_outer(request: HttpRequest) -> HttpResponse:
    answer = await AsyncClient().get("/inner/")
    await sync_to_async(Book.objects.filter(title="outer").exists)()
    return HttpResponse(PAGE + answer.headers["Cycle-Id"])


@pytest.mark.parametrize("view", [outer, async_outer])
def test_a_request_inside_a_request_is_whole_and_so_is_the_one_around_it(
    serve: Server, view: Any
) -> None:
    site = serve(
        path("outer/", view),
        path("inner/", inner),
        middleware=["django.middleware.common.CommonMiddleware"],
    )
    answer = visit(site, "/outer/")

    around = answer.cycle
    inside = reader.get(answer.text.rpartition(">")[2])
    assert inside is not None
    assert _is_complete(around)
    assert _is_complete(inside)
    assert (inside.parent, inside.cause) == (around.id, "inside")
    assert (around.parent, around.cause) == (None, None)
    assert [one.params for one in around.statements] == [(1, "outer")]
    assert [one.params for one in inside.statements] == [(1, "inner")]
    assert [one.id for one in reader.links_of(around).inside] == [inside.id]
    found = reader.links_of(inside).outer
    assert found is not None
    assert found.id == around.id


def test_a_redirect_inside_a_request_is_followed_there(serve_wsgi: Server) -> None:
    def follows(request: HttpRequest) -> HttpResponse:
        client = Client()
        answer = client.post("/order/", follow=True)
        return HttpResponse(PAGE + answer.headers["Cycle-Id"])

    site = serve_wsgi(path("outer/", follows), *shop())
    answer = visit(site, "/outer/")

    final = reader.get(answer.text.rpartition(">")[2])
    assert final is not None
    assert (final.parent, final.cause) == (answer.cycle_id, "inside")
    found = reader.links_of(final)
    assert [one.path for one in found.before] == ["/order/"]
    assert [one.path for one in reader.links_of(answer.cycle).inside] == ["/order/", "/thanks/"]


def test_a_visitor_is_not_sent_where_a_client_inside_was(serve_wsgi: Server) -> None:
    def follows(request: HttpRequest) -> HttpResponse:
        Client().post("/order/")
        return HttpResponse(PAGE)

    site = serve_wsgi(path("outer/", follows), *shop())
    visit(site, "/outer/")

    assert visit(site).cycle.parent is None
