"""A cache that is asked again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.repeated_gets import find
from cycle_inspector.records import Finding, Severity


@pytest.fixture(autouse=True)
def _rates() -> Iterator[None]:
    cache.set_many({"rates": {"EUR": 1}, **{f"rate:{at}": at for at in range(10)}})
    yield
    cache.clear()


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        work()
    return list(find(recording.cycle, Thresholds()))


def rates() -> Any:
    return cache.get("rates")


def test_finds_a_key_that_a_loop_takes_out_each_time(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str([cache.get("rates") for _ in range(10)]))

    (finding,) = find(serve(view).get("/").cycle, Thresholds())

    assert (finding.code, finding.severity, finding.count) == ("CI704", Severity.INFO, 10)
    assert finding.title == "The key 'rates' was taken out of the cache 10 times"
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_finds_a_key_by_whatever_way_it_is_taken_out() -> None:
    def work() -> None:
        for _ in range(5):
            rates()
            cache.get_or_set("rates", 1)

    (finding,) = found(work)
    assert finding.count == 10


def test_finds_a_loop_that_asks_for_one_key_each_time() -> None:
    def work() -> None:
        for at in range(10):
            cache.get(f"rate:{at}")

    (finding,) = found(work)
    assert finding.title == "The cache was asked 10 times in a loop, for one key each time"
    assert "get_many" in finding.fix


def test_the_mended_loops_are_not_found() -> None:
    def work() -> None:
        kept = rates()
        many = cache.get_many([f"rate:{at}" for at in range(10)])
        assert all(kept and many for _ in range(20))

    assert found(work) == []


def test_does_not_find_a_few() -> None:
    assert found(lambda: [rates() for _ in range(9)]) == []
    assert found(lambda: [cache.get(f"rate:{at}") for at in range(9)]) == []


@pytest.mark.parametrize(
    "change",
    [lambda: cache.set("rates", 2), lambda: cache.set_many({"rates": 2}), lambda: cache.clear()],
)
def test_does_not_find_a_key_that_changes_in_between(change: Callable[[], Any]) -> None:
    def work() -> None:
        for _ in range(12):
            rates()
            change()

    assert found(work) == []


def test_does_not_find_keys_that_are_hidden() -> None:
    cache.set("token:abc", 1)
    assert found(lambda: [cache.get("token:abc") for _ in range(20)]) == []


def test_does_not_find_the_fragments_of_a_template(tmp_path: Any, settings: Any) -> None:
    text = "{% load cache %}{% for at in many %}{% cache 9 part at %}x{% endcache %}{% endfor %}"
    (tmp_path / "list.html").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    def work() -> None:
        render(HttpRequest(), "list.html", {"many": range(20)})

    work()
    assert found(work) == []
