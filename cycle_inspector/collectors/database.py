"""Stage 8, the database: every statement, by the class methods of Django's cursor wrapper.

`CursorWrapper.execute`, `executemany` and `callproc` are wrapped on the class, and its fetch
methods (which Django leaves to `__getattr__`) defined there: so every alias, every thread and
connections that open in the middle of a request are seen, and nothing is installed or removed per
request. An `execute_wrapper` would miss other threads' connections, and removing one takes off the
last one installed, which may be the project's. BEGIN, COMMIT and ROLLBACK do not all go through a
cursor; `debug_transaction` in django.db.backends.base.base brackets those that do not.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, wraps
from typing import Any

from django.db.backends.base import base
from django.db.backends.utils import CursorWrapper

from cycle_inspector.collectors import _frames, _redaction
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Opened, Recorded, Recorder, Summed, current, innermost
from cycle_inspector.records import Json, Query

# The history's own alias: its statements are ours, not the page's.
_OURS = "cycle_inspector"

_LONGEST_SQL = 100_000

_TRANSACTION = re.compile(
    r"\s*(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET\s+TRANSACTION)\b", re.I
)


class OpenQuery:
    """A statement that ran, its cursor perhaps still being read."""

    __slots__ = (
        "alias",
        "duration",
        "error",
        "executions",
        "fetch",
        "fetched",
        "id",
        "params",
        "parent",
        "place",
        "rowcount",
        "sql",
        "start",
        "thread",
        "vendor",
    )

    def __init__(self, recorder: Recorder, connection: Any, sql: Any, params: Any) -> None:
        outer: Opened | None = innermost()
        self.id = recorder.new_id()
        self.parent = None if outer is None else outer.id
        self.thread = threading.current_thread()
        self.alias = connection.alias
        self.vendor = connection.vendor
        self.sql = sql
        self.params = params
        self.executions = 1
        self.fetch = 0
        self.fetched: int | None = None
        self.rowcount = -1
        self.error: str | None = None
        self.duration = 0
        self.place = _frames.look_up(sys._getframe(2))
        self.start = recorder.clock()

    def record(self, recorder: Recorder) -> Query:
        given = self.sql if type(self.sql) is str else _text(self.sql)
        sql, is_transaction = _statement(given)
        return Query(
            id=self.id,
            parent=self.parent,
            sql=sql,
            params=_params(given, self.params),
            alias=self.alias,
            vendor=self.vendor,
            start_ns=self.start - recorder.start,
            duration_ns=self.duration + self.fetch,
            fetch_ns=self.fetch,
            rows=self._rows(),
            executions=self.executions,
            is_transaction=is_transaction,
            frames=self.place.frames(),
            template=self.place.template,
            relation=self.place.relation(),
            relation_kind=self.place.relation_kind(),
            error=self.error,
            thread=self.thread.name,
        )

    def close(self, recorder: Recorder, error: BaseException | None) -> None:
        """Take the time and the error: its text alone, as its frames are not to live on."""
        self.duration = recorder.clock() - self.start
        if error is not None:
            self.error = _error_text(error)
        recorder.add_query(self)

    def _rows(self) -> int | None:
        if self.fetched is not None:
            return self.fetched
        return self.rowcount if self.rowcount >= 0 else None


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
        },
    )


def _recording(connection: Any) -> Recorder | None:
    recorder = current()
    if recorder is None or recorder.closed or connection.alias == _OURS:
        return None
    return recorder


def _executing(name: str) -> Any:
    original = getattr(CursorWrapper, name)
    is_many = name == "executemany"

    @wraps(original)
    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = _recording(self.db)
        if recorder is None:
            return original(self, *args, **kwargs)
        # The newest statement of this cursor is the one that its fetches belong to.
        query: OpenQuery | None = None
        self._cycle_query = None
        with guard("record a query", recorder):
            sql, params = _given(args, kwargs)
            query = OpenQuery(recorder, self.db, sql, None if is_many else _copied(params))
            if is_many:
                query.executions = _length(params)
            self._cycle_query = query
            query.start = recorder.clock()
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if query is not None:
                with guard("record a query", recorder):
                    query.close(recorder, error)
            raise
        if query is not None:
            with guard("record a query", recorder):
                query.close(recorder, None)
                query.rowcount = _rowcount(self.cursor)
        return result

    return execute


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
        with self.db.wrap_database_errors:
            if recorder is None:
                yield from self.cursor
            else:
                yield from _TimedRows(self.cursor, query, recorder)

    return iterate


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


def _rowcount(cursor: Any) -> int:
    count = getattr(cursor, "rowcount", -1)
    return count if type(count) is int else -1


def _copied(params: Any) -> Any:
    # The caller may use its list again for the next statement.
    if type(params) is list:
        return tuple(params)
    if type(params) is dict:
        return dict(params)
    return params


def _length(params: Any) -> int:
    # An iterator is not to be consumed, and another's __len__ may do anything.
    return len(params) if type(params) in (list, tuple) else 1


def _text(sql: Any) -> str:
    if type(sql) is str:
        return sql
    if isinstance(sql, str):
        return str.__str__(sql)
    if isinstance(sql, bytes):
        return sql.decode("utf-8", "replace")
    # psycopg's Composed and SQL: as_string() asks no connection for what has no literals.
    as_string = getattr(sql, "as_string", None)
    if type(sql).__module__.startswith("psycopg") and as_string is not None:
        try:
            return str(as_string(None))
        except Exception:  # text of another library, shown as its type instead
            return f"<{type(sql).__qualname__}>"
    return f"<{type(sql).__qualname__}>"


@lru_cache(maxsize=2_000)
def _statement(sql: str) -> tuple[str, bool]:
    """Return what is the same in each run of `sql`: its text, whether it is BEGIN or the like."""
    return cut(sql, _LONGEST_SQL), _TRANSACTION.match(sql) is not None


def _params(sql: str, params: Any) -> tuple[Json, ...] | dict[str, Json] | None:
    if params is None:
        return None
    hidden = _redaction.secret_params(sql)
    kind = type(params)
    # Of a subclass the built-in's own methods are called: its may be the page's code.
    if issubclass(kind, dict):
        return {
            name: _redaction.HIDDEN if name in hidden else _redaction.redact(name, _value(one))
            for name, one in ((str(to_json(name)), one) for name, one in dict.items(params))
        }
    if issubclass(kind, list):
        params = list.__iter__(params)
    elif issubclass(kind, tuple):
        params = tuple.__iter__(params)
    else:
        return (_value(params),)
    if not hidden:
        return tuple(map(_value, params))
    return tuple(
        _redaction.HIDDEN if at in hidden else _value(one) for at, one in enumerate(params)
    )


def _value(value: Any) -> Json:
    # psycopg's Jsonb and the like carry the value in `obj`.
    if type(value).__module__.startswith("psycopg") and hasattr(value, "obj"):
        return to_json(value.obj)
    return to_json(value)


def _error_text(error: BaseException) -> str:
    return cut(f"{type(error).__name__}: {_first_argument(error)}")


def _first_argument(error: BaseException) -> Json:
    return "" if not error.args else to_json(error.args[0])
