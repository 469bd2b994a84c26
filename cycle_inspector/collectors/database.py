"""Stage 8, the database: every statement, by the class methods of Django's cursor wrapper.

`CursorWrapper.execute`, `executemany` and `callproc` are wrapped on the class, and its fetch
methods (which Django leaves to `__getattr__`) defined there: so every alias, every thread and
connections that open in the middle of a request are seen, and nothing is installed or removed per
request. An `execute_wrapper` would miss other threads' connections, and removing one takes off the
last one installed, which may be the project's. BEGIN, COMMIT and ROLLBACK do not all go through a
cursor; `debug_transaction` in django.db.backends.base.base brackets those that do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from django.db.backends.base import base
from django.db.backends.utils import CursorWrapper

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _commit_hooks
from cycle_inspector.collectors._commit_hooks import Note
from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._statements import OpenQuery, error_text
from cycle_inspector.conf import ALIAS
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Stage


class _Transaction:
    """Django's `debug_transaction(connection, sql)`, and a query of it."""

    __slots__ = ("_inner", "_query", "_recorder")

    def __init__(self, inner: Any, connection: Any, sql: str) -> None:
        self._inner = inner
        self._recorder = _recording(connection)
        self._query: OpenQuery | None = None
        if self._recorder is not None:
            with guard("record a transaction", self._recorder):
                self._query = OpenQuery(self._recorder, connection, sql, None)
                self._query.start = self._recorder.clock()

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if self._recorder is not None and self._query is not None:
            with guard("record a transaction", self._recorder):
                self._query.close(self._recorder, error)
        return self._inner.__exit__(kind, error, traceback)


@contextmanager
def collect() -> Iterator[None]:
    """Hook the cursor wrapper and the transaction brackets; unhook them afterwards."""
    with ExitStack() as stack:
        for name in ("execute", "executemany", "callproc"):
            stack.enter_context(replaced(CursorWrapper, name, _executing(name)))
        for name in ("fetchone", "fetchmany", "fetchall"):
            stack.enter_context(replaced(CursorWrapper, name, _fetching(name)))
        stack.enter_context(replaced(CursorWrapper, "__iter__", _iterating()))
        stack.enter_context(_commit_hooks.collect())
        debug_transaction = vars(base)["debug_transaction"]
        stack.enter_context(
            replaced(
                base,
                "debug_transaction",
                lambda connection, sql: _Transaction(
                    debug_transaction(connection, sql), connection, sql
                ),
            )
        )
        yield


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage: its count leaves BEGIN, COMMIT and the like out."""
    statements = [query for query in recorded.queries if not query.is_transaction]
    by_alias: dict[tuple[str, str], list[int]] = {}
    for query in statements:
        count_and_time = by_alias.setdefault((query.alias, query.vendor), [0, 0])
        count_and_time[0] += 1
        count_and_time[1] += query.duration_ns
    # A BEGIN is sent while a connection is still in autocommit.
    note: Note = recorded.notes.get(Stage.DATABASE) or Note()
    kept = {
        "open_before": [list(key) for key, value in note.autocommit.items() if value is False],
        "failed_callbacks": [one.told() for one in note.failed],
    }
    return Summed(
        start_ns=recorded.queries[0].start_ns if recorded.queries else 0,
        duration_ns=sum(query.duration_ns for query in recorded.queries),
        count=len(statements) + recorded.dropped.get("queries", 0),
        facts={
            "by_alias": [
                {"alias": alias, "vendor": vendor, "count": count, "duration_ns": duration}
                for (alias, vendor), (count, duration) in by_alias.items()
            ],
            "rows": sum(query.rows or 0 for query in statements),
            "transactions": len(recorded.queries) - len(statements),
            **{name: many for name, many in kept.items() if many},
        },
    )


def _recording(connection: Any) -> Recorder | None:
    recorder = current()
    if recorder is None or recorder.closed:
        return None
    # The history's statements are ours, not the page's.
    return None if connection.alias == ALIAS else recorder


def _executing(name: str) -> Any:
    original = getattr(CursorWrapper, name)
    is_many = name == "executemany"
    adapt = {"executemany": _many, "callproc": _call}.get(name)

    @wraps(original)
    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or self.db.alias == ALIAS:
            return original(self, *args, **kwargs)
        # A loop runs through here a thousand times: few calls, and a `try` costs nothing.
        query: OpenQuery | None = None
        try:
            sql, params = args if len(args) == 2 else _given(args, kwargs)
            # The newest statement of this cursor is the one that its fetches belong to.
            query = OpenQuery(recorder, self.db, sql, None if is_many else params)
            if adapt is not None:
                adapt(query, params)
            self._cycle_query = query
            query.start = recorder.clock()
        except Exception as error:
            failed("record a query", recorder, error)
            self._cycle_query = query = None
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if query is not None:
                with guard("record a query", recorder):
                    query.close(recorder, error)
            raise
        if query is not None:
            try:
                query.close(recorder, None)
                query.rowcount = getattr(self.cursor, "rowcount", -1)
            except Exception as error:
                failed("record a query", recorder, error)
        return result

    return execute


def _many(query: OpenQuery, params: Any) -> None:
    query.executions = _length(params)


def _call(query: OpenQuery, params: Any) -> None:
    # Given is a name. What is made of it is the driver's: CALL, or SELECT * FROM.
    if type(query.sql) is str:
        places = ", ".join(["%s"] * len(query.params)) if type(query.params) is tuple else ""
        query.sql = f"CALL {query.sql}({places})"


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the statement and its parameters, however they were given.

    The parameters of execute(), executemany() and callproc() go by names of their own.
    """
    sql = args[0] if args else kwargs.get("sql", kwargs.get("procname"))
    params = args[1] if len(args) > 1 else kwargs.get("params", kwargs.get("param_list"))
    return sql, params


