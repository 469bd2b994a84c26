"""Redirects that lead to redirects."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.redirect_chain import find
from cycle_inspector.records import Cycle, Finding, Severity
from tests.site import Site

COMMON = ["django.middleware.common.CommonMiddleware"]


def to(place: str) -> Any:
    return lambda request: HttpResponseRedirect(place)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def followed(site: Site, url: str) -> list[Cycle]:
    """Go where the site leads to, as a browser does, and return the cycles on the way."""
    found: list[Cycle] = []
    while True:
        answer = site.get(url, {"User-Agent": "Browser/1"})
        found.append(answer.cycle)
        if "location" not in answer.headers:
            return found
        url = answer.headers["location"]


def found(site: Site, url: str) -> list[Finding]:
    return [one for cycle in followed(site, url) for one in find(cycle, Thresholds())]


def test_finds_a_redirect_to_a_redirect(serve: Any) -> None:
    site = serve(
        path("old/", to("/moved/")),
        path("moved/", to("/here/")),
        path("here/", page),
        middleware=[],
    )
    (finding,) = found(site, "/old/")
    assert (finding.code, finding.severity) == ("CI506", Severity.INFO)
    assert finding.title == "A redirect led to /moved/, and that redirects to /here/"
    assert finding.fix == "Let the first redirect lead to /here/ at once: each costs a round trip."
    assert finding.cost_ns > 0


def test_finds_a_redirect_that_names_an_address_without_its_slash(serve: Any) -> None:
    site = serve(path("old/", to("/here")), path("here/", page), middleware=COMMON)
    (finding,) = found(site, "/old/")
    assert finding.title == "A redirect led to /here, and that redirects to /here/"
    assert "APPEND_SLASH" in finding.fix


def test_does_not_find_the_mended_redirect(serve: Any) -> None:
    site = serve(path("old/", to("/here/")), path("here/", page), middleware=COMMON)
    assert found(site, "/old/") == []


def test_does_not_find_who_is_sent_to_log_in(serve: Any) -> None:
    site = serve(
        path("old/", to("/mine/")),
        path("mine/", to("/login/?next=/mine/")),
        path("login/", page),
        middleware=[],
    )
    assert len(followed(site, "/old/")) == 3
    assert found(site, "/old/") == []


def test_does_not_find_a_redirect_that_nobody_was_led_to(serve: Any) -> None:
    site = serve(path("here/", page), middleware=COMMON)
    assert [one.response["status"] for one in followed(site, "/here")] == [301, 200]
    assert found(site, "/here") == []
