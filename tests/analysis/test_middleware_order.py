"""The order of middlewares."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.middleware_order import find
from cycle_inspector.records import Finding, Stage
from tests.factories import make_cycle, make_stage

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"


def found(**facts: Any) -> list[Finding]:
    stages = {Stage.MIDDLEWARE: make_stage(Stage.MIDDLEWARE, facts=facts)}
    return list(find(make_cycle(stages=stages), Thresholds()))


def test_finds_an_order_that_does_not_work() -> None:
    (finding,) = found(onion=[{"name": AUTH}, {"name": SESSION}])
    assert finding.code == "CI402"
    assert finding.title == "SessionMiddleware stands below AuthenticationMiddleware"
    (finding,) = found(onion=[{"name": SESSION}, {"name": UPDATE}])
    assert finding.title == "UpdateCacheMiddleware stands below SessionMiddleware"


def test_does_not_find_the_order_of_the_documentation() -> None:
    assert found(onion=[{"name": one} for one in (UPDATE, SESSION, AUTH)]) == []
    assert found(onion=[{"name": AUTH}]) == []
