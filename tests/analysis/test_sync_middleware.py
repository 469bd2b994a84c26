"""Sync middlewares before an async view."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.sync_middleware import find
from cycle_inspector.records import Finding, Severity

SYNC = "tests.shelf.onion.sync_only"
BOTH = "django.middleware.common.CommonMiddleware"


async def is_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def is_sync(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def found(server: Any, view: Any, *middleware: str) -> list[Finding]:
    return list(find(server(view, middleware=middleware).get("/").cycle, Thresholds()))


def test_finds_a_sync_middleware_before_an_async_view(serve_asgi: Any) -> None:
    (finding,) = found(serve_asgi, is_async, BOTH, SYNC, BOTH)
    assert (finding.code, finding.severity) == ("CI403", Severity.INFO)
    assert finding.title.endswith(" on the way to an async view: sync_only is sync only")
    assert finding.count >= 2
    assert finding.cost_ns > 0


def test_does_not_find_threads_where_the_view_is_sync(serve: Any) -> None:
    assert found(serve, is_sync, BOTH, SYNC, BOTH) == []


def test_does_not_find_a_chain_that_is_async_throughout(serve_asgi: Any) -> None:
    assert found(serve_asgi, is_async, BOTH, BOTH) == []
