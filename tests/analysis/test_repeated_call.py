"""The same address, asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.repeated_call import find
from cycle_inspector.records import Finding, Severity


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        work()
    return list(find(recording.cycle, Thresholds()))


def get(url: str) -> None:
    requests.get(url, timeout=5)


def test_finds_an_address_that_two_lines_of_a_view_ask(serve: Any, elsewhere: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        requests.get(f"{elsewhere}/rates?page=1", timeout=5)
        return HttpResponse(httpx.get(f"{elsewhere}/rates?page=1").text)

    (finding,) = find(serve(view).get("/").cycle, Thresholds())

    assert (finding.code, finding.severity, finding.count) == ("CI703", Severity.WARNING, 2)
    assert finding.title == f"{elsewhere}/rates was asked 2 times for the same"
    assert finding.caller is not None
    assert finding.caller.path == __file__
    assert "at 2 places" in finding.fix
    assert finding.cost_ns > 0


def test_finds_an_address_that_a_loop_asks(elsewhere: str) -> None:
    (finding,) = found(lambda: [get(f"{elsewhere}/rates") for _ in range(5)])
    assert finding.count == 5
    assert finding.fix == "Ask once before the loop, and use the answer inside."


def test_does_not_find_other_addresses(elsewhere: str) -> None:
    assert found(lambda: [get(f"{elsewhere}/rates?page={at}") for at in range(5)]) == []


def test_does_not_find_addresses_of_which_a_part_is_hidden(elsewhere: str) -> None:
    assert found(lambda: [get(f"{elsewhere}/?token={at}") for at in range(5)]) == []


@pytest.mark.parametrize("status", [503, 404, 202, 206])
def test_does_not_find_what_asks_again_for_want_of_an_answer(elsewhere: str, status: int) -> None:
    assert found(lambda: [get(f"{elsewhere}/{status}") for _ in range(3)]) == []


def test_does_not_find_an_address_that_is_asked_after_a_change(elsewhere: str) -> None:
    def work() -> None:
        get(f"{elsewhere}/basket")
        requests.post(f"{elsewhere}/basket/add", timeout=5)
        get(f"{elsewhere}/basket")

    assert found(work) == []


def test_does_not_find_what_is_posted_twice(elsewhere: str) -> None:
    assert found(lambda: [requests.post(f"{elsewhere}/", timeout=5) for _ in range(2)]) == []
