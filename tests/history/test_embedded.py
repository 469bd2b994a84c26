"""The embedded file: made and migrated by itself, and what becomes of it."""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import (
    OperationalError,
    migrations,
    models,
    transaction,
)
from django.db.migrations.recorder import MigrationRecorder

from cycle_inspector.conf import ALIAS
from cycle_inspector.history import database, embedded, reader
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import Cycle, Fetch, Redirect
from tests.factories import make_cycle
from tests.history import processes
from tests.history.processes import make_id
from tests.history.steps import keep, user_of


def test_history_makes_itself_at_first_use(history: Path) -> None:
    assert not history.parent.exists()
    keep(1)
    assert Cycle.objects.count() == 1
    assert history.exists()


def test_folder_made_for_the_history_ignores_itself(history: Path) -> None:
    database.connection().ensure_connection()
    assert (history.parent / ".gitignore").read_text() == "*\n"


def test_folder_that_was_there_is_left_as_it_is(history: Path) -> None:
    history.parent.mkdir()
    database.connection().ensure_connection()
    assert not (history.parent / ".gitignore").exists()


def test_history_is_in_wal_mode_and_of_our_schema(history: Path) -> None:
    keep(1)
    with user_of(history) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("PRAGMA user_version").fetchone() == (2,)


def test_migrations_are_recorded(history: Path) -> None:
    recorder = MigrationRecorder(database.connection())
    applied = {("cycle_inspector", name) for name in ("0001_initial", "0002_links")}
    assert set(recorder.applied_migrations()) == applied


def test_migration_modules_of_the_project_do_not_matter(history: Path, settings: Any) -> None:
    settings.MIGRATION_MODULES = {"cycle_inspector": None, "auth": "no.such.module"}
    keep(1)
    assert Cycle.objects.count() == 1


def test_file_of_an_older_schema_is_migrated_and_keeps_its_cycles(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(1)
    database.close()
    module = ModuleType("cycle_inspector.migrations.0009_more")
    field = models.TextField(default="new")
    module.Migration = type(  # type: ignore[attr-defined]
        "Migration",
        (migrations.Migration,),
        {"operations": [migrations.AddField("browsertiming", "more", field)]},
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    names = [*embedded._migration_names(), "0009_more"]
    monkeypatch.setattr(embedded, "_migration_names", lambda: names)
    assert Cycle.objects.count() == 1
    with user_of(history) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (9,)
        columns = other.execute("PRAGMA table_info(cycle_inspector_browsertiming)").fetchall()
        assert "more" in {column[1] for column in columns}


def test_file_from_before_there_were_links_is_migrated_and_keeps_its_cycles(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(embedded, "_migration_names", lambda: ["0001_initial"])
        keep(1)
        database.close()
    cycle = reader.get(make_id(1))
    assert cycle is not None
    assert (cycle.parent, Redirect.objects.count(), Fetch.objects.count()) == (None, 0, 0)


def test_failed_migration_leaves_the_file_as_it_was(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(1)
    database.close()
    module = ModuleType("cycle_inspector.migrations.0009_bad")
    operations = [
        migrations.RunSQL("CREATE TABLE half (id integer)"),
        migrations.RunSQL("CREATE TABLE half (id integer)"),
    ]
    module.Migration = type(  # type: ignore[attr-defined]
        "Migration", (migrations.Migration,), {"operations": operations}
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with monkeypatch.context() as patch:
        names = [*embedded._migration_names(), "0009_bad"]
        patch.setattr(embedded, "_migration_names", lambda: names)
        with pytest.raises(OperationalError):
            Cycle.objects.count()
    with user_of(history) as other:
        assert other.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    assert Cycle.objects.count() == 1


def test_file_of_a_newer_schema_is_refused_with_a_sentence(history: Path) -> None:
    keep(1)
    database.close()
    with user_of(history) as other:
        other.execute("PRAGMA user_version = 7")
    with pytest.raises(
        HistoryUnavailable, match=r"newer version .*schema 7, .* knows 2\); upgrade"
    ):
        Cycle.objects.count()


def test_corrupt_file_is_said_to_be_one_and_is_not_touched(history: Path) -> None:
    history.parent.mkdir()
    history.write_bytes(b"not at all" * 1000)
    with pytest.raises(HistoryUnavailable, match=r"history\.sqlite3 is no SQLite database; delete"):
        reader.recent(1)
    assert history.read_bytes() == b"not at all" * 1000


def test_many_threads_may_make_it_at_once(history: Path) -> None:
    barrier, failures = threading.Barrier(8), []

    def make(number: int) -> None:
        barrier.wait(10)
        try:
            keep(number)
        except Exception as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert Cycle.objects.count() == 8


def test_files_of_whoever_opens_it_meanwhile_are_left_alone(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open
    others = []

    def open_and_be_overtaken(self: Path, *args: Any, **given: Any) -> Any:
        file = opened(self, *args, **given)
        if self == history:  # another process is as quick as this
            other = sqlite3.connect(history)
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("CREATE TABLE half (a)")
            others.append(other)
        return file

    monkeypatch.setattr(Path, "open", open_and_be_overtaken)
    embedded._make_file(history)

    (other,) = others
    assert history.with_name("history.sqlite3-wal").exists()
    other.execute("INSERT INTO half VALUES (1)")
    other.commit()
    other.close()


def test_many_processes_may_make_it_at_once(history: Path) -> None:
    script = """
        print("ready", flush=True)
        sys.stdin.readline()
        first = int(sys.argv[2]) * 10
        for number in range(first, first + 10):
            put(number)
        assert writer.flush(30), writer.problem()
    """
    started = [processes.start(script, history, str(number)) for number in range(5)]
    assert [processes.read_line(one) for one in started] == ["ready"] * 5
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in started:
        processes.finish(one)
    assert Cycle.objects.count() == 50


def test_cycle_of_another_process_is_found(history: Path) -> None:
    keep(1)
    processes.run("put(2)", history)
    assert reader.get(make_id(2)) == make_cycle(id=make_id(2))


def test_deleted_file_is_made_again(history: Path) -> None:
    keep(1)
    history.unlink()
    assert Cycle.objects.count() == 0
    keep(2)
    with user_of(history) as other:
        assert other.execute("SELECT id FROM cycle_inspector_cycle").fetchall() == [(make_id(2),)]


def test_deleted_folder_is_made_again(history: Path) -> None:
    keep(1)
    for path in history.parent.iterdir():
        path.unlink()
    history.parent.rmdir()
    keep(2)
    assert [one.id for one in reader.recent(5)] == [make_id(2)]
    assert (history.parent / ".gitignore").exists()


def test_user_of_a_deleted_file_does_no_harm_to_the_new_one(history: Path) -> None:
    script = """
        put(1)
        assert writer.flush(30)
        assert Cycle.objects.count() == 1
        print("ready", flush=True)
        sys.stdin.readline()
    """
    with processes.start(script, history) as other:
        assert processes.read_line(other) == "ready"
        history.unlink()
        for number in range(2, 40):
            keep(number)
        other.communicate("go\n")
    wal = history.with_name(history.name + "-wal")
    assert wal.exists()
    assert Cycle.objects.count() == 38
    database.close()
    assert Cycle.objects.count() == 38


def test_open_transaction_is_not_taken_away_by_a_deletion(history: Path) -> None:
    keep(1)
    with transaction.atomic(using=ALIAS):
        keep(2)
        history.unlink()
        assert Cycle.objects.count() == 2
    assert Cycle.objects.count() == 0
