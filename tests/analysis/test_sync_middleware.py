"""Sync middlewares before an async view."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.sync_middleware import find
from cycle_inspector.records import Finding, Stage
from tests.factories import MS, make_cycle, make_stage

MODES = [{"name": "shop.Old", "knows": "sync"}, {"name": "shop.New", "knows": "both"}]
HOPS = [{"at": "chain", "hop_ns": MS}, {"at": "handler", "hop_ns": MS}, {"at": "own"}]


def found(*, is_async: bool = False, **facts: Any) -> list[Finding]:
    stages = {
        Stage.MIDDLEWARE: make_stage(Stage.MIDDLEWARE, facts=facts),
        Stage.VIEW: make_stage(Stage.VIEW, facts={"is_async": is_async}),
    }
    return list(find(make_cycle(stages=stages), Thresholds()))


def test_finds_a_sync_middleware_before_an_async_view() -> None:
    (finding,) = found(is_async=True, modes=MODES, hops=HOPS)
    assert (finding.code, finding.count, finding.cost_ns) == ("CI403", 2, 2 * MS)
    assert "Old is sync only" in finding.title


def test_does_not_find_threads_where_the_view_is_sync_or_nothing_is_forced() -> None:
    assert found(is_async=False, modes=MODES, hops=HOPS) == []
    assert found(is_async=True, modes=MODES[1:], hops=HOPS) == []
    assert found(is_async=True, modes=MODES, hops=[]) == []
