"""Headers of a response that are worth a finding, and those that are none in development."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.headers import find
from cycle_inspector.records import Finding, Stage
from tests.factories import make_cycle, make_stage


def found(
    url: str = "https://shop.example/",
    *,
    sent: dict[str, str] | None = None,
    cookies: Any = (),
    size: int = 1_000,
    asked: str = "gzip, br",
) -> list[Finding]:
    response = {**make_cycle().response, "size_bytes": size}
    facts = {
        "status": 200,
        "content_type": "text/html",
        "headers": [list(one) for one in (sent or {}).items()],
        "cookies": list(cookies),
    }
    client = {"url": url, "method": "GET", "headers": [["Accept-Encoding", asked]]}
    stages = {
        Stage.RESPONSE: make_stage(Stage.RESPONSE, facts=facts),
        Stage.CLIENT: make_stage(Stage.CLIENT, facts=client),
    }
    return list(find(make_cycle(response=response, stages=stages), Thresholds()))


SESSION = {"name": "sessionid", "flags": ["HttpOnly", "SameSite=Lax"]}


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


def test_finds_much_text_that_is_not_packed() -> None:
    (finding,) = found(size=150_000)
    assert (finding.code, finding.title) == (
        "CI502",
        "150 kB of text were sent without compression",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"size": 99_999},
        {"size": 150_000, "sent": {"Content-Encoding": "gzip"}},
        {"size": 150_000, "asked": "identity"},
        {"size": 150_000, "url": "http://shop.example/"},
        {"size": 150_000, "url": "https://localhost:8000/"},
        {"size": 150_000, "url": "https://127.0.0.1/"},
    ],
)
def test_does_not_find_text_that_is_small_packed_or_of_development(given: Any) -> None:
    assert found(**given) == []


@pytest.mark.parametrize("control", ["public, max-age=60", "s-maxage=60"])
def test_finds_a_page_by_cookie_that_is_kept_for_all(control: str) -> None:
    (finding,) = found(sent={"Vary": "Accept, Cookie", "Cache-Control": control})
    assert finding.code == "CI503"


@pytest.mark.parametrize("control", ["private, max-age=60", "max-age=0", "no-store"])
def test_does_not_find_a_page_by_cookie_that_is_private(control: str) -> None:
    assert found(sent={"Vary": "Cookie", "Cache-Control": control}) == []
    assert found(sent={"Vary": "Accept", "Cache-Control": "public"}) == []
