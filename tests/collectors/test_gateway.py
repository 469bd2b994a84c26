"""The gateway stage: which server handed the request over, and when."""

from __future__ import annotations

import os
from typing import Any

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
    assert found["process_id"] == os.getpid()
    assert found["thread"]


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
