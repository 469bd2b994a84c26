"""Cookies that let somebody in."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.weak_cookie import find, lets_in
from cycle_inspector.records import Finding, Severity


def found(serve: Any, name: str, **given: Any) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("ok")
        response.set_cookie(name, "a1b2", **given)
        return response

    return list(find(serve(view).get("/").cycle, Thresholds()))


def test_finds_a_token_that_scripts_can_read_and_other_sites_send(serve: Any) -> None:
    (finding,) = found(serve, "auth_token")
    assert (finding.code, finding.severity) == ("CI505", Severity.WARNING)
    assert finding.title == (
        "The cookie auth_token lacks HttpOnly and SameSite: any script of the page can read it"
    )
    assert finding.fix == 'Set it with httponly=True and samesite="Lax".'


def test_finds_each_flag_by_itself(serve: Any) -> None:
    (finding,) = found(serve, "auth_token", samesite="Strict")
    assert finding.fix == "Set it with httponly=True."
    (finding,) = found(serve, "auth_token", httponly=True)
    assert finding.fix == 'Set it with samesite="Lax".'


def test_finds_the_session_of_django_by_its_setting(settings: Any, serve: Any) -> None:
    settings.SESSION_COOKIE_HTTPONLY = False

    def view(request: HttpRequest) -> HttpResponse:
        request.session["basket"] = [1]
        return HttpResponse("ok")

    (finding,) = find(serve(view).get("/").cycle, Thresholds())
    assert finding.fix == "Set it with httponly=True, by SESSION_COOKIE_HTTPONLY = True."


def test_does_not_find_the_session_of_django_as_it_is(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.session["basket"] = [1]
        return HttpResponse("ok")

    cycle = serve(view).get("/").cycle
    assert cycle.statements
    assert list(find(cycle, Thresholds())) == []


def test_does_not_find_cookies_with_their_flags_or_on_their_way_out(serve: Any) -> None:
    assert found(serve, "auth_token", httponly=True, samesite="Lax") == []
    # Without Secure that is CI501.
    assert found(serve, "auth_token", httponly=True, samesite="None") == []
    assert found(serve, "auth_token", max_age=0) == []


@pytest.mark.parametrize(
    "name",
    [
        *("sessionid", "my_session", "session-id", "PHPSESSID", "connect.sid", "auth", "jwt-auth"),
        *("authToken", "access_token", "refreshToken", "remember_me", "api_key", "apikey"),
    ],
)
def test_a_credential_is_known_by_its_name(name: str) -> None:
    assert lets_in(name)


@pytest.mark.parametrize(
    "name",
    [
        *("csrftoken", "XSRF-TOKEN", "csrf_token", "author", "authors_sort", "theme", "side"),
        *("session_tab", "tokens_seen", "django_language", "cookie_consent", "messages", ""),
    ],
)
def test_another_cookie_is_none(name: str) -> None:
    assert not lets_in(name)
