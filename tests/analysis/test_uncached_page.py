"""Pages that look the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.uncached_page import find
from cycle_inspector.records import Cycle, Finding, Severity
from tests.shelf.models import Book

LARGE = "<!DOCTYPE html><title>Terms</title><body>" + "<p>A clause.</p>" * 4_000 + "</body>"

View = Callable[[HttpRequest], HttpResponse]


def terms(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LARGE)


def found(cycle: Cycle) -> list[Finding]:
    return list(find(cycle, Thresholds()))


def test_finds_a_large_page_of_nothing_but_text(serve: Any) -> None:
    (finding,) = found(serve(terms).get("/").cycle)
    assert (finding.code, finding.severity) == ("CI504", Severity.INFO)
    assert finding.title.startswith("64 kB of a page that asks no database")


def test_does_not_find_a_small_page(serve: Any) -> None:
    assert found(serve(lambda request: HttpResponse(LARGE[:9_000])).get("/").cycle) == []


@pytest.mark.parametrize(
    "mend",
    [
        cache_control(max_age=3600),
        cache_control(no_store=True),
        condition(etag_func=lambda request: '"1"'),
    ],
)
def test_does_not_find_a_page_that_says_how_long_it_holds(
    serve: Any, mend: Callable[[View], View]
) -> None:
    assert found(serve(mend(terms)).get("/").cycle) == []


def test_does_not_find_a_page_under_the_middleware_that_sets_etags(serve: Any) -> None:
    site = serve(terms, middleware=["django.middleware.http.ConditionalGetMiddleware"])
    assert found(site.get("/").cycle) == []


def by_database(request: HttpRequest) -> Any:
    return Book.objects.count()


def by_cache(request: HttpRequest) -> Any:
    return cache.get("terms")


def by_session(request: HttpRequest) -> Any:
    return request.session.get("terms")


def by_user(request: HttpRequest) -> Any:
    return request.user.is_authenticated  # type: ignore[attr-defined]


@pytest.mark.parametrize("ask", [by_database, by_cache, by_session, by_user])
def test_does_not_find_a_page_that_is_made_of_more(
    serve: Any, ask: Callable[[HttpRequest], Any]
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        ask(request)
        return terms(request)

    assert found(serve(view).get("/").cycle) == []


def test_does_not_find_a_page_with_a_form(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        get_token(request)
        return terms(request)

    site = serve(view, middleware=["django.middleware.csrf.CsrfViewMiddleware"])
    assert found(site.get("/").cycle) == []


def test_does_not_find_what_is_one_persons_by_its_request(serve: Any) -> None:
    site = serve(terms)
    assert found(site.get("/?q=terms").cycle) == []
    assert found(site.get("/", {"Authorization": "Bearer abc"}).cycle) == []
    assert found(site.ask("POST", "/", body=b"a=1").cycle) == []


def test_does_not_find_a_page_with_a_nonce(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        policy = "script-src 'self' 'nonce-abc'"
        return HttpResponse(LARGE, headers={"Content-Security-Policy": policy})

    assert found(serve(view).get("/").cycle) == []
