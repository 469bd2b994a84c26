"""Where the history is kept: a database of its own, under an alias that is not listed.

A project that lists `cycle_inspector` in DATABASES gets ordinary Django behaviour: its backend, its
`migrate --database cycle_inspector`. Otherwise the history is an embedded SQLite file, whose
connection is put per thread into `django.db.connections` without being in their settings, so that
test runners, `migrate` and `dumpdata` never meet it, and which makes and migrates itself when it
is opened.
"""

from __future__ import annotations

import contextlib
import os
import pkgutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.signals import request_finished
from django.db import (
    DatabaseError,
    OperationalError,
    ProgrammingError,
    connections,
    router,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLiteWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.utils import ConnectionHandler, ConnectionRouter

from cycle_inspector import conf

ALIAS = "cycle_inspector"
APP_LABEL = "cycle_inspector"

# How long a statement waits for another's lock. Readers of a WAL file never do.
BUSY_SECONDS = 1.0

# How long the opening of a file may wait in all, where several processes make it at once.
_OPEN_SECONDS = 5.0

_MIGRATIONS = "cycle_inspector.migrations"

# This thread's own connection, beside `connections`: an `asgiref.Local` is too slow to ask at the
# end of every request.
_local = threading.local()

# Handles that may be used no more and must not be closed either, see `_EmbeddedWrapper.abandon`.
_abandoned: list[sqlite3.Connection] = []

_ELSEWHERE = "or set CYCLE_INSPECTOR['HISTORY_PATH'] to another place"
_DELETE = "delete it, and a new one is made"
_REASONS = (
    ("locked", "is locked by another process", "close what holds it"),
    ("readonly", "is read-only", f"make all files in its folder writable, {_ELSEWHERE}"),
    ("unable to open", "cannot be opened", f"make its folder writable, {_ELSEWHERE}"),
    ("is full", "has no room on its disk", f"make some, {_ELSEWHERE}"),
    ("disk i/o", "cannot be written to its disk", f"make room there, {_ELSEWHERE}"),
    ("not a database", "is no SQLite database", _DELETE),
    ("malformed", "is damaged", _DELETE),
    ("no such", "has other tables than this version", _DELETE),
)


class HistoryUnavailable(DatabaseError):
    """The history cannot be used now; the text is one sentence on what is wrong and what to do."""


def is_configured() -> bool:
    """Tell whether the project lists the history in its own DATABASES."""
    return ALIAS in connections.settings


def connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the history; it opens, and makes the file, when used."""
    if is_configured():
        return connections[ALIAS]
    path = conf.current().history_path
    found: _EmbeddedWrapper | None = getattr(_local, "connection", None)
    if found is not None and found.pid != os.getpid():
        found.abandon()
        found = None
    if found is not None and found.path != path and not found.in_atomic_block:
        found.close()
        found = None
    if found is None:
        found = _local.connection = _EmbeddedWrapper(path)
    found.leave_deleted_file()
    connections[ALIAS] = found
    return found


def close() -> None:
    """Close this thread's connection to the history, of either kind, unless in a transaction."""
    if is_configured() and not connections[ALIAS].in_atomic_block:
        connections[ALIAS].close()
    close_embedded()


def close_embedded() -> None:
    """Close this thread's embedded connection, if it is open and in no transaction."""
    found: _EmbeddedWrapper | None = getattr(_local, "connection", None)
    if found is None or found.connection is None or found.in_atomic_block:
        return
    if found.pid == os.getpid():
        found.leave_deleted_file()
        found.close()
    else:
        found.abandon()


def explain(error: BaseException) -> str:
    """Return one sentence on `error`: what is wrong with the history, where, what to do."""
    if isinstance(error, HistoryUnavailable):
        return str(error)
    text = str(error).lower()
    if is_configured():
        if isinstance(error, ProgrammingError) or "no such" in text:
            return (
                f"The history in DATABASES[{ALIAS!r}] has other tables than this version; "
                f"run `manage.py migrate --database {ALIAS}`. ({_first_line(error)})"
            )
        return f"The history in DATABASES[{ALIAS!r}] cannot be used: {_first_line(error)}"
    where = conf.current().history_path
    for sign, what, cure in _REASONS:
        if sign in text and isinstance(error, DatabaseError | sqlite3.Error):
            return f"The history {where} {what}; {cure}."
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return f"The history {where} cannot be made ({reason}); mend that, {_ELSEWHERE}."
    return f"The history {where} cannot be used: {_first_line(error)}"


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Raise every failure of the database inside as `HistoryUnavailable`."""
    try:
        yield
    except HistoryUnavailable:
        raise
    except (DatabaseError, sqlite3.Error, OSError) as error:
        raise HistoryUnavailable(explain(error)) from error


class Router:
    """Lead the app's models to the history, and nothing else."""

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return self._alias(model)

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return self._alias(model)

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool | None:
        labels = {one._meta.app_label, other._meta.app_label}
        return labels == {APP_LABEL} if APP_LABEL in labels else None

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        if app_label == APP_LABEL:
            return db == ALIAS
        return False if db == ALIAS else None

    def _alias(self, model: Any) -> str | None:
        if model._meta.app_label != APP_LABEL:
            return None
        connection()  # `connections[ALIAS]` must be there before the ORM looks for it
        return ALIAS


_ROUTER = Router()


class _RouterList(ConnectionRouter):
    """Django's `router`, whose list keeps ours in front.

    Its class is changed, rather than its list: `override_settings(DATABASE_ROUTERS=...)` replaces
    the list, in a receiver of `setting_changed` (django/test/signals.py) that is connected after
    any receiver of ours and so would have the last word.
    """

    @property
    def routers(self) -> list[Any]:
        if "routers" not in self.__dict__:
            self.routers = ConnectionRouter(self._routers).routers  # type: ignore[attr-defined]
        found: list[Any] = self.__dict__["routers"]
        return found

    @routers.setter
    def routers(self, given: list[Any]) -> None:
        self.__dict__["routers"] = [_ROUTER, *(one for one in given if one is not _ROUTER)]


def install_router() -> None:
    """Put the router in front of the project's, and close connections as requests end."""
    if not isinstance(router, _RouterList):
        found = router.__dict__.pop("routers", None)  # there if somebody has routed already
        router.__class__ = _RouterList
        if found is not None:
            router.routers = found
    request_finished.connect(_close_after_request, dispatch_uid="cycle_inspector.history")


def _close_after_request(**_: Any) -> None:
    # django.db.close_old_connections() only meets connections that are listed.
    close_embedded()


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


class _EmbeddedWrapper(SQLiteWrapper):
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
                f"upgrade, delete the file, {_ELSEWHERE}."
            )
        return found == version


def _migration_names() -> list[str]:
    """Return the app's migrations in their order; each name starts with its four-digit number."""
    found = pkgutil.iter_modules(import_module(_MIGRATIONS).__path__)
    return sorted(one.name for one in found if one.name[:4].isdigit())


def _make_file(path: Path) -> None:
    """Make an empty file at `path`, with its folder, unless it is there."""
    if path.exists():
        return
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / ".gitignore").write_text("*\n")
    with contextlib.suppress(FileExistsError):
        path.open("xb").close()
        # Left behind by a file that was deleted, they would be taken for those of the new one.
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


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


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
