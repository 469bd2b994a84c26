"""An error in the log."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.logged_error import find
from cycle_inspector.records import Event, Finding
from tests.factories import make_cycle, make_event


def found(*events: Event) -> list[Finding]:
    return list(find(make_cycle(events=events), Thresholds()))


def log(level: str, name: str = "shop.orders") -> Event:
    return make_event(kind="log", name=name, attributes={"level": level, "message": "no stock"})


@pytest.mark.parametrize("level", ["ERROR", "CRITICAL"])
def test_finds_an_error_in_the_log(level: str) -> None:
    (finding,) = found(log(level))
    assert (finding.code, finding.title) == ("CI601", "Logged as an error: no stock")
    assert finding.caller is not None


def test_does_not_find_lesser_records_or_what_an_exception_tells() -> None:
    assert found(log("WARNING"), log("INFO")) == []
    assert found(make_event(), log("ERROR", "django.request")) == []
