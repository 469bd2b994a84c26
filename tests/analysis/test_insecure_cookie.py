"""Cookies that are not Secure."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.insecure_cookie import find
from cycle_inspector.records import Finding
from tests.analysis._responses import cycle_with

SESSION = {"name": "sessionid", "flags": ["HttpOnly", "SameSite=Lax"]}


def found(*args: Any, **given: Any) -> list[Finding]:
    return list(find(cycle_with(*args, **given), Thresholds()))


def test_finds_a_cookie_that_is_not_secure_over_https() -> None:
    (finding,) = found(cookies=[SESSION])
    assert finding.code == "CI501"
    assert finding.fix == "Set it with secure=True, by SESSION_COOKIE_SECURE = True."


def test_finds_a_cookie_that_browsers_refuse_over_http_too() -> None:
    (finding,) = found("http://localhost/", cookies=[{"name": "a", "flags": ["SameSite=None"]}])
    assert finding.title == "The cookie a is not Secure: browsers refuse it"


def test_does_not_find_cookies_of_development_or_secure_ones() -> None:
    assert found("http://localhost:8000/", cookies=[SESSION]) == []
    assert found(cookies=[{**SESSION, "flags": ["HttpOnly", "Secure", "SameSite=Lax"]}]) == []
