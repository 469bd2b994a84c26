"""Cookies that are not Secure."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.insecure_cookie import find
from cycle_inspector.records import Finding

HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def found(serve: Any, headers: dict[str, str], **cookie: Any) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("ok")
        response.set_cookie("basket", "7", **cookie)
        return response

    return list(find(serve(view).get("/", headers).cycle, Thresholds()))


def of_session(serve: Any) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        request.session["basket"] = [7]
        return HttpResponse("ok")

    return list(find(serve(view).get("/", HTTPS).cycle, Thresholds()))


def test_finds_a_session_that_is_not_secure_over_https(serve: Any) -> None:
    (finding,) = of_session(serve)
    assert finding.code == "CI501"
    assert finding.fix == "Set it with secure=True, by SESSION_COOKIE_SECURE = True."


def test_finds_a_cookie_that_browsers_refuse_over_http_too(serve: Any) -> None:
    (finding,) = found(serve, {}, samesite="None")
    assert finding.title == "The cookie basket is not Secure: browsers refuse it"


def test_does_not_find_cookies_of_development_or_secure_ones(serve: Any, settings: Any) -> None:
    assert found(serve, {}, samesite="Lax") == []
    assert found(serve, HTTPS, samesite="Lax", secure=True) == []
    settings.SESSION_COOKIE_SECURE = True
    assert of_session(serve) == []


def test_does_not_find_a_cookie_that_is_deleted(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("ok")
        response.delete_cookie("basket")
        return response

    cycle = serve(view).get("/", HTTPS).cycle
    assert list(find(cycle, Thresholds())) == []
