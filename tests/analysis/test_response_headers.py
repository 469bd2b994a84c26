"""What a response lacks: told where it matters, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._response_headers import not_set
from cycle_inspector.records import Cycle, Stage
from tests.factories import make_cycle, make_stage
from tests.panel.sample import hostile_cycle

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "ETag": '"a"',
}
COOKIE = {"name": "sessionid", "flags": ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]}


def cycle_of(
    sent: dict[str, str] | None = None,
    *,
    url: str = "http://shop.example/",
    asked: dict[str, str] | None = None,
    method: str = "GET",
    **facts: Any,
) -> Cycle:
    response = {
        "status": 200,
        "content_type": "text/html; charset=utf-8",
        "headers": [list(one) for one in (SAFE if sent is None else sent).items()],
        "cookies": [],
        **facts,
    }
    request = {
        "method": method,
        "url": url,
        "headers": [list(one) for one in (asked or {}).items()],
    }
    return make_cycle(
        stages={
            Stage.RESPONSE: make_stage(Stage.RESPONSE, facts=response),
            Stage.CLIENT: make_stage(Stage.CLIENT, facts=request),
        }
    )


def names(*given: Any, **facts: Any) -> list[str]:
    return [one.name for one in not_set(cycle_of(*given, **facts))]


def without(*absent: str) -> dict[str, str]:
    return {name: value for name, value in SAFE.items() if name not in absent}


def test_a_page_that_has_all_lacks_nothing() -> None:
    assert names() == []


def test_a_bare_page_lacks_them_all() -> None:
    assert names({}) == [
        "X-Content-Type-Options",
        "Content-Security-Policy",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
        "Cache-Control",
        "ETag",
    ]


@pytest.mark.parametrize("name", list(SAFE))
def test_each_header_is_found_missing_by_itself(name: str) -> None:
    frames = ["X-Frame-Options"] if name == "Content-Security-Policy" else []

    assert names(without(name)) == [name, *frames]


def test_every_reason_is_a_sentence() -> None:
    bare = cycle_of({}, url="https://shop.example/", cookies=[{"name": "sid", "flags": []}])

    for one in not_set(bare):
        assert one.why.endswith(".")
        assert len(one.why) < 90


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+json"])
def test_of_json_only_the_type_matters(content_type: str) -> None:
    assert names({}, content_type=content_type) == ["X-Content-Type-Options"]
    assert names(content_type=content_type) == []


@pytest.mark.parametrize("content_type", ["text/css", "image/png", "application/zip", ""])
def test_of_other_types_nothing_is_missing(content_type: str) -> None:
    assert names({}, content_type=content_type) == []


@pytest.mark.parametrize("status", [100, 204, 205, 304])
def test_of_a_response_without_a_body_nothing_is_missing(status: int) -> None:
    assert names({}, status=status) == []


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_shows_no_page(status: int) -> None:
    assert names({}, status=status) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"Hx-Request": "true"},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
def test_a_fragment_that_a_script_asked_for_is_no_page(asked: dict[str, str]) -> None:
    assert names({}, asked=asked) == []


@pytest.mark.parametrize(
    "asked", [{"Sec-Fetch-Dest": "document"}, {"Hx-Request": "true", "Hx-Boosted": "true"}]
)
def test_what_a_person_navigates_to_is_a_page(asked: dict[str, str]) -> None:
    assert "Content-Security-Policy" in names({}, asked=asked)


def test_a_download_is_no_page() -> None:
    assert names({"Content-Disposition": 'attachment; filename="a.html"'}) == []


def test_a_policy_that_only_reports_is_said_to() -> None:
    sent = {
        **without("Content-Security-Policy"),
        "X-Frame-Options": "DENY",
        "Content-Security-Policy-Report-Only": "default-src 'self'",
    }

    (one,) = not_set(cycle_of(sent))
    assert (one.name, "report-only" in one.why) == ("Content-Security-Policy", True)


@pytest.mark.parametrize(
    ("sent", "is_missing"),
    [
        ({"X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'self'"}, False),
        ({"Content-Security-Policy": "frame-ancestors 'self'"}, False),
        ({"Content-Security-Policy": "default-src 'self'"}, True),
        ({"Content-Security-Policy": "default-src a… (20 more characters)"}, False),
    ],
)
def test_frames_are_restrained_in_either_way(sent: dict[str, str], is_missing: bool) -> None:
    assert ("X-Frame-Options" in names({**SAFE, **sent})) is is_missing


@pytest.mark.parametrize(
    ("url", "is_missing"),
    [
        ("https://shop.example/", True),
        ("http://shop.example/", False),
        ("https://localhost:8000/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]:8000/", False),
        ("https://shop.localhost/", False),
        ("https://[not-an-address/", True),
    ],
)
def test_https_is_asked_to_stay_only_where_it_can(url: str, is_missing: bool) -> None:
    assert ("Strict-Transport-Security" in names(url=url)) is is_missing


@pytest.mark.parametrize(
    ("sent", "facts", "missing"),
    [
        ({}, {}, ["Cache-Control", "ETag"]),
        ({"Expires": "0"}, {}, ["ETag"]),
        ({"Cache-Control": "no-store"}, {}, []),
        ({"Cache-Control": "max-age=60", "Last-Modified": "x"}, {}, []),
        ({}, {"cookies": [COOKIE]}, []),
        ({"Vary": "Accept-Language, Cookie"}, {}, []),
        ({}, {"method": "POST"}, []),
        ({}, {"status": 500}, []),
        ({}, {"status": 404}, ["Cache-Control"]),
        ({}, {"streaming": True}, ["Cache-Control"]),
        ({}, {"content_type": "application/json"}, []),
    ],
)
def test_caching_is_asked_for_where_a_page_is_for_everyone(
    sent: dict[str, str], facts: dict[str, Any], missing: list[str]
) -> None:
    assert names({**without("Cache-Control", "ETag"), **sent}, **facts) == missing


@pytest.mark.parametrize(
    ("sent", "is_missing"),
    [
        ({"Content-Encoding": "gzip"}, True),
        ({"Content-Encoding": "gzip", "Vary": "Cookie, accept-encoding"}, False),
        ({"Content-Encoding": "identity"}, False),
        ({}, False),
    ],
)
def test_a_packed_body_says_that_it_depends_on_the_client(
    sent: dict[str, str], is_missing: bool
) -> None:
    assert ("Vary: Accept-Encoding" in names({**SAFE, **sent})) is is_missing


@pytest.mark.parametrize(
    ("cookie", "url", "missing"),
    [
        (COOKIE, "https://a.example/", []),
        ({"name": "sessionid", "flags": ["HttpOnly", "SameSite=Lax"]}, "http://a.example/", []),
        (
            {"name": "sessionid", "flags": ["HttpOnly", "SameSite=Lax"]},
            "https://a.example/",
            ["sessionid: Secure"],
        ),
        ({"name": "a", "flags": ["SameSite=None"]}, "http://a.example/", ["a: Secure"]),
        (
            {"name": "__Host-a", "flags": ["SameSite=Lax"]},
            "http://a.example/",
            ["__Host-a: Secure"],
        ),
        ({"name": "auth", "flags": ["SameSite=Lax"]}, "http://a.example/", ["auth: HttpOnly"]),
        ({"name": "csrftoken", "flags": ["SameSite=Lax"]}, "http://a.example/", []),
        ({"name": "theme", "flags": ["SameSite=Lax"]}, "http://a.example/", []),
        ({"name": "theme", "flags": []}, "http://a.example/", ["theme: SameSite"]),
        ({"name": "sessionid", "flags": ["Max-Age=0"]}, "https://a.example/", []),
    ],
)
def test_flags_of_cookies_are_missed_where_they_are_due(
    cookie: dict[str, Any], url: str, missing: list[str]
) -> None:
    sent = {**SAFE, "Strict-Transport-Security": "max-age=1"}

    assert names(sent, cookies=[cookie], url=url) == missing


def test_the_cookies_of_a_redirect_are_looked_at() -> None:
    cookie = {"name": "sessionid", "flags": ["SameSite=Lax"]}

    assert names({}, status=302, cookies=[cookie]) == ["sessionid: HttpOnly"]


def test_facts_of_another_shape_lack_nothing_or_something_but_raise_nothing() -> None:
    assert not_set(make_cycle()) == ()
    not_set(hostile_cycle())
    assert not_set(cycle_of(headers=["a"], cookies=["b"], content_type="a/b")) == ()
