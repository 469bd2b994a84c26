"""Slow middlewares."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.slow_middleware import find
from cycle_inspector.records import Finding, Stage
from tests.factories import MS, make_cycle, make_stage


def found(**facts: Any) -> list[Finding]:
    stages = {Stage.MIDDLEWARE: make_stage(Stage.MIDDLEWARE, facts=facts)}
    return list(find(make_cycle(stages=stages), Thresholds()))


def test_finds_a_slow_middleware() -> None:
    (finding,) = found(onion=[{"name": "shop.Slow", "own_ns": 100 * MS}])
    assert (finding.code, finding.cost_ns) == ("CI401", 100 * MS)
    assert finding.title == "Slow took 100 ms of its own"


def test_does_not_find_a_fast_one_or_one_that_carries_the_others() -> None:
    assert found(onion=[{"name": "shop.Fast", "own_ns": 99 * MS}]) == []
    assert found(onion=[{"name": "shop.Thread", "own_ns": 900 * MS, "carried": True}]) == []
