"""What a plan says is kept with its cycle, and judged."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.analysis import analyse
from cycle_inspector.history import reader
from cycle_inspector.history.pins import pin
from cycle_inspector.history.plans import keep as keep_plan
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import Cycle
from tests.factories import make_query
from tests.history.processes import make_id
from tests.history.steps import keep

SCAN = {"table": "t", "rows": 5_000.0, "purpose": "to find those with a = ?", "columns": ["a"]}
PLAN = {"query": 10, "scans": [SCAN]}


@pytest.fixture(autouse=True)
def _rules(_no_rules: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cycle_inspector.analysis.analyse", analyse)


def codes(number: int) -> list[str]:
    cycle = reader.get(make_id(number))
    assert cycle is not None
    return [one.code for one in cycle.findings]


def test_a_plan_becomes_a_finding_of_its_cycle(history: Path) -> None:
    keep(1, queries=(make_query(),))
    pin(make_id(1), pinned=True)
    assert codes(1) == []

    assert keep_plan(make_id(1), PLAN) is True

    assert codes(1) == ["CI121"]
    row = Cycle.objects.get(pk=make_id(1))
    assert (row.severity, row.pinned) == ("warning", True)
    assert "CI121" in row.finding_codes


def test_a_later_plan_takes_it_back(history: Path) -> None:
    keep(1, queries=(make_query(),))
    keep_plan(make_id(1), PLAN)

    assert keep_plan(make_id(1), {"query": 10, "scans": []}) is True

    assert codes(1) == []
    assert Cycle.objects.get(pk=make_id(1)).severity == ""


def test_a_plan_that_says_nothing_changes_nothing(history: Path) -> None:
    keep(1, queries=(make_query(),))
    assert keep_plan(make_id(1), {"query": 10, "scans": []}) is False
    assert keep_plan(make_id(2), PLAN) is False


def test_trouble_is_explained(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Cycle.objects, "filter", fail)
    with pytest.raises(HistoryUnavailable, match="is locked by another process"):
        keep_plan(make_id(1), PLAN)
