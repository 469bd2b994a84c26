"""Rows of the history: each is kept, or lost alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cycle_inspector import records
from cycle_inspector.history import writer
from cycle_inspector.models import BrowserTiming, Fetch, Redirect, SettingsSnapshot
from tests.factories import make_request
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
    writer.put_beacon(make_id(1), {"load_ns": 1})
    assert writer.flush(10)
    with busy_writer():
        writer.put_beacon(make_id(1), {"load_ns": 2})
        writer.put_beacon(make_id(1), {"load_ns": 3})
    assert writer.flush(10)
    assert BrowserTiming.objects.get().document == '{"load_ns": 3}'


def test_browser_timings_that_cannot_be_kept_are_lost_alone(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer.put_beacon(make_id(1), {"load_ns": object()})
    put(1)
    assert writer.flush(10)
    assert not BrowserTiming.objects.exists()
    assert kept() == ids(1)


def fetches() -> list[tuple[str, str]]:
    return list(Fetch.objects.order_by("pk").values_list("cycle_id", "page_id"))


def test_fetches_are_kept_before_and_after_their_cycle(history: Path) -> None:
    put(2)
    writer.put_beacon(make_id(1), {}, tuple(ids(2, 3)))
    assert writer.flush(10)
    put(3)
    assert writer.flush(10)
    assert fetches() == [(one, make_id(1)) for one in ids(2, 3)]


def test_first_page_to_tell_of_a_fetch_is_the_one_that_made_it(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with busy_writer():
        writer.put_beacon(make_id(1), {}, tuple(ids(5)))
        writer.put_beacon(make_id(2), {}, tuple(ids(5, 6)))
    assert writer.flush(10)
    writer.put_beacon(make_id(3), {}, tuple(ids(5, 6, 7)))
    writer.put_beacon(make_id(3), {}, tuple(ids(7)))
    assert writer.flush(10)
    pages = dict(zip(ids(5, 6, 7), ids(1, 2, 3), strict=True))
    assert fetches() == list(pages.items())
    assert lines(caplog) == ["A cycle could not be finished and is not in the history."]


def test_page_has_fetched_neither_itself_nor_what_began_before_it(history: Path) -> None:
    writer.put_beacon(make_id(5), {}, tuple(ids(1, 4, 5, 6)))
    assert writer.flush(10)
    assert fetches() == [(make_id(6), make_id(5))]


def test_only_cycles_that_redirect_have_a_row_for_it(history: Path) -> None:
    for number, (status, location) in enumerate(((200, None), (302, "/b/"), (304, "/b/"))):
        cycle = make_request("POST", "/a/", status=status, location=location, id=make_id(number))
        writer.put(lambda cycle=cycle: cycle)  # type: ignore[misc]
    assert writer.flush(10)
    (sent,) = Redirect.objects.all()
    assert (sent.cycle_id, sent.path, sent.method, sent.status) == (make_id(1), "/b/", "POST", 302)
    assert sent.ended_at > cycle.started_at


def test_a_redirect_that_cannot_be_told_does_not_cost_the_cycle(
    history: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(cycle: records.Cycle) -> None:
        raise LookupError

    monkeypatch.setattr("cycle_inspector.history.redirects.target_of", fail)
    put(1)
    assert writer.flush(10)
    assert kept() == ids(1)
    assert lines(caplog) == [f"Where cycle {make_id(1)} sent its client cannot be told."]


def test_a_redirect_to_a_very_long_address_is_kept(history: Path) -> None:
    cycle = make_request("GET", "/a/", status=302, location="/" + "x" * 1900, id=make_id(1))
    writer.put(lambda: cycle)
    assert writer.flush(10)
    assert len(Redirect.objects.get().path) == 500
