"""A key that is never found."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.missed_key import find
from cycle_inspector.records import Event, Finding
from tests.factories import make_cycle, make_event


def found(*events: Event) -> list[Finding]:
    return list(find(make_cycle(events=events), Thresholds()))


def cache(name: str, key: str = "rates", **given: Any) -> Event:
    return make_event(kind="cache", name=name, attributes={"alias": "a", "keys": [key], **given})


def test_finds_a_key_that_is_never_found() -> None:
    (finding,) = found(*[cache("get", misses=1, hits=0)] * 3)
    assert (finding.code, finding.count) == ("CI701", 3)
    assert "'rates'" in finding.title


def test_does_not_find_a_key_that_is_set_or_seldom_asked_for() -> None:
    miss = cache("get", misses=1, hits=0)
    assert found(miss, miss) == []
    assert found(miss, miss, miss, cache("set")) == []
    assert found(miss, miss, cache("get", "other", misses=1), cache("get", hits=1, misses=0)) == []
