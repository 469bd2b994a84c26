"""Slow middlewares, their order, and changes of threads."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.middlewares import find
from cycle_inspector.records import Finding, Stage
from tests.factories import MS, make_cycle, make_stage

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"


def found(*, is_async: bool = False, **facts: Any) -> list[Finding]:
    stages = {
        Stage.MIDDLEWARE: make_stage(Stage.MIDDLEWARE, facts=facts),
        Stage.VIEW: make_stage(Stage.VIEW, facts={"is_async": is_async}),
    }
    return list(find(make_cycle(stages=stages), Thresholds()))


def test_finds_a_slow_middleware() -> None:
    (finding,) = found(onion=[{"name": "shop.Slow", "own_ns": 100 * MS}])
    assert (finding.code, finding.cost_ns) == ("CI401", 100 * MS)
    assert finding.title == "Slow took 100 ms of its own"


def test_does_not_find_a_fast_one_or_one_that_carries_the_others() -> None:
    assert found(onion=[{"name": "shop.Fast", "own_ns": 99 * MS}]) == []
    assert found(onion=[{"name": "shop.Thread", "own_ns": 900 * MS, "carried": True}]) == []


def test_finds_an_order_that_does_not_work() -> None:
    (finding,) = found(onion=[{"name": AUTH}, {"name": SESSION}])
    assert finding.code == "CI402"
    assert finding.title == "SessionMiddleware stands below AuthenticationMiddleware"
    (finding,) = found(onion=[{"name": SESSION}, {"name": UPDATE}])
    assert finding.title == "UpdateCacheMiddleware stands below SessionMiddleware"


def test_does_not_find_the_order_of_the_documentation() -> None:
    assert found(onion=[{"name": one} for one in (UPDATE, SESSION, AUTH)]) == []
    assert found(onion=[{"name": AUTH}]) == []


MODES = [{"name": "shop.Old", "knows": "sync"}, {"name": "shop.New", "knows": "both"}]
HOPS = [{"at": "chain", "hop_ns": MS}, {"at": "handler", "hop_ns": MS}, {"at": "own"}]


def test_finds_a_sync_middleware_before_an_async_view() -> None:
    (finding,) = found(is_async=True, modes=MODES, hops=HOPS)
    assert (finding.code, finding.count, finding.cost_ns) == ("CI403", 2, 2 * MS)
    assert "Old is sync only" in finding.title


def test_does_not_find_threads_where_the_view_is_sync_or_nothing_is_forced() -> None:
    assert found(is_async=False, modes=MODES, hops=HOPS) == []
    assert found(is_async=True, modes=MODES[1:], hops=HOPS) == []
    assert found(is_async=True, modes=MODES, hops=[]) == []
