"""Where a response sends its client, and which requests can have come of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cycle_inspector.collectors import client
from cycle_inspector.history import redirects
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_request, make_stage


def leads(location: str, url: str, *, base: str = "/shop/a/?x=1", **given: Any) -> bool:
    """Whether a redirect from `base` to `location` leads to a request for `url`."""
    sent = make_request("POST", base, status=302, location=location, **given.pop("sent", {}))
    target = redirects.target_of(sent)
    arrival = redirects.arrival_of(make_request("GET", url, **given))
    return target is not None and target.digest == arrival


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b/", "/b/"),
        ("/b/?x=1&x=2", "/b/?x=1&x=2"),
        ("b/", "/shop/a/b/"),
        ("../b/", "/shop/b/"),
        ("?y=2", "/shop/a/?y=2"),
        ("#there", "/shop/a/?x=1"),
        ("/b/#there", "/b/"),
        ("/b/?x=1#there", "/b/?x=1"),
        ("//testserver/b/", "/b/"),
        ("http://testserver/b/", "/b/"),
        ("https://testserver/b/", "/b/"),
        ("http://testserver:80/b/", "/b/"),
        ("http://TestServer/b/", "/b/"),
        ("http://testserver", "/"),
        ("http://me:hunter2@testserver/b/", "/b/"),
        ("/caf%C3%A9/", "/café/"),
        ("/a%20b/", "/a b/"),
        ("/100%25/", "/100%/"),
        ("/b/?q=caf%C3%A9", "/b/?q=caf%C3%A9"),
        ("/b/?q=it's", "/b/?q=it%27s"),
    ],
)
def test_a_client_that_asks_for_what_it_was_sent_to_has_followed(location: str, url: str) -> None:
    assert leads(location, url)


def test_a_question_mark_in_a_path_does_not_end_it() -> None:
    plain = make_request("GET", "/")
    asked = {"method": "GET", "path": "/why?/", "host": "testserver", "full_path": "/why?/?x=1"}
    sent = make_request("GET", "/", status=302, location="/why%3F/?x=1")
    target = redirects.target_of(sent)
    assert target is not None
    assert target.path == "/why?/"
    assert target.digest == redirects.arrival_of(replace(plain, request=asked))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b/", "/c/"),
        ("/b/", "/b/?x=1"),
        ("/b/?x=1", "/b/"),
        ("/b/?x=1", "/b/?x=2"),
        ("http://elsewhere/b/", "/b/"),
        ("http://testserver:8000/b/", "/b/"),
    ],
)
def test_a_client_that_asks_for_something_else_has_not(location: str, url: str) -> None:
    assert not leads(location, url)


@pytest.mark.parametrize(
    "location", ["", "mailto:a@b.example", "javascript:alert(1)", "http://[", "shop:thanks"]
)
def test_what_is_no_web_address_leads_nowhere(location: str) -> None:
    assert redirects.target_of(make_request(status=302, location=location)) is None


@pytest.mark.parametrize("status", [200, 201, 204, 300, 304, 305, 306, 404, 500])
def test_other_answers_with_a_location_are_no_redirects(status: int) -> None:
    assert redirects.target_of(make_request(status=status, location="/b/")) is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_redirects_if_they_say_whereto(status: int) -> None:
    assert redirects.target_of(make_request(status=status, location="/b/")) is not None
    assert redirects.target_of(make_request(status=status)) is None


def test_a_block_is_neither_sent_nor_arrives() -> None:
    block = make_cycle(kind="block", request={}, response={})
    assert redirects.target_of(block) is None
    assert redirects.arrival_of(block) is None


def test_a_request_whose_client_is_not_known_is_held_against_nothing() -> None:
    assert redirects.arrival_of(make_cycle()) is None


# Who it is


def test_another_port_is_the_same_client() -> None:
    assert leads("/b/", "/b/", address="127.0.0.1 port 9", sent={"address": "127.0.0.1 port 8"})


@pytest.mark.parametrize(
    "given",
    [
        {"address": "127.0.0.2 port 4321"},
        {"headers": {"User-Agent": "Browser/2"}},
        {"headers": {"X-Forwarded-For": "10.0.0.7"}},
        {"host": "elsewhere"},
    ],
)
def test_another_client_or_host_is_another(given: dict[str, Any]) -> None:
    assert not leads("/b/", "/b/", **given)


def test_clients_behind_one_proxy_are_told_apart() -> None:
    one, other = {"X-Forwarded-For": "10.0.0.7, 10.0.0.1"}, {"X-Forwarded-For": "10.0.0.8"}
    assert leads("/b/", "/b/", headers=one, sent={"headers": one})
    assert not leads("/b/", "/b/", headers=other, sent={"headers": one})


def test_a_client_is_the_same_behind_two_proxies() -> None:
    one, other = {"X-Forwarded-For": "10.0.0.7, 10.1.1.1"}, {"X-Forwarded-For": "10.0.0.7"}
    sent = {"headers": one, "address": "10.2.2.2"}
    assert leads("/b/", "/b/", headers=other, address="10.2.2.3", sent=sent)


@pytest.mark.parametrize("location", ["/b/", "https://shop.example/b/", "http://app:8000/b/"])
def test_a_server_behind_a_proxy_may_use_either_of_its_names(location: str) -> None:
    both = {"host": "app:8000", "headers": {"X-Forwarded-Host": "shop.example"}}
    assert leads(location, "/b/", sent=both, **both)


# Its secrets


def test_a_secret_in_the_address_is_hidden_on_both_sides_alike() -> None:
    """What is compared is made as the collectors make it."""
    location = client.redact_header("Location", "/b/?token=hunter2&next=%2Fc%2F%3Fkey%3Dhunter2")
    query = client._redaction.redact_query("token=hunter2&next=%2Fc%2F%3Fkey%3Dhunter2")
    assert "hunter2" not in location + query
    assert leads(location, f"/b/?{query}")


def test_an_address_within_an_address_is_compared_as_well() -> None:
    location = client.redact_header("Location", "/login/?next=/books/%3Fpage%3D2")
    assert leads(location, "/login/?next=/books/%3Fpage%3D2")
    assert not leads(location, "/login/?next=/books/%3Fpage%3D3")


def test_hostile_text_is_digested() -> None:
    hostile = {"User-Agent": "\ud800\0", "Host": "[", "X-Forwarded-Host": "a/b?c#[d"}
    cycle = make_request("GET", "/\ud800/?\0", status=302, location="/\ud800", headers=hostile)
    assert len(redirects.arrival_of(cycle) or "") == 16
    redirects.target_of(cycle)  # whatever it is, it does not raise


# By which method, and when


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        *(("POST", status, "GET") for status in (301, 302, 303)),
        *(("GET", status, "GET") for status in redirects.STATUSES),
        *(("HEAD", status, "HEAD") for status in redirects.STATUSES),
        *(("POST", status, "POST") for status in (307, 308)),
        *(("PUT", status, "GET") for status in (301, 302, 303)),
        *(("PUT", status, "PUT") for status in (301, 302, 307, 308)),
    ],
)
def test_a_redirect_is_followed_by_the_method_it_asks_for(
    method: str, status: int, then: str
) -> None:
    assert redirects.follows(then, SimpleNamespace(method=method, status=status))


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        *(("POST", status, "POST") for status in (301, 302, 303)),
        *(("POST", status, "GET") for status in (307, 308)),
        *(("GET", status, "POST") for status in redirects.STATUSES),
        *(("GET", status, "HEAD") for status in redirects.STATUSES),
        ("HEAD", 302, "GET"),
        ("PUT", 303, "PUT"),
        ("PUT", 302, "DELETE"),
    ],
)
def test_a_redirect_is_not_followed_by_another_method(method: str, status: int, then: str) -> None:
    assert not redirects.follows(then, SimpleNamespace(method=method, status=status))


def test_a_cycle_ends_without_the_time_before_its_moment() -> None:
    gateway = make_stage(Stage.GATEWAY, duration_ns=10 * MS)
    cycle = make_cycle(duration_ns=40 * MS, stages={Stage.GATEWAY: gateway})
    assert redirects.end_of(cycle) == cycle.started_at + timedelta(milliseconds=30)
