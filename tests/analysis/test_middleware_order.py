"""The order of middlewares."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.middleware_order import find
from cycle_inspector.records import Finding, Severity

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def found(serve: Any, *middleware: str) -> list[Finding]:
    return list(find(serve(page, middleware=middleware).get("/").cycle, Thresholds()))


@pytest.mark.parametrize(
    ("below", "above"),
    [(COMMON, LOCALE), (SESSION, UPDATE), (LOCALE, UPDATE), (GZIP, UPDATE), (FETCH, UPDATE)],
)
def test_finds_an_order_that_does_not_work(serve: Any, below: str, above: str) -> None:
    (finding,) = found(serve, below, above)
    assert (finding.code, finding.severity) == ("CI402", Severity.WARNING)
    first, second = above.rpartition(".")[2], below.rpartition(".")[2]
    assert finding.title == f"{first} stands below {second}"
    assert finding.fix.startswith(f'Move "{above}" above "{below}" in MIDDLEWARE: ')


def test_does_not_find_the_order_of_the_documentation(serve: Any) -> None:
    assert found(serve, UPDATE, GZIP, SESSION, LOCALE, COMMON, AUTH, MESSAGES, FETCH) == []
    assert found(serve, COMMON) == []