def _fetching(name: str) -> Any:
    one_row = name == "fetchone"

    def fetch(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        query = self.__dict__.get("_cycle_query")
        if recorder is None or query is None:
            with self.db.wrap_database_errors:
                return getattr(self.cursor, name)(*args, **kwargs)
        start = recorder.clock()
        try:
            with self.db.wrap_database_errors:
                rows = getattr(self.cursor, name)(*args, **kwargs)
        except Exception as error:
            _failed(query, recorder, error)
            raise
        finally:
            query.fetch += recorder.clock() - start
        count = (rows is not None) if one_row else _length(rows)
        query.fetched = (query.fetched or 0) + count
        return rows

    fetch.__name__ = name
    return fetch


def _iterating() -> Any:
    def iterate(self: Any) -> Iterator[Any]:
        query = self.__dict__.get("_cycle_query")
        recorder = None if query is None else current()
        if recorder is None or query is None:
            with self.db.wrap_database_errors:
                yield from self.cursor
            return
        try:
            with self.db.wrap_database_errors:
                yield from _TimedRows(self.cursor, query, recorder)
        except Exception as error:
            _failed(query, recorder, error)
            raise

    return iterate


def _failed(query: OpenQuery, recorder: Recorder, error: Exception) -> None:
    # Some databases find a fault in a row only when they come to it.
    with guard("record a query", recorder):
        query.error = query.error or error_text(error)


class _TimedRows:
    """The rows of a cursor, their fetching timed; in all else the cursor's own iterator.

    A generator that is given up calls `close` of what it yields from: sqlite3 closes its cursor.
    """

    __slots__ = ("_query", "_recorder", "_rows")

    def __init__(self, cursor: Any, query: OpenQuery, recorder: Recorder) -> None:
        self._query = query
        self._recorder = recorder
        self._rows = iter(cursor)

    def __iter__(self) -> _TimedRows:
        return self

    def __next__(self) -> Any:
        query, clock = self._query, self._recorder.clock
        start = clock()
        try:
            row = next(self._rows)
        finally:
            query.fetch += clock() - start
        query.fetched = (query.fetched or 0) + 1
        return row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


def _length(params: Any) -> int:
    # An iterator is not to be consumed, and another's __len__ may do anything.
    return len(params) if type(params) in (list, tuple) else 1
