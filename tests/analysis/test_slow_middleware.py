"""Slow middlewares."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.slow_middleware import find
from cycle_inspector.records import Finding, Severity

GetResponse = Callable[[HttpRequest], HttpResponse]
SOON = Thresholds(slow_middleware_ms=150)


def sleeps(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        time.sleep(0.2)
        return get_response(request)

    return middleware


def passes(get_response: GetResponse) -> GetResponse:
    return get_response


def carries(get_response: GetResponse) -> GetResponse:
    """Hand the request on in a thread, whose time is then its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answers: list[HttpResponse] = []
        thread = threading.Thread(target=lambda: answers.append(get_response(request)))
        thread.start()
        thread.join()
        return answers[0]

    return middleware


def slow_page(request: HttpRequest) -> HttpResponse:
    time.sleep(0.2)
    return HttpResponse("ok")


def found(serve: Any, middleware: Any, view: Any = slow_page) -> list[Finding]:
    site = serve(view, middleware=[f"{__name__}.{middleware.__name__}"])
    return list(find(site.get("/").cycle, SOON))


def is_silent(*args: Any) -> bool:
    # On a busy machine one page may be held up; not each of them.
    return any(found(*args) == [] for _ in range(5))


def test_finds_a_slow_middleware(serve: Any) -> None:
    (finding,) = found(serve, sleeps, lambda request: HttpResponse("ok"))
    assert (finding.code, finding.severity) == ("CI401", Severity.WARNING)
    assert finding.cost_ns >= 200_000_000
    assert finding.title.startswith("sleeps took ")


def test_does_not_find_one_around_a_slow_page(serve: Any) -> None:
    assert is_silent(serve, passes)


def test_does_not_find_one_that_carries_the_others(serve_wsgi: Any) -> None:
    assert is_silent(serve_wsgi, carries)
