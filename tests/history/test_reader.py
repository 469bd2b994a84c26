"""Reading cycles back: complete, judged anew, and never a surprise."""

from __future__ import annotations

import json
import threading
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector import analysis, codec, records
from cycle_inspector import history as package
from cycle_inspector.history import database, reader, writer
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import BrowserTiming, Cycle, cycle_row
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_finding, make_query, make_stage
from tests.history.processes import make_id

BAD_IDS = ["", "a b", "../x", "x" * 37, "\ud800", "\0", "é", "1' OR '1'='1", None, 7, b"x"]


def keep(number: int, **given: Any) -> None:
    Cycle.objects.create(**cycle_row(make_cycle(id=make_id(number), **given)))


def ids(rows: list[Cycle]) -> list[str]:
    return [one.id for one in rows]


def with_path(path: str) -> dict[str, Any]:
    return {"request": {**make_cycle().request, "path": path}}


# One cycle


def test_cycle_is_read_as_it_was(history: Path) -> None:
    cycle = make_cycle(queries=(make_query(), make_query(id=11, params=None)))
    Cycle.objects.create(**cycle_row(cycle))
    assert reader.get(cycle.id) == cycle


def test_unknown_cycle_is_none(history: Path) -> None:
    assert reader.get(make_id(1)) is None


@pytest.mark.parametrize("bad", BAD_IDS)
def test_malformed_ids_find_nothing(history: Path, bad: Any) -> None:
    keep(1)
    assert reader.get(bad) is None
    assert bad is None or reader.recent(5, before=bad) == []


def test_findings_are_judged_when_read(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(1)
    monkeypatch.setattr(analysis, "analyse", lambda cycle, thresholds, *_: (make_finding(),))
    cycle = reader.get(make_id(1))
    assert cycle is not None
    assert cycle.findings == (make_finding(),)


def test_rules_see_the_merged_facts(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(1)
    writer.put_beacon(make_id(1), {"load_ns": 5})
    assert writer.flush(10)
    seen: list[Any] = []

    def see(cycle: records.Cycle, *_: Any) -> tuple[()]:
        seen.append(cycle)
        return ()

    monkeypatch.setattr(analysis, "analyse", see)
    reader.get(make_id(1))
    assert seen[-1].stage(Stage.BROWSER).facts == {"load_ns": 5}


def test_browser_timings_are_merged_into_the_browser_stage(history: Path) -> None:
    stage = make_stage(Stage.BROWSER, facts={"kept": 1, "load_ns": 0})
    keep(1, stages={Stage.BROWSER: stage})
    keep(2)
    writer.put_beacon(make_id(1), {"load_ns": 5})
    assert writer.flush(10)
    one, other = reader.get(make_id(1)), reader.get(make_id(2))
    assert one is not None
    assert one.stage(Stage.BROWSER).facts == {"kept": 1, "load_ns": 5}
    assert [stage.stage for stage in one.stages] == list(Stage)
    assert other == make_cycle(id=make_id(2))


def test_browser_timings_may_come_before_their_cycle(history: Path) -> None:
    writer.put_beacon(make_id(1), {"load_ns": 5})
    assert writer.flush(10)
    assert reader.get(make_id(1)) is None
    keep(1)
    cycle = reader.get(make_id(1))
    assert cycle is not None
    assert cycle.stage(Stage.BROWSER).facts == {"load_ns": 5}


def test_browser_timings_that_are_no_object_are_left_out(history: Path) -> None:
    keep(1)
    received_at = make_cycle().started_at
    BrowserTiming.objects.create(cycle_id=make_id(1), received_at=received_at, document="[1]")
    assert reader.get(make_id(1)) == make_cycle(id=make_id(1))


def test_settings_snapshot_is_merged_into_the_settings_stage(history: Path) -> None:
    writer.put_settings("abc", {"DEBUG": True})
    cycle = make_cycle(settings="abc")
    writer.put(lambda: cycle)
    assert writer.flush(10)
    read = reader.get(cycle.id)
    assert read is not None
    assert read.stage(Stage.SETTINGS).facts == {"DEBUG": True}


def test_cycle_without_its_settings_snapshot_is_read_all_the_same(history: Path) -> None:
    keep(1, settings="gone")
    assert reader.get(make_id(1)) == make_cycle(id=make_id(1), settings="gone")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not compressed",
        zlib.compress(b"[]"),
        zlib.compress(b'{"schema": 99}'),
        zlib.compress(json.dumps({"schema": codec.SCHEMA_VERSION}).encode()),
        zlib.compress(json.dumps({"schema": codec.SCHEMA_VERSION, "frames": 7}).encode()),
    ],
)
def test_unreadable_document_is_named_as_such(history: Path, document: bytes) -> None:
    keep(1)
    Cycle.objects.update(document=document)
    with pytest.raises(codec.UnreadableCycle):
        reader.get(make_id(1))


# What is not written yet


def test_cycle_that_is_not_written_yet_is_waited_for(history: Path) -> None:
    cycle = make_cycle()
    writer.put(lambda: cycle)
    assert reader.get(cycle.id) == cycle


