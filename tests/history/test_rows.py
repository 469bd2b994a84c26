"""Rows of the history: each is kept, or lost alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cycle_inspector import records
from cycle_inspector.history import writer
from cycle_inspector.models import BrowserTiming, SettingsSnapshot
from tests.history.processes import make_id
from tests.history.steps import busy_writer, ids, kept, lines, put


def test_cycle_that_cannot_be_finished_loses_only_itself(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> records.Cycle:
        raise LookupError("no such recorder")

    put(1)
    writer.put(fail)
    put(2)
    assert writer.flush(10)
    assert kept() == ids(1, 2)
    assert lines(caplog) == ["A cycle could not be finished and is not in the history."]
    assert "no such recorder" in caplog.text
    assert writer.problem() is None


def test_cycle_that_cannot_be_written_loses_only_itself(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with busy_writer():
        put(1)
        put(2, response={"status": 10**30})  # too large an integer for SQLite
        put(3)
    assert writer.flush(10)
    assert kept() == ids(1, 3)
    assert "A cycle could not be written and is not in the history." in lines(caplog)
    assert writer.problem() is None


def test_cycle_put_twice_is_kept_once_and_in_silence(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(1)
    assert writer.flush(10)
    put(1)
    put(2)
    assert writer.flush(10)
    assert kept() == ids(1, 2)
    assert lines(caplog) == []


def test_settings_snapshot_is_kept_once_beside_the_cycles_that_name_it(history: Path) -> None:
    writer.put_settings("abc", {"DEBUG": True})
    writer.put_settings("abc", {"DEBUG": True})
    writer.put_settings("never named", {"DEBUG": False})
    put(1, settings="abc")
    put(2, settings="abc")
    put(3)
    assert writer.flush(10)
    assert list(SettingsSnapshot.objects.values_list()) == [("abc", '{"DEBUG": true}')]


def test_settings_snapshot_is_kept_again_after_the_file_was_deleted(history: Path) -> None:
    writer.put_settings("abc", {"DEBUG": True})
    put(1, settings="abc")
    assert writer.flush(10)
    history.unlink()
    put(2, settings="abc")
    assert writer.flush(10)
    assert SettingsSnapshot.objects.count() == 1


def test_settings_snapshot_that_is_no_json_does_not_harm_the_cycle(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer.put_settings("bad", {"x": object()})
    put(1, settings="bad")
    assert writer.flush(10)
    assert kept() == ids(1)
    assert lines(caplog) == ["The settings snapshot bad could not be written."]


def test_only_so_many_settings_snapshots_are_remembered(history: Path) -> None:
    for number in range(100):
        writer.put_settings(f"digest {number}", {})
    assert len(writer._writer._snapshots) == 32
    assert "digest 99" in writer._writer._snapshots


def test_browser_timings_are_kept_and_the_last_ones_count(history: Path) -> None:
    writer.put_browser_timings(make_id(1), {"load_ns": 1})
    assert writer.flush(10)
    with busy_writer():
        writer.put_browser_timings(make_id(1), {"load_ns": 2})
        writer.put_browser_timings(make_id(1), {"load_ns": 3})
    assert writer.flush(10)
    assert BrowserTiming.objects.get().document == '{"load_ns": 3}'


def test_browser_timings_that_cannot_be_kept_are_lost_alone(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer.put_browser_timings(make_id(1), {"load_ns": object()})
    put(1)
    assert writer.flush(10)
    assert not BrowserTiming.objects.exists()
    assert kept() == ids(1)
