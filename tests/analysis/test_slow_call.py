"""Waiting for another server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import requests
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.slow_call import find
from cycle_inspector.records import Finding, Severity

SOON = Thresholds(slow_call_ms=60)


def found(work: Callable[[], Any], thresholds: Thresholds = SOON) -> list[Finding]:
    with record() as recording:
        work()
    return list(find(recording.cycle, thresholds))


def test_finds_a_slow_call_of_a_view(serve: Any, elsewhere: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(requests.get(f"{elsewhere}/wait/70", timeout=5).text)

    (finding,) = find(serve(view).get("/").cycle, SOON)

    assert (finding.code, finding.severity, finding.count) == ("CI702", Severity.WARNING, 1)
    assert finding.title.startswith("A call of 127.0.0.1 took ")
    assert finding.cost_ns >= 70_000_000
    assert finding.caller is not None
    assert finding.caller.path == __file__
    assert "timeout" in finding.fix


def test_finds_a_loop_of_calls_that_is_slow_together(elsewhere: str) -> None:
    def work() -> None:
        for at in range(4):
            requests.get(f"{elsewhere}/wait/20?page={at}", timeout=5)

    (finding,) = found(work)
    assert finding.count == 4
    assert finding.title.startswith("4 calls of 127.0.0.1 took ")
    assert "in one call" in finding.fix


def test_finds_a_call_that_failed_late(elsewhere: str) -> None:
    def work() -> None:
        with suppress(requests.Timeout):
            requests.get(f"{elsewhere}/wait/500", timeout=0.08)

    (finding,) = found(work)
    assert finding.title.startswith("A call of 127.0.0.1 failed after ")
    assert finding.title.endswith(": ReadTimeoutError")


def test_does_not_find_quick_calls_or_those_that_ran_at_once(elsewhere: str) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            await asyncio.gather(*(client.get(f"{elsewhere}/wait/300") for _ in range(4)))

    late = Thresholds(slow_call_ms=1_000)
    assert found(lambda: requests.get(f"{elsewhere}/", timeout=5), late) == []
    assert found(lambda: asyncio.run(ask()), late) == []
