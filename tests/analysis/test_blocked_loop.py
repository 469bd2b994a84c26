"""Sync work on the event loop, by real requests to async views."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse

from cycle_inspector.records import Cycle, Finding
from tests.answers import SLOW_SECONDS, answering
from tests.conftest import Server


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with answering() as address:
        yield address


@pytest.fixture
def unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def found(cycle: Cycle) -> list[Finding]:
    assert cycle.failed_rules == ()
    return [one for one in cycle.findings if one.code == "CI404"]


async def asks(request: Any) -> HttpResponse:
    Group.objects.count()
    answer = HttpResponse(str(Group.objects.exists()))
    connection.close()  # it is of this task alone
    return answer


async def awaits(request: Any) -> HttpResponse:
    await Group.objects.acount()
    await sync_to_async(Group.objects.exists)()
    return HttpResponse(str([group async for group in Group.objects.all()]))


def test_finds_queries_on_the_loop(serve_asgi: Server, unsafe: None) -> None:
    (finding,) = found(serve_asgi(asks).get("/").cycle)
    assert finding.title.startswith("2 queries held up the event loop for ")
    assert finding.count == len(finding.evidence) == 2
    assert finding.cost_ns > 0
    assert finding.caller is not None
    assert finding.caller.function == "asks"


def test_does_not_find_queries_that_are_awaited(serve: Server, unsafe: None) -> None:
    assert found(serve(awaits).get("/").cycle) == []


def test_does_not_find_queries_of_a_sync_view(serve: Server, unsafe: None) -> None:
    def view(request: Any) -> HttpResponse:
        return HttpResponse(str(Group.objects.count()))

    assert found(serve(view).get("/").cycle) == []


def by_httpx(url: str) -> Any:
    with httpx.Client() as client:
        return client.get(url)


def by_urllib(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a server of ours
        return answer.read()


@pytest.mark.parametrize("ask", [requests.get, by_httpx, by_urllib])
def test_finds_a_sync_request_on_the_loop(
    serve_asgi: Server, root: str, ask: Callable[[str], Any]
) -> None:
    async def view(request: Any) -> HttpResponse:
        for _ in range(2):
            ask(f"{root}/slow")
        return HttpResponse()

    (finding,) = found(serve_asgi(view).get("/").cycle)
    assert finding.title.startswith("2 requests to another server held up the event loop for ")
    assert finding.cost_ns >= 2 * SLOW_SECONDS * 1e9
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_does_not_find_requests_that_are_awaited_or_in_a_thread(serve: Server, root: str) -> None:
    async def view(request: Any) -> HttpResponse:
        async with httpx.AsyncClient() as client:
            await client.get(root)
        await asyncio.to_thread(requests.get, root)
        await sync_to_async(by_httpx)(root)
        return HttpResponse()

    assert found(serve(view).get("/").cycle) == []


def test_does_not_find_the_loop_of_a_view_under_wsgi(
    serve_wsgi: Server, unsafe: None, root: str
) -> None:
    async def view(request: Any) -> HttpResponse:
        requests.get(root, timeout=5)
        return await asks(request)

    assert found(serve_wsgi(view).get("/").cycle) == []


def test_finds_async_code_that_a_sync_view_calls(serve: Server, root: str) -> None:
    async def ask() -> None:
        requests.get(root, timeout=5)

    def view(request: Any) -> HttpResponse:
        async_to_sync(ask)()
        return HttpResponse()

    site = serve(view)
    assert len(found(site.get("/").cycle)) == (site.server == "asgi")
