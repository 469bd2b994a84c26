"""Outgoing HTTP: each exchange once, whoever makes it, and the answer as it is without us."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
import urllib3
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import outgoing
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage
from tests.answers import answering


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with answering() as address:
        yield address


@pytest.fixture
def nowhere() -> str:
    """Return an address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def by_requests(url: str) -> bytes:
    return requests.get(url, timeout=5).content


def by_urllib3(url: str) -> bytes:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, retries=False).data


def by_httpx(url: str) -> bytes:
    with httpx.Client() as client:
        return client.get(url).content


def by_async_httpx(url: str) -> bytes:
    async def ask() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).content

    return asyncio.run(ask())


def by_urllib(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a server of ours
        found: bytes = answer.read()
    return found


WAYS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "requests": (by_requests, "urllib3"),
    "urllib3": (by_urllib3, "urllib3"),
    "httpx": (by_httpx, "httpx"),
    "async httpx": (by_async_httpx, "httpx"),
    "urllib": (by_urllib, "http.client"),
}
way = pytest.mark.parametrize("way", WAYS)


def exchanges(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "http"]


@way
def test_an_exchange_is_kept_once_with_its_caller(root: str, way: str) -> None:
    ask, by = WAYS[way]
    with record() as recording:
        assert ask(f"{root}/books?page=2") == b"hello"

    (event,) = exchanges(recording.cycle)
    assert event.name == "GET"
    facts = dict(event.attributes)
    assert facts.pop("duration_ns") > 0
    assert facts == {"url": f"{root}/books?page=2", "by": by, "status": 200, "size": 5}
    assert next(one for one in event.frames if one.is_project).path == __file__


@way
def test_secrets_in_the_address_are_hidden(root: str, way: str) -> None:
    with record() as recording:
        WAYS[way][0](f"{root}/books?token=abc&page=2")

    (event,) = exchanges(recording.cycle)
    assert event.attributes["url"] == f"{root}/books?token={HIDDEN}&page=2"


def test_a_password_in_the_address_is_hidden(root: str) -> None:
    with record() as recording:
        by_httpx(root.replace("//", "//ada:hunter2@"))

    assert "hunter2" not in str(exchanges(recording.cycle))


@way
def test_a_refused_connection_is_told_and_raised(nowhere: str, way: str) -> None:
    with (
        record() as recording,
        pytest.raises((OSError, httpx.ConnectError, urllib3.exceptions.HTTPError)),
    ):
        WAYS[way][0](f"{nowhere}/?token=abc")

    (event,) = exchanges(recording.cycle)
    assert "rror" in event.attributes["error"]
    assert "status" not in event.attributes
    assert event.attributes["duration_ns"] > 0
    assert "abc" not in str(event.attributes)


def test_a_status_of_a_fault_is_an_answer(root: str) -> None:
    with record() as recording:
        by_requests(f"{root}/broken")

    (event,) = exchanges(recording.cycle)
    assert event.attributes["status"] == 503
    assert "error" not in event.attributes


def test_a_redirect_that_requests_follows_is_two_exchanges(root: str) -> None:
    with record() as recording:
        by_requests(f"{root}/moved")

    assert [one.attributes["status"] for one in exchanges(recording.cycle)] == [302, 200]


def test_what_urllib3_tries_again_is_one_exchange(root: str) -> None:
    with record() as recording, urllib3.PoolManager() as pool:
        retries = urllib3.Retry(2, status_forcelist=[503], raise_on_status=False)
        answer = pool.request("GET", f"{root}/broken", retries=retries)

    (event,) = exchanges(recording.cycle)
    assert (answer.status, event.attributes["status"]) == (503, 503)
    assert event.attributes["attempts"] == 3


def test_an_answer_that_nobody_waits_for_is_told(root: str) -> None:
    connection = http.client.HTTPConnection(root.removeprefix("http://"))
    with record() as recording:
        connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()

    (event,) = exchanges(recording.cycle)
    assert event.attributes == {"url": f"{root}/", "by": "http.client"}


def test_a_connection_that_is_used_again_is_an_exchange_each_time(root: str) -> None:
    connection = http.client.HTTPConnection(root.removeprefix("http://"))
    with record() as recording:
        for path in ("/a", "/b"):
            connection.request("GET", path)
            assert connection.getresponse().read() == b"hello"
    connection.close()

    assert [one.attributes["url"] for one in exchanges(recording.cycle)] == [
        f"{root}/a",
        f"{root}/b",
    ]


def test_a_body_is_left_to_whoever_reads_it(root: str) -> None:
    with record() as recording, requests.get(root, stream=True, timeout=5) as answer:
        assert answer.raw.tell() == 0
        assert answer.raw.read() == b"hello"

    (event,) = exchanges(recording.cycle)
    assert event.attributes["size"] == 5


def test_an_exchange_of_a_view_and_of_its_thread_are_seen(serve: Any, root: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=by_requests, args=(f"{root}/thread",))
        thread.start()
        thread.join()
        return HttpResponse(by_httpx(f"{root}/view"))

    found = exchanges(serve(view).get("/").cycle)

    assert [one.attributes["url"] for one in found] == [f"{root}/thread", f"{root}/view"]
    assert {one.stage for one in found} == {Stage.VIEW}


@pytest.mark.parametrize(
    ("host", "port", "path", "url"),
    [
        ("a.example", 443, "/b", "https://a.example/b"),
        ("a.example", 8443, "/b", "https://a.example:8443/b"),
        ("::1", 443, "/b", "https://[::1]/b"),
        ("proxy", 3128, "http://a.example/b", "http://a.example/b"),
    ],
)
def test_an_address_is_put_together(host: str, port: int, path: str, url: str) -> None:
    assert outgoing._url("https", host, port, path) == url


@way
def test_nothing_is_recorded_outside_of_a_cycle(root: str, way: str) -> None:
    with outgoing.collect():
        assert WAYS[way][0](root) == b"hello"


def test_the_libraries_are_what_they_were() -> None:
    owners = (http.client.HTTPConnection, urllib3.HTTPConnectionPool, httpx.HTTPTransport)
    before = [dict(vars(one)) for one in owners]
    with outgoing.collect():
        assert [dict(vars(one)) for one in owners] != before

    assert [dict(vars(one)) for one in owners] == before
