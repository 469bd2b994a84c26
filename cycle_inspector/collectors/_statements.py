"""A statement: what is noted as it runs, and the record that is made of it later.

As it runs only references are taken; text, parameters and places are worked out afterwards, and
nothing of the page's own code is called for that.
"""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from typing import Any

from cycle_inspector.collectors import _again, _marks, _model_notes, _redaction
from cycle_inspector.collectors._commit_hooks import Note
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._orm_methods import name_of
from cycle_inspector.collectors._places import NOWHERE
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Opened, Recorder, innermost
from cycle_inspector.records import Json, Query, Stage

_LONGEST_SQL = 100_000
_LONGEST_CACHED = 10_000

_TRANSACTION = re.compile(
    r"\s*(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET\s+TRANSACTION)\b",
    re.I,
)

_JSON_KEY = re.compile(r'"([^"\\]+)"\s*:')

# So much of a statement tells what it is, leading white space and all.
_TELLING = 60


class OpenQuery:
    """A statement that ran, its cursor perhaps still being read."""

    __slots__ = (
        "alias",
        "autocommit",
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
        """Take references; whoever makes it sets `start` right before the statement runs."""
        outer: Opened | None = innermost()
        self.id = recorder.new_id()
        self.parent = _marks.parent(recorder, outer)
        self.thread = threading.current_thread()
        self.alias = connection.alias
        self.vendor = connection.vendor
        self.autocommit = connection.autocommit
        self.sql = sql
        if len(recorder.queries) >= recorder.limits.soft_queries:
            self.params, self.place = None, NOWHERE
        else:
            kind = type(params)
            # The caller may use its list again for the next statement.
            self.params = (
                tuple(params) if kind is list else dict(params) if kind is dict else params
            )
            self.place = _again.look_up(outer, sql)
        self.executions = 1
        self.fetch = 0
        self.fetched: int | None = None
        self.rowcount: Any = -1
        self.error: str | None = None
        self.duration = 0
        self.start = 0

    def record(self, recorder: Recorder) -> Query:
        sql, hidden, is_transaction = _statement(self.sql, recorder.redact)
        place = self.place
        if place is NOWHERE:
            recorder.count_dropped("details")
        # The first of a connection tells whether a transaction was open before the cycle.
        recorder.note(Stage.DATABASE, Note).autocommit.setdefault(
            (self.alias, self.thread.name), self.autocommit
        )
        relation, kind = place.relation() if place.descriptor is not None else (None, None)
        method = place.method if relation is None else None
        model, is_prefetch = _model_notes.cause_of(recorder, self.id)
        # By position, which takes half the time: this is called for each query of each cycle.
        return Query(
            self.id,
            self.parent,
            sql,
            None if self.params is None else params_of(self.params, hidden),
            self.alias,
            self.vendor,
            self.start - recorder.start,
            self.duration + self.fetch,
            self.fetch,
            self.fetched if self.fetched is not None else _count(self.rowcount),
            self.executions,
            is_transaction,
            place.frames(),
            place.template,
            relation,
            kind,
            self.error,
            self.thread.name,
            model,
            "prefetch_related" if is_prefetch else None if method is None else name_of(method),
        )

    def close(self, recorder: Recorder, error: BaseException | None) -> None:
        """Take the time and the error: its text alone, as its frames are not to live on."""
        self.duration = recorder.clock() - self.start
        if error is not None:
            self.error = error_text(error)
        recorder.add_query(self)


def _count(rowcount: Any) -> int | None:
    # It is of another's cursor.
    return rowcount if type(rowcount) is int and rowcount >= 0 else None


def text_of(sql: Any) -> str:
    """Return a statement, however it is given, as text."""
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


def _statement(sql: Any, redact: tuple[str, ...]) -> tuple[str, frozenset[int | str], bool]:
    """Return the text kept of `sql`, which of its placeholders are secret, and what it is."""
    if type(sql) is not str:
        sql = text_of(sql)
    # A long statement is seldom repeated, and the cache would hold its text.
    return (_known if len(sql) <= _LONGEST_CACHED else _known.__wrapped__)(sql, redact)


@lru_cache(maxsize=2_000)
def _known(sql: str, redact: tuple[str, ...]) -> tuple[str, frozenset[int | str], bool]:
    is_transaction = _TRANSACTION.match(sql[:_TELLING]) is not None
    return cut(sql, _LONGEST_SQL), _redaction.secret_params(sql, redact), is_transaction


def params_of(
    params: Any, hidden: frozenset[int | str]
) -> tuple[Json, ...] | dict[str, Json] | None:
    """Return parameters as JSON values, those that stand in `hidden` not shown."""
    if params is None:
        return None
    kind = type(params)
    if kind is tuple and not hidden:
        return tuple(map(_value, params))
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
    return tuple(
        _redaction.HIDDEN if at in hidden else _value(one) for at, one in enumerate(params)
    )


def _value(value: Any) -> Json:
    if type(value) is int and -(2**53) < value < 2**53:  # a key, most often
        return value
    if type(value) is str and value[:1] in ("{", "["):
        return _json_text(value)
    shown = to_json(value)
    # A JSON value, key by key; a list of texts is looked into as well.
    return _redaction.redact("", shown) if type(shown) in (dict, list) else shown


def _json_text(text: str) -> str:
    """Return what may be a JSON value, as most databases are given one: without its secrets."""
    shown = cut(text)
    if not any(map(_redaction.is_secret, _JSON_KEY.findall(shown))):
        return shown
    try:
        value = json.loads(text) if len(text) <= _LONGEST_SQL else None
        redacted = _redaction.redact("", value) if type(value) in (dict, list) else None
    except (ValueError, RecursionError):
        redacted = None
    return _redaction.HIDDEN if redacted is None else cut(json.dumps(redacted, ensure_ascii=False))


def error_text(error: BaseException) -> str:
    return f"{type(error).__name__}: {message_of(error)}"
