"""The embedded history: an SQLite file that makes and migrates itself as it is opened."""

from __future__ import annotations

import contextlib
import os
import pkgutil
import sqlite3
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLiteWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.utils import ConnectionHandler

from cycle_inspector.conf import ALIAS, APP_LABEL
from cycle_inspector.history.trouble import ELSEWHERE, HistoryUnavailable

# How long a statement waits for another's lock. Readers of a WAL file never do.
BUSY_SECONDS = 1.0

# How long the opening of a file may wait in all, where several processes make it at once.
_OPEN_SECONDS = 5.0

_MIGRATIONS = "cycle_inspector.migrations"

# Handles that may be used no more and must not be closed either, see `EmbeddedWrapper.abandon`.
_abandoned: list[sqlite3.Connection] = []


class _Connection(sqlite3.Connection):
    """Closes itself: a thread that ends cannot, and Python 3.13 warns of an open connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pid = os.getpid()

    def __del__(self) -> None:
        if getattr(self, "pid", None) == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                self.close()


# synchronous=NORMAL: a commit in WAL mode waits for no disk, and a checkpoint, which does, runs in
# the writer; OFF would gain nothing a request could feel, and a power cut could damage the file.
_OPTIONS = {
    "factory": _Connection,
    "timeout": BUSY_SECONDS,
    "transaction_mode": "IMMEDIATE",  # a writer waits for its lock at BEGIN, where it can wait
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}


class EmbeddedWrapper(SQLiteWrapper):
    """A connection to the embedded file, which makes and migrates the file as it opens it."""

    # With DEBUG on, Django would keep and log each statement, and format its document to do so.
    queries_logged = False

    def __init__(self, path: Path) -> None:
        # A handler of its own fills in all that Django reads from a database's settings.
        listed = {
            "default": {},
            ALIAS: {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(path),
                "OPTIONS": dict(_OPTIONS),
                "CONN_MAX_AGE": None,
            },
        }
        super().__init__(ConnectionHandler(listed).settings[ALIAS], ALIAS)
        self.path = path
        self.pid = os.getpid()
        self._file: tuple[int, int] | None = None

    def connect(self) -> None:
        """Open the file, and make or migrate it where that is due."""
        deadline = time.monotonic() + _OPEN_SECONDS
        while True:
            try:
                _make_file(self.path)
                super().connect()
                self._migrate()
                self._file = _identify(self.path)
                return
            except BaseException as error:
                self._drop()
                # Turning on WAL fails at once, whatever the timeout, where another process does
                # the same; the statements of a migration may wait longer than one timeout.
                if not _is_locked(error) or time.monotonic() > deadline - BUSY_SECONDS:
                    raise
            time.sleep(0.02)

    def leave_deleted_file(self) -> None:
        """Let go of a file that is no longer the one at its path."""
        if self.connection is None or self.in_atomic_block or self._file is None:
            return
        if _identify(self.path) != self._file:
            self.abandon()

    def abandon(self) -> None:
        """Forget the handle without closing it.

        SQLite removes the `-wal` file beside the path when a database is closed, even if by now
        another database stands there; and a handle from before a fork must not even be closed
        (sqlite.org/howtocorrupt.html, 2.6).
        """
        if self.connection is not None:
            _abandoned.append(self.connection)
        self.connection = None
        self.in_atomic_block = False
        self._file = None

    def _drop(self) -> None:
        raw, self.connection = self.connection, None
        self.in_atomic_block = False
        if raw is not None:
            raw.close()

    def _migrate(self) -> None:
        names = _migration_names()
        version = int(names[-1][:4])
        if self._is_of(version):
            return
        # The editor turns off the check of foreign keys, then opens a transaction, which is the
        # lock against other processes: what was read before it is read again inside.
        with self.schema_editor(atomic=True) as editor:
            if self._is_of(version):
                return
            recorder = MigrationRecorder(self)
            recorder.ensure_schema()
            applied = recorder.applied_migrations()
            state = ProjectState()
            for name in names:
                migration = import_module(f"{_MIGRATIONS}.{name}").Migration(name, APP_LABEL)
                if (APP_LABEL, name) in applied:
                    state = migration.mutate_state(state)
                else:
                    state = migration.apply(state, editor)
                    recorder.record_applied(APP_LABEL, name)
            editor.execute(f"PRAGMA user_version = {version}")

    def _is_of(self, version: int) -> bool:
        with self.cursor() as cursor:
            cursor.execute("PRAGMA user_version")
            found = int(cursor.fetchone()[0])
        if found > version:
            raise HistoryUnavailable(
                f"The history {self.path} was written by a newer version of "
                f"django-cycle-inspector (schema {found}, this one knows {version}); "
                f"upgrade, delete the file, {ELSEWHERE}."
            )
        return found == version


def _migration_names() -> list[str]:
    """Return the app's migrations in their order; each name starts with its four-digit number."""
    found = pkgutil.iter_modules(import_module(_MIGRATIONS).__path__)
    return sorted(one.name for one in found if one.name[:4].isdigit())


def _make_file(path: Path) -> None:
    """Make an empty file at `path`, with its folder, unless it is there."""
    # One thread at a time: closing the new file would take away the locks that another thread of
    # this process has on it by then (sqlite.org/howtocorrupt.html, 2.2).
    with _making:
        if path.exists():
            return
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n")
        beside = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
        stale = [one for one in beside if one.exists()]
        with contextlib.suppress(FileExistsError):
            path.open("xb").close()
            # Left behind by a file that was deleted, they would be taken for those of the new one.
            # Another process may have opened that already, so only what was there before is.
            for one in stale:
                one.unlink(missing_ok=True)


def _allow_making() -> None:
    """In a child, which may have been forked while another thread held the lock."""
    global _making
    _making = threading.Lock()


_making = threading.Lock()
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_allow_making)


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, OperationalError | sqlite3.OperationalError) and (
        "locked" in str(error)
    )


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
