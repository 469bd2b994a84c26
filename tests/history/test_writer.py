"""The writer: what is put is kept, and whatever happens to the history, requests go on."""

from __future__ import annotations

import contextlib
import contextvars
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created

from cycle_inspector import records
from cycle_inspector.history import database, reader, retention, writer
from cycle_inspector.models import Cycle, SettingsSnapshot
from tests.factories import make_cycle, make_finding
from tests.history import processes
from tests.history.processes import make_id
from tests.history.steps import busy_writer, ids, kept, lines, locked, put, wait_until_idle


def test_cycle_that_was_put_is_kept(history: Path) -> None:
    put(1)
    assert writer.flush(10)
    assert reader.get(make_id(1)) == make_cycle(id=make_id(1))


def test_cycle_is_written_without_anybody_asking(history: Path) -> None:
    put(1)
    wait_until_idle()
    assert kept() == ids(1)


def test_cycle_waits_while_another_request_is_served(history: Path) -> None:
    writer.serving.add(make_id(2))
    try:
        put(1)
        time.sleep(writer.PATIENCE_SECONDS / 2)
        assert kept() == []
        start = time.monotonic()
        assert writer.flush(10)  # somebody wants to see it
        assert time.monotonic() - start < 5
        put(3)
        wait_until_idle()  # a request may last for ever
    finally:
        writer.serving.clear()
    assert kept() == ids(1, 3)


def test_cycle_is_written_soon_where_no_request_is_served(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 60.0)
    put(1)
    wait_until_idle()
    assert kept() == ids(1)


def test_thread_that_is_stopped_as_it_waits_leaves_later_cycles_to_the_next(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by: list[threading.Thread] = []

    def finish() -> records.Cycle:
        by.append(threading.current_thread())
        return make_cycle(id=make_id(2))

    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 60.0)
    writer.serving.add(make_id(9))
    try:
        put(1)
        time.sleep(2 * writer.LINGER_SECONDS)
        with writer._writer._arrived:  # the thread sees nothing of what is in between
            stopped = writer._writer._thread
            writer.stop(0)
            writer.put(finish)
    finally:
        writer.serving.clear()
    wait_until_idle()
    assert len(by) == 1
    assert by[0] is not stopped
    assert kept()[-1:] == ids(2)


def test_nothing_is_waiting_at_first_and_after_a_flush(history: Path) -> None:
    assert not writer.is_waiting()
    assert writer.flush(0)
    with busy_writer():
        assert writer.is_waiting()
        assert not writer.flush(0.001)
    assert writer.flush(10)
    assert not writer.is_waiting()


def test_cycle_is_finished_in_the_writer_in_an_empty_context(history: Path) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("request")
    variable.set("of the request")
    seen: list[Any] = []

    def finish() -> records.Cycle:
        seen.extend([threading.current_thread().name, variable.get(None)])
        return make_cycle()

    writer.put(finish)
    assert writer.flush(10)
    assert seen == ["cycle-inspector-writer", None]
    assert threading.current_thread().name not in seen


def test_cycle_is_judged_with_the_thresholds_in_force(
    history: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "THRESHOLDS": {"SLOW_QUERY_MS": 7}}
    monkeypatch.setattr(
        "cycle_inspector.analysis.analyse",
        lambda cycle, thresholds, *_: (make_finding(code=f"CI{thresholds.slow_query_ms}"),),
    )
    put(1)
    assert writer.flush(10)
    row = Cycle.objects.get()
    assert (row.finding_codes, row.severity) == (",CI7,", "warning")


