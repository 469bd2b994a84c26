"""The gateway stage: which server handed the request over, and when."""

from __future__ import annotations

import os
import threading
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from cycle_inspector.collectors import gateway
from cycle_inspector.records import Stage
from tests.shelf.views import PAGE
from tests.site import Site


def facts(site: Site, path: str = "/hello/", **given: Any) -> Any:
    return site.ask("GET", path, **given).cycle.stage(Stage.GATEWAY).facts


def test_the_interface_is_named(site: Site) -> None:
    found = facts(site)

    assert found["interface"] == site.server.upper()
    assert found["http_version"] == "HTTP/1.1"
    assert found["interface_version"] == ("1.0" if site.server == "wsgi" else "3.0, spec 2.3")
    assert found["listens"] == "testserver:80"
    assert (found["process_id"], found["parent_id"]) == (os.getpid(), os.getppid())
    assert found["thread"] == threading.current_thread().name
    assert found["thread_id"] == threading.get_native_id()


def test_the_event_loop_is_told_where_there_is_one(site: Site) -> None:
    assert facts(site).get("event_loop") == ("asyncio" if site.server == "asgi" else None)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("uvloop", "uvloop"),
        ("asyncio.unix_events", "asyncio"),
        ("qasync._windows", "qasync._windows"),
    ],
)
def test_an_event_loop_is_named_after_its_package(module: str, name: str) -> None:
    assert gateway._loop(type("Loop", (), {"__module__": module})) == name


def test_the_thread_of_a_forked_worker_is_its_own(monkeypatch: Any) -> None:
    # Python 3.13 leaves Thread.native_id of the main thread as it was in the parent.
    monkeypatch.setattr(threading.current_thread(), "_native_id", 1)

    note = gateway.Note(RequestFactory().get("/"), 0)

    assert note.thread_id == threading.get_native_id() != 1


def test_what_a_wsgi_server_says_of_itself_is_kept(wsgi_site: Site) -> None:
    found = facts(wsgi_site)

    assert (found["multithread"], found["multiprocess"], found["run_once"]) == (True, False, False)


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({"SERVER_SOFTWARE": "gunicorn/27.0.1"}, "gunicorn/27.0.1"),
        ({"uwsgi.version": b"2.0.30"}, "uWSGI 2.0.30"),
        (
            {"SERVER_SOFTWARE": "Apache/2.4", "mod_wsgi.version": (5, 0, 2)},
            "Apache/2.4 mod_wsgi/5.0.2",
        ),
        ({}, ""),
        ({"SERVER_SOFTWARE": 7, "wsgi.version": "one"}, "7"),
    ],
)
def test_a_wsgi_server_is_named_as_it_names_itself(environ: dict[str, Any], server: str) -> None:
    note = gateway.Note(WSGIRequest({**RequestFactory()._base_environ(), **environ}), 0)

    assert gateway._of_environ(note.given)["server"] == server


def scope_facts(**given: Any) -> Any:
    scope = {"method": "GET", "path": "/", "headers": [], **given}
    return gateway._of_scope(gateway.Note(ASGIRequest(scope, BytesIO()), 0))


def test_what_an_asgi_server_offers_is_named() -> None:
    pool = object()
    found = scope_facts(
        server=("/run/site.sock", None),
        extensions={"http.response.push": {}, "tls": {"server_cert": "..."}},
        state={"pool": pool, 7: "seven"},
        http_version="2",
    )

    assert found["extensions"] == ["http.response.push", "tls"]
    assert found["state"] == ["pool"]
    assert found["listens"] == "/run/site.sock"
    assert found["http_version"] == "HTTP/2"
    assert "event_loop" not in found


@pytest.mark.parametrize("given", [{}, {"asgi": None, "server": None, "extensions": None}])
def test_a_scope_that_says_little_is_no_fault(given: dict[str, Any]) -> None:
    found = scope_facts(**given)

    assert found["interface_version"] == ""
    assert (found["listens"], found["extensions"], found["state"]) == ("", [], [])


def test_the_live_objects_of_the_lifespan_are_not_held() -> None:
    pool = object()
    scope = {"method": "GET", "path": "/", "headers": [], "state": {"pool": pool}}

    note = gateway.Note(ASGIRequest(scope, BytesIO()), 0)

    assert note.given["state"] == ["pool"]


def test_the_script_name_is_kept(site: Site) -> None:
    assert facts(site, root="/shop")["script_name"] == "/shop"


def test_the_cycle_starts_when_the_server_calls_django(site: Site) -> None:
    cycle = site.get("/hello/").cycle

    gateway_stage = cycle.stage(Stage.GATEWAY)
    assert 0 < gateway_stage.duration_ns < cycle.duration_ns
    assert gateway_stage.facts["wait_ns"] == gateway_stage.duration_ns
    assert all(span.start_ns >= gateway_stage.duration_ns for span in cycle.spans)


def test_the_mark_of_the_start_is_taken_out_again(serve: Any) -> None:
    # A request that is made of the parts of this one has a start of its own.
    kept: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        kept.extend([request.META, getattr(request, "scope", {})])
        return HttpResponse(PAGE)

    serve(view).get("/")

    assert not any("cycle_inspector" in str(name) for one in kept for name in one)


def test_a_request_that_no_server_announced_starts_with_its_cycle() -> None:
    assert gateway.take_start(RequestFactory().get("/")) is None
