"""What is wrong with the history, in one sentence: what, where, and what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from django.db import DatabaseError, ProgrammingError, connections

from cycle_inspector import conf
from cycle_inspector.conf import ALIAS

ELSEWHERE = "or set CYCLE_INSPECTOR['HISTORY_PATH'] to another place"
_DELETE = "delete it, and a new one is made"
_REASONS = (
    ("locked", "is locked by another process", "close what holds it"),
    ("readonly", "is read-only", f"make all files in its folder writable, {ELSEWHERE}"),
    ("unable to open", "cannot be opened", f"make its folder writable, {ELSEWHERE}"),
    ("is full", "has no room on its disk", f"make some, {ELSEWHERE}"),
    ("disk i/o", "cannot be written to its disk", f"make room there, {ELSEWHERE}"),
    ("not a database", "is no SQLite database", _DELETE),
    ("malformed", "is damaged", _DELETE),
    ("no such", "has other tables than this version", _DELETE),
)


class HistoryUnavailable(DatabaseError):
    """The history cannot be used now; the text is one sentence on what is wrong and what to do."""


def is_configured() -> bool:
    """Tell whether the project lists the history in its own DATABASES."""
    return ALIAS in connections.settings


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
        return f"The history {where} cannot be made ({reason}); mend that, {ELSEWHERE}."
    return f"The history {where} cannot be used: {_first_line(error)}"


def of_dropped(count: int) -> str:
    """Return one sentence on `count` cycles that the queue had no room for."""
    return (
        f"The history could not keep up: {count} cycles were dropped, the oldest first; "
        f"record fewer, for instance with CYCLE_INSPECTOR['IGNORE_PATHS']."
    )


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Raise every failure of the database inside as `HistoryUnavailable`."""
    try:
        yield
    except HistoryUnavailable:
        raise
    except (DatabaseError, sqlite3.Error, OSError) as error:
        raise HistoryUnavailable(explain(error)) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