def test_cycle_is_kept_when_a_rule_fails(
    history: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("cycle_inspector.analysis.analyse", fail)
    put(1)
    assert writer.flush(10)
    assert kept() == ids(1)
    assert lines(caplog) == [f"Cycle {make_id(1)} could not be analysed."]


def test_more_cycles_than_a_batch_are_kept_in_order(history: Path) -> None:
    with busy_writer():
        for number in range(3 * writer.BATCH):
            put(number)
    assert writer.flush(30)
    assert kept() == ids(*range(3 * writer.BATCH))


def test_cycles_of_many_threads_are_all_kept(history: Path) -> None:
    def put_some(first: int) -> None:
        for number in range(first, first + 20):
            put(number)

    threads = [threading.Thread(target=put_some, args=(100 * one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush(30)
    assert kept() == ids(*(100 * one + number for one in range(8) for number in range(20)))


@pytest.mark.parametrize("use_tz", [True, False])
def test_start_of_a_cycle_is_read_as_it_was(history: Path, settings: Any, use_tz: bool) -> None:
    settings.USE_TZ = use_tz
    settings.TIME_ZONE = "Europe/Berlin"
    put(1)
    assert writer.flush(10)
    started_at = make_cycle().started_at
    read = Cycle.objects.get().started_at
    assert (read if use_tz else read.astimezone()) == started_at
    cycle = reader.get(make_id(1))
    assert cycle is not None
    assert cycle.started_at == started_at


@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "\0",
        "İ" * 9999,
        "</script>",
        "'; DROP TABLE cycle_inspector_cycle; --",
        "%s %(x)s",
    ],
)
def test_any_text_is_kept(history: Path, text: str) -> None:
    cycle = make_cycle(request={"method": text, "path": text, "host": text, "user": text})
    writer.put(lambda: cycle)
    assert writer.flush(10)
    assert reader.get(cycle.id) == cycle


def test_put_never_raises_even_without_a_thread(
    history: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer.stop(5)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        put(1)
    assert lines(caplog) == ["A cycle could not be left to the history's writer."]
    assert writer.flush(10)
    assert kept() == ids(1)


def test_full_queue_drops_the_oldest_and_says_so_once(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with busy_writer():
        for number in range(writer.QUEUE_LENGTH + 5):
            put(number)
        assert "6 cycles were dropped" in str(writer.problem())
    assert writer.flush(30)
    assert kept() == ids(*range(5, writer.QUEUE_LENGTH + 5))
    said = [line for line in lines(caplog) if "dropped" in line]
    assert len(said) == 1
    assert "6 cycles were dropped, the oldest first" in said[0]
    assert writer.problem() is None


def test_queue_that_is_just_full_drops_nothing(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with busy_writer():
        for number in range(writer.QUEUE_LENGTH - 1):
            put(number)
        assert writer.problem() is None
    assert writer.flush(30)
    assert len(kept()) == writer.QUEUE_LENGTH - 1


def test_next_episode_of_a_full_queue_is_said_again(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with busy_writer():
            for number in range(writer.QUEUE_LENGTH):
                put(number)
        assert writer.flush(30)
    assert len([line for line in lines(caplog) if "1 cycles were dropped" in line]) == 2


def assert_trouble(caplog: pytest.LogCaptureFixture, sentence: str) -> None:
    """Put cycles into a history that fails: it is said once, and nothing is lost or raised."""
    put(1)
    assert not writer.flush(10)
    put(2)
    assert not writer.flush(10)
    problem = writer.problem()
    assert problem is not None
    assert sentence in problem
    assert lines(caplog) == [problem]


def assert_recovered(caplog: pytest.LogCaptureFixture, *expected: int) -> None:
    assert writer.flush(10), writer.problem()
    assert kept() == ids(*expected)
    assert lines(caplog)[1:] == ["The history can be used again."]
    assert writer.problem() is None


def test_locked_history_is_said_once_and_used_again(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(0)
    assert writer.flush(10)
    with locked(history):
        assert_trouble(caplog, "is locked by another process; close what holds it")
    assert_recovered(caplog, 0, 1, 2)


def test_locked_history_recovers_by_itself(
    history: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)
    put(0)
    assert writer.flush(10)
    with locked(history):
        put(1)
        assert not writer.flush(10)
    wait_until_idle()
    assert_recovered(caplog, 0, 1)


def test_trouble_is_not_tried_again_for_every_cycle(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(0)
    assert writer.flush(10)
    with locked(history):
        put(1)
        assert not writer.flush(10)
        failures = writer._writer._failures
        for number in range(2, 20):
            put(number)
        with writer._writer._settled:
            assert not writer._writer._settled.wait(0.05)
        assert writer._writer._failures == failures
    assert_recovered(caplog, *range(20))


def test_queue_stays_bounded_in_trouble(history: Path, caplog: pytest.LogCaptureFixture) -> None:
    history.parent.write_text("a file where a folder should be")
    for number in range(2 * writer.QUEUE_LENGTH):
        put(number)
    assert len(writer._writer._waiting) <= writer.QUEUE_LENGTH


def test_folder_that_cannot_be_made(history: Path, caplog: pytest.LogCaptureFixture) -> None:
    history.parent.write_text("a file where a folder should be")
    assert_trouble(caplog, "or set CYCLE_INSPECTOR['HISTORY_PATH'] to another")
    history.parent.unlink()
    assert_recovered(caplog, 1, 2)


def test_path_that_is_a_folder(history: Path, caplog: pytest.LogCaptureFixture) -> None:
    history.mkdir(parents=True)
    assert_trouble(caplog, "cannot be opened; make its folder writable")
    history.rmdir()
    assert_recovered(caplog, 1, 2)


def test_corrupt_history_is_left_for_its_owner_to_delete(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history.parent.mkdir()
    history.write_bytes(b"not at all" * 1000)
    assert_trouble(caplog, "is no SQLite database; delete it")
    assert history.read_bytes() == b"not at all" * 1000
    history.unlink()
    assert_recovered(caplog, 1, 2)


def test_history_of_a_newer_schema(history: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(0)
    assert writer.stop(10)
    with contextlib.closing(sqlite3.connect(history)) as other:
        other.execute("PRAGMA user_version = 99")
    assert_trouble(caplog, "was written by a newer version")
    with contextlib.closing(sqlite3.connect(history)) as other:
        other.execute("PRAGMA user_version = 2")
    assert_recovered(caplog, 0, 1, 2)


def test_full_disk(history: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(0)
    assert writer.stop(10)

    def fill(*, connection: Any, **_: Any) -> None:
        if connection.alias == database.ALIAS:
            connection.connection.execute("PRAGMA max_page_count = 1")

    connection_created.connect(fill)
    try:
        big = {"path": "/", "noise": os.urandom(200_000).hex()}
        put(1, request=big)
        assert not writer.flush(10)
        assert "has no room on its disk" in str(writer.problem())
    finally:
        connection_created.disconnect(fill)
    assert_recovered(caplog, 0, 1)


@pytest.fixture
def powerless(history: Path) -> Iterator[Path]:
    """Be a user without rights, who may write into the folder given and nowhere else."""
    folder = Path(tempfile.mkdtemp())
    was = os.geteuid()
    if was == 0:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(was)
        shutil.rmtree(folder)


@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_read_only_file(
    powerless: Path,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    mode: int,
) -> None:
    path = powerless / "history.sqlite3"
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "HISTORY_PATH": path}
    put(0)
    assert writer.stop(10)
    path.chmod(mode)
    assert_trouble(caplog, "writable, or set CYCLE_INSPECTOR['HISTORY_PATH']")
    if mode:
        assert reader.get(make_id(0)) is not None
        database.close()  # as the end of a request does; the process shares one -shm
    for one in powerless.iterdir():  # SQLite gives -wal and -shm the mode of the file
        one.chmod(0o644)
    assert_recovered(caplog, 0, 1, 2)


def test_read_only_folder(powerless: Path, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    powerless.chmod(0o555)
    path = powerless / "kept" / "history.sqlite3"
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "HISTORY_PATH": path}
    assert_trouble(caplog, "cannot be made (Permission denied); mend that, or set")
    powerless.chmod(0o755)
    assert_recovered(caplog, 1, 2)


def test_history_deleted_while_running_is_made_again(
    history: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(1)
    assert writer.flush(10)
    history.unlink()
    put(2)
    assert writer.flush(10)
    assert kept() == ids(2)
    shutil.rmtree(history.parent)
    put(3)
    assert writer.flush(10)
    assert kept() == ids(3)
    assert lines(caplog) == []


def test_another_history_path_takes_effect(history: Path, settings: Any, tmp_path: Path) -> None:
    put(1)
    assert writer.flush(10)
    settings.CYCLE_INSPECTOR = {
        **settings.CYCLE_INSPECTOR,
        "HISTORY_PATH": tmp_path / "other.sqlite3",
    }
    put(2)
    assert writer.flush(10)
    assert kept() == ids(2)


@pytest.mark.django_db(transaction=True)
def test_cycle_outlives_the_rollback_of_its_request(history: Path) -> None:
    from django.contrib.auth.models import User

    with transaction.atomic():
        User.objects.create(username="ada")
        put(1)
        transaction.set_rollback(True)
    assert not User.objects.exists()
    assert writer.flush(10)
    assert kept() == ids(1)


@pytest.mark.django_db
def test_writing_runs_no_query_in_the_project(
    history: Path, django_assert_num_queries: Any
) -> None:
    assert connection.in_atomic_block
    with django_assert_num_queries(0):
        put(1)
        assert writer.flush(10)
    assert kept() == ids(1)


def test_history_can_be_cleared_while_cycles_are_written(history: Path) -> None:
    put(0)
    assert writer.flush(10)
    is_over = threading.Event()

    def put_many() -> None:
        for number in range(1, 200):
            put(number)
            writer.flush(10)
        is_over.set()

    thread = threading.Thread(target=put_many)
    thread.start()
    deleted = 0
    while not is_over.is_set():
        deleted += Cycle.objects.all().delete()[0]
    thread.join()
    assert writer.problem() is None
    assert deleted + Cycle.objects.count() == 200


def test_writer_keeps_no_more_than_the_maximum(history: Path, settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "HISTORY_MAX_COUNT": 5}
    for number in range(20):
        put(number)
    assert writer.flush(10)
    assert kept() == ids(15, 16, 17, 18, 19)


def test_maximum_of_none_keeps_nothing_but_what_is_pinned(history: Path, settings: Any) -> None:
    put(1)
    put(2)
    assert writer.flush(10)
    Cycle.objects.filter(id=make_id(1)).update(pinned=True)
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "HISTORY_MAX_COUNT": 0}
    put(3)
    assert writer.flush(10)
    assert kept() == ids(1)


def test_failing_retention_is_trouble_like_any_other(
    history: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> bool:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(retention, "prune", fail)
        put(1)
        assert not writer.flush(10)
        assert "cannot be written to its disk" in str(writer.problem())
    assert writer.flush(10)
    assert kept() == ids(1)
    assert len(lines(caplog)) == 2


def test_retention_goes_on_while_some_is_left(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [True, True, False]
    monkeypatch.setattr(retention, "prune", lambda **_: answers.pop(0))
    put(1)
    assert writer.flush(10)
    for number in range(2, 10):
        put(number)
        assert writer.flush(10)
    assert answers == []


def test_stopped_writer_starts_again(history: Path) -> None:
    put(1)
    assert writer.stop(10)
    put(2)
    assert writer.flush(10)
    assert kept() == ids(1, 2)


def test_stopping_in_trouble_says_so_and_lets_go(history: Path) -> None:
    history.parent.write_text("a file where a folder should be")
    put(1)
    assert not writer.stop(10)
    assert not writer.is_waiting()
    assert writer.problem() is None


def test_stopping_an_idle_writer_is_quick_and_true(history: Path) -> None:
    assert writer.stop(0)
    assert writer.stop(0)


def test_exit_loses_nothing(history: Path) -> None:
    processes.run("for number in range(100): put(number)", history)
    assert not history.with_name(history.name + "-wal").exists()
    assert kept() == ids(*range(100))


def test_exit_in_trouble_is_bounded_and_silent_but_for_its_line(history: Path) -> None:
    history.parent.write_text("a file where a folder should be")
    script = """
        import logging
        logging.getLogger("cycle_inspector").addHandler(logging.StreamHandler(sys.stdout))
        put(1)
    """
    out = processes.run(script, history)
    assert out.count("\n") == 1
    assert "HISTORY_PATH" in out


def test_termination_loses_nothing_where_the_server_exits_by_it(history: Path) -> None:
    script = """
        import signal, threading
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        put(1)
        print("ready", flush=True)
        threading.Event().wait()
    """
    process = processes.start(script, history)
    assert processes.read_line(process) == "ready"
    process.send_signal(signal.SIGTERM)
    processes.finish(process)
    assert kept() == ids(1)


def test_connection_is_closed_for_a_fork_and_opened_again(history: Path) -> None:
    put(1)
    assert writer.flush(10)
    one: Any = writer._writer
    one.before_fork()
    try:
        assert one._connection.connection is None
        put(2)
        assert not writer.flush(0.01)
    finally:
        one.after_fork_in_parent()
    assert writer.flush(10)
    assert kept() == ids(1, 2)


def test_fork_does_not_wait_forever_for_a_busy_writer(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_FORK_SECONDS", 0.01)
    with busy_writer():
        writer._writer.before_fork()
        writer._writer.after_fork_in_parent()
    assert writer.flush(10)


def test_nothing_is_taken_after_the_end(history: Path) -> None:
    other = writer.Writer()
    other.put_settings("abc", {})
    other.put(make_cycle)
    other.close()
    other.put(lambda: make_cycle(id=make_id(2)))
    assert not other.is_waiting()
    assert kept() == [make_cycle().id]
    other.after_fork_in_child()
    other.put(lambda: make_cycle(id=make_id(3)))
    assert other.stop(10)
    assert make_id(3) in kept()


def test_forked_child_has_a_writer_of_its_own(history: Path) -> None:
    script = """
        import warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        writer.put_settings("abc", {"DEBUG": True})
        put(1)
        assert writer.flush(30)
        if (child := os.fork()) == 0:
            put(2, settings="abc")
            sys.exit()
        put(3)
        assert os.waitpid(child, 0)[1] == 0
    """
    processes.run(script, history)
    assert kept() == ids(1, 2, 3)
    assert SettingsSnapshot.objects.count() == 1


def test_cycle_that_waits_during_a_fork_is_written_once(history: Path) -> None:
    script = """
        import warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        writer.LINGER_SECONDS = 5
        put(1)
        assert writer.is_waiting()
        if (child := os.fork()) == 0:
            assert not writer.is_waiting()
            put(2)
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        assert writer.is_waiting()
    """
    processes.run(script, history)
    assert kept() == ids(1, 2)


def test_many_forks_while_writing_lose_and_damage_nothing(history: Path) -> None:
    script = """
        import warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        children = []
        for number in range(8):
            for more in range(10):
                put(1000 * number + more)
            if (child := os.fork()) == 0:
                for more in range(10, 20):
                    put(1000 * number + more)
                sys.exit()
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    """
    processes.run(script, history)
    assert kept() == ids(*(1000 * number + more for number in range(8) for more in range(20)))
    with contextlib.closing(sqlite3.connect(history)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_writer_without_a_connection_does_not_hinder_a_fork(history: Path) -> None:
    script = """
        if (child := os.fork()) == 0:
            put(1)
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
    """
    processes.run(script, history)
    assert kept() == ids(1)


def test_nothing_happens_before_the_first_cycle(history: Path) -> None:
    script = """
        import threading
        assert writer.flush(30)
        assert not writer.is_waiting() and writer.problem() is None
        assert threading.active_count() == 1
    """
    processes.run(script, history)
    assert not history.exists()
