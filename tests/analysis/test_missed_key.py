"""A key that is never found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.missed_key import find
from cycle_inspector.records import Finding


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def found(*calls: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        for call in calls:
            call()
    return list(find(recording.cycle, Thresholds()))


def miss() -> Any:
    return cache.get("rates")


def test_finds_a_key_that_is_never_found(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str([cache.get("rates") for _ in range(3)]))

    (finding,) = find(serve(view).get("/").cycle, Thresholds())
    assert (finding.code, finding.count) == ("CI701", 3)
    assert "'rates'" in finding.title
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_does_not_find_a_key_that_is_set_or_seldom_asked_for() -> None:
    assert found(miss, miss) == []
    assert found(miss, miss, miss, lambda: cache.set("rates", 1)) == []
    assert found(miss, miss, lambda: cache.get("other")) == []


def test_does_not_find_the_mended_view() -> None:
    assert found(*[lambda: cache.get_or_set("rates", lambda: {"EUR": 1})] * 5) == []
