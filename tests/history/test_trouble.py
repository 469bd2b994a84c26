"""What is wrong with the history, in sentences."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.db import (
    DatabaseError,
    OperationalError,
)

from cycle_inspector import codec
from cycle_inspector.history import database, trouble


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("database is locked"), "is locked by another process; close"),
        (OperationalError("attempt to write a readonly database"), "is read-only; make all"),
        (OperationalError("unable to open database file"), "cannot be opened; make its folder"),
        (OperationalError("database or disk is full"), "has no room on its disk; make some"),
        (OperationalError("disk I/O error"), "cannot be written to its disk; make room"),
        (DatabaseError("database disk image is malformed"), "is damaged; delete it"),
        (OperationalError("no such table: x"), "has other tables than this version; delete it"),
        (PermissionError(13, "Permission denied"), r"cannot be made \(Permission denied\); mend"),
        (OSError(), r"cannot be made \(OSError\)"),
        (RuntimeError("Database access not allowed, use\nmore"), "cannot be used: Database acc"),
    ],
)
def test_every_failure_is_one_sentence_with_place_and_cure(
    history: Path, error: Exception, expected: str
) -> None:
    sentence = trouble.explain(error)
    assert sentence.startswith(f"The history {history} ")
    assert re.search(expected, sentence)
    assert "\n" not in sentence


def test_other_errors_are_not_taken_for_the_database(history: Path) -> None:
    with pytest.raises(codec.UnreadableCycle), trouble.explained():
        raise codec.UnreadableCycle("x")


def test_closing_is_allowed_at_any_time(history: Path) -> None:
    database.close()
    database.connection()
    database.close()
    assert os.path.exists(history) is False
