"""A history of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.history import database, writer


@pytest.fixture
def history(settings: Any, tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """Give the path of an embedded history that is not made yet; the writer is idle before."""
    path = tmp_path / "kept" / "history.sqlite3"
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": path, "HISTORY_MAX_AGE_HOURS": 1_000_000}
    with django_db_blocker.unblock():
        database.connection()  # of this path from now on; opens nothing
        yield path
        writer.stop(5)
        database.close()


@pytest.fixture(autouse=True)
def _no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the rules out: they have tests of their own."""
    monkeypatch.setattr("cycle_inspector.analysis.analyse", lambda cycle, thresholds, *_: ())