def test_waiting_for_the_writer_is_bounded(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_FLUSH_SECONDS", 0.001)
    over = threading.Event()

    def finish() -> Any:
        over.wait(30)
        return make_cycle()

    writer.put(finish)
    try:
        assert reader.get(make_id(1)) is None
    finally:
        over.set()


def test_nobody_waits_for_a_writer_in_trouble(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(1)
    monkeypatch.setattr(writer, "is_waiting", lambda: True)
    monkeypatch.setattr(writer, "problem", lambda: "It is locked.")
    flushed: list[float] = []
    monkeypatch.setattr(writer, "flush", flushed.append)
    assert ids(reader.recent(5)) == [make_id(1)]
    assert reader.get(make_id(2)) is None
    assert flushed == []


# Lists


def test_latest_is_the_newest_of_all_or_of_a_path(history: Path) -> None:
    assert reader.latest() is None
    keep(1, **with_path("/books/"))
    keep(3, **with_path("/authors/"))
    keep(2, **with_path("/books/"))
    assert reader.latest() == make_id(3)
    assert reader.latest("/books/") == make_id(2)
    assert reader.latest("/nowhere/") is None
    assert reader.latest("\ud800") is None


def test_latest_of_a_path_longer_than_its_column(history: Path) -> None:
    keep(1, **with_path("/" + "x" * 900))
    assert reader.latest("/" + "x" * 900) == make_id(1)


def test_latest_is_never_a_cycle_inside_another(history: Path) -> None:
    keep(1)
    keep(2, parent=make_id(1))
    assert reader.latest() == make_id(1)


def test_latest_is_waited_for(history: Path) -> None:
    cycle = make_cycle()
    writer.put(lambda: cycle)
    assert reader.latest("/books/") == cycle.id


def test_recent_gives_the_newest_first_without_documents(history: Path) -> None:
    for number in (2, 1, 3):
        keep(number)
    rows = reader.recent(2)
    assert ids(rows) == [make_id(3), make_id(2)]
    assert all(one.get_deferred_fields() == {"document"} for one in rows)


def test_recent_goes_on_before_a_cycle(history: Path) -> None:
    for number in range(5):
        keep(number)
    assert ids(reader.recent(2, before=make_id(3))) == [make_id(2), make_id(1)]
    assert reader.recent(2, before=make_id(0)) == []


def test_found_rows_are_the_newest_first_without_documents(history: Path) -> None:
    for number in (2, 1, 3):
        keep(number, **with_path("/books/"))
    keep(4, **with_path("/orders/"))
    rows = reader.find("books", 2)
    assert ids(rows) == [make_id(3), make_id(2)]
    assert all(one.get_deferred_fields() == {"document"} for one in rows)


def test_rows_are_given_by_their_ids(history: Path) -> None:
    for number in (1, 2, 3):
        keep(number)
    asked = [make_id(1), make_id(3), make_id(7), *BAD_IDS]
    assert ids(reader.rows_of(asked)) == [make_id(3), make_id(1)]
    assert reader.rows_of([]) == []


def test_latest_is_never_a_cycle_that_a_page_has_fetched(history: Path) -> None:
    keep(1)
    keep(2)
    writer.put_beacon(make_id(1), {}, (make_id(2),))
    assert reader.latest() == make_id(1)


def test_cycle_says_what_caused_it(history: Path) -> None:
    keep(1)
    keep(2)
    keep(3, parent=make_id(1), cause="inside")
    writer.put_beacon(make_id(1), {}, (make_id(2), make_id(3)))
    assert writer.flush(10)
    read = [reader.get(make_id(number)) for number in (1, 2, 3)]
    assert [(one.parent, one.cause) for one in read if one is not None] == [
        (None, None),
        (make_id(1), "fetch"),
        (make_id(1), "inside"),
    ]


def test_links_of_a_cycle_are_waited_for(history: Path) -> None:
    keep(1)
    cycle = make_cycle(id=make_id(2), parent=make_id(1), cause="inside")
    writer.put(lambda: cycle)
    assert ids(list(reader.links_of(make_cycle(id=make_id(1))).inside)) == [make_id(2)]


# Trouble


def test_every_reader_tells_trouble_in_one_sentence(history: Path) -> None:
    history.parent.mkdir()
    history.write_bytes(b"not at all" * 1000)
    for read in (
        lambda: reader.get(make_id(1)),
        reader.latest,
        lambda: reader.recent(5),
        lambda: reader.find("books", 5),
        lambda: reader.rows_of([make_id(1)]),
        lambda: reader.links_of(make_cycle()),
        lambda: reader.causes_of([Cycle(id=make_id(1), started_at=make_cycle().started_at)]),
    ):
        with pytest.raises(HistoryUnavailable, match="is no SQLite database; delete it"):
            read()


def test_folder_that_cannot_be_made_is_told_in_one_sentence(history: Path) -> None:
    history.parent.write_text("a file where a folder should be")
    with pytest.raises(HistoryUnavailable, match=r"set CYCLE_INSPECTOR\['HISTORY_PATH'\]"):
        reader.recent(5)
    assert database.connection().connection is None


def test_judging_leaves_the_rest_of_a_cycle_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyse", lambda cycle, thresholds, *_: (make_finding(),))
    assert replace(package.judge(make_cycle()), findings=()) == make_cycle()
