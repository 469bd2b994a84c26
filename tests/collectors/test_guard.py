"""The one guard around what is ours; `tests/cycle/test_guard.py` shows it at work in pages."""

from __future__ import annotations

import asyncio

import pytest

from cycle_inspector.collectors._guard import guard
from cycle_inspector.recorder import Recorder


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_told", set())


def test_a_failure_of_ours_is_logged_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    with guard("count the shelves"):
        raise ValueError("no shelf")

    (line,) = caplog.records
    assert "failed to count the shelves; the page is not affected" in line.getMessage()
    assert line.exc_info is not None


def test_the_same_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for error in (ValueError("one"), ValueError("two"), KeyError("three")):
        with guard("count the shelves"):
            raise error

    assert len(caplog.records) == 2


def test_each_failure_is_counted_on_the_cycle() -> None:
    recorder = Recorder()
    for _ in range(2):
        with guard("count the shelves", recorder):
            raise ValueError

    assert recorder.dropped == {"count the shelves": 2}


def test_a_block_that_does_not_fail_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()
    with guard("count the shelves", recorder):
        pass

    assert recorder.dropped == {}
    assert caplog.records == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_ends_a_request_or_a_process_goes_through(error: type[BaseException]) -> None:
    with pytest.raises(error), guard("count the shelves"):
        raise error
