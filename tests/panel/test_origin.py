from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from cycle_inspector.panel import origin


def request(method: str = "GET", **meta: Any) -> HttpRequest:
    names = {"site": "HTTP_SEC_FETCH_SITE", "mode": "HTTP_SEC_FETCH_MODE", "own": "HTTP_ORIGIN"}
    return RequestFactory().generic(
        method,
        "/",
        HTTP_HOST="testserver",
        **{names.get(key, key): one for key, one in meta.items()},
    )


@pytest.mark.parametrize(
    ("method", "mode"),
    [
        ("GET", "cors"),
        ("GET", "no-cors"),
        ("GET", "same-origin"),
        ("GET", "websocket"),
        ("GET", ""),
        ("POST", "navigate"),
        ("HEAD", "navigate"),
    ],
)
def test_what_another_site_asks_for_is_foreign(method: str, mode: str) -> None:
    assert origin.is_foreign(request(method, site="cross-site", mode=mode))


def test_a_link_from_another_site_may_be_followed() -> None:
    assert not origin.is_foreign(request(site="cross-site", mode="navigate"))


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_what_comes_from_this_site_is_not_foreign(site: str) -> None:
    assert not origin.is_foreign(request("POST", site=site, mode="cors"))


def test_a_client_that_says_nothing_is_not_foreign() -> None:
    assert not origin.is_foreign(request("POST"))


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_of_this_origin_is_own(site: str) -> None:
    assert origin.is_own(request("POST", site=site))


@pytest.mark.parametrize("site", ["same-site", "cross-site", "", "anything"])
def test_a_page_of_another_origin_is_not_whatever_else_it_says(site: str) -> None:
    assert not origin.is_own(request("POST", site=site, own="http://testserver"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"own": "http://testserver"}, True),
        ({"own": "https://testserver", "wsgi.url_scheme": "https"}, True),
        ({"own": "https://testserver"}, False),
        ({"own": "http://testserver:8000"}, False),
        ({"own": "http://evil.example"}, False),
        ({"own": "null"}, False),
        ({"own": ""}, False),
        ({}, False),
    ],
)
def test_an_older_browser_is_known_by_its_origin(given: dict[str, str], expected: bool) -> None:
    assert origin.is_own(request("POST", **given)) is expected
