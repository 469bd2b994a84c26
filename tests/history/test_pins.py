from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.history.pins import pin
from cycle_inspector.history.retention import prune
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import Cycle
from tests.history.processes import make_id
from tests.history.steps import ids, keep, kept


def test_pinned_cycle_stays(history: Path) -> None:
    keep(1)
    keep(2)

    assert pin(make_id(1), pinned=True) is True
    prune(max_count=0, max_age_hours=10**6)

    assert kept() == ids(1)


def test_cycle_that_was_let_go_does_not(history: Path) -> None:
    keep(1)
    pin(make_id(1), pinned=True)

    assert pin(make_id(1), pinned=False) is True
    prune(max_count=0, max_age_hours=10**6)

    assert kept() == []


def test_cycle_that_is_not_kept_cannot_be_pinned(history: Path) -> None:
    keep(1)

    assert pin(make_id(2), pinned=True) is False
    assert not Cycle.objects.filter(pinned=True).exists()


def test_trouble_is_explained(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Cycle.objects, "filter", fail)
    with pytest.raises(HistoryUnavailable, match="is locked by another process"):
        pin(make_id(1), pinned=True)
