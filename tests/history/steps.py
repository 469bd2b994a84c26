"""What the tests of the history do again and again."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector import records
from cycle_inspector.history import writer
from cycle_inspector.models import Cycle, cycle_row
from tests.factories import make_cycle
from tests.history.processes import make_id


def keep(number: int, **given: Any) -> None:
    Cycle.objects.create(**cycle_row(make_cycle(id=make_id(number), **given)))


@contextlib.contextmanager
def user_of(path: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else's."""
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        yield other


def put(number: int, **given: Any) -> None:
    cycle = make_cycle(id=make_id(number), **given)
    writer.put(lambda: cycle)


def kept() -> list[str]:
    return list(Cycle.objects.order_by("id").values_list("id", flat=True))


def ids(*numbers: int) -> list[str]:
    return [make_id(number) for number in numbers]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "cycle_inspector"]


@contextlib.contextmanager
def busy_writer() -> Iterator[None]:
    """Keep the writer at work on a cycle that fails, until the block ends."""
    begun, over = threading.Event(), threading.Event()

    def finish() -> records.Cycle:
        begun.set()
        assert over.wait(30)
        raise LookupError("a cycle that only takes time")

    writer.put(finish)
    assert begun.wait(30)
    try:
        yield
    finally:
        over.set()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another connection hold the history's write lock."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def wait_until_idle() -> None:
    """Wait for what the writer does by itself, without asking it to hurry."""
    one = writer._writer
    with one._settled:
        assert one._settled.wait_for(lambda: not one._waiting, 30)
