"""Cache calls, a side event: the methods of Django's cache backends, in the classes themselves.

A method that calls others of the same cache, as `get_or_set` does, is one call. The async methods
call the sync ones. Values are never looked into; of bytes and text the length is told.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FrameType
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from cycle_inspector.collectors import _subclasses
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_OPERATIONS = (
    *("get", "get_many", "get_or_set", "has_key", "set", "set_many", "add", "touch"),
    *("incr", "decr", "incr_version", "decr_version", "delete", "delete_many", "clear"),
)
_MANY = frozenset({"get_many", "set_many", "delete_many"})
_SIZED = frozenset({"set", "add"})  # their second argument is the value
_ANSWERED = frozenset({"add", "touch", "delete"})  # by whether they have done it
_MOST_KEYS = 100
_LONGEST_KEY = 300

# The call that is running in this context.
_running: ContextVar[CacheCall | None] = ContextVar("cycle_inspector_cache", default=None)

# The alias of each cache by its id, beside a reference that says whether it is still that one.
_aliases: dict[int, tuple[Callable[[], Any], str]] = {}


class CacheCall(SideEvent):
    """One call of a cache."""

    __slots__ = (
        "_alias",
        "_operation",
        "cache",
        "count",
        "done",
        "duration",
        "error",
        "hits",
        "keys",
        "one_key",
        "size",
    )

    KIND = "cache"

    def __init__(
        self,
        recorder: Recorder,
        cache: Any,
        operation: str,
        args: Any,
        given: Any,
        frame: FrameType,
    ) -> None:
        super().__init__(recorder, frame)
        self.cache: Any = cache
        self._alias = _alias_of(cache)
        self._operation = operation
        self.duration = 0
        self.error: str | None = None
        self.hits: int | None = None
        self.done: bool | None = None
        self.size: int | None = None
        self.count: int | None = 1
        self.one_key: Any = None
        self.keys: Any = ()
        if operation in _MANY:
            keys = args[0] if args else given.get("keys", given.get("data"))
            self.keys, self.count = _held(keys)
        elif operation == "clear":
            self.count = None
        else:
            self.one_key = key = args[0] if args else given.get("key")
            self.keys = (key if type(key) is str else to_json(key),)
            if operation in _SIZED:
                self.size = _size(args[1] if len(args) > 1 else given.get("value"))

    def answered(self, result: Any, default: Any) -> None:
        """Take what the call has returned, which is not kept."""
        operation = self._operation
        if operation == "get":
            self.hits = int(result is not default)
            self.size = _size(result) if self.hits else None
        elif operation == "get_many":
            self.hits = len(result) if type(result) is dict else None
        elif operation == "get_or_set":
            self.size = _size(result)
        elif operation == "has_key":
            self.hits = int(result is True)
        elif operation in _ANSWERED and type(result) is bool:
            self.done = result

    def name(self) -> str:
        return self._operation

    def attributes(self) -> dict[str, Json]:
        attributes: dict[str, Json] = {
            "alias": self._alias,
            "keys": [cut(clean(str(key)), _LONGEST_KEY) for key in self.keys],
            "duration_ns": self.duration,
        }
        if self.count is not None and self.count != len(self.keys):
            attributes["key_count"] = self.count
        if self.hits is not None:
            attributes["hits"] = self.hits
            attributes["misses"] = max(0, (self.count or 0) - self.hits)
        for key in ("size", "done", "error"):
            if getattr(self, key) is not None:
                attributes[key] = getattr(self, key)
        return attributes


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the methods of all cache backends; put them back afterwards."""
    with _subclasses.wrapped(BaseCache, _OPERATIONS, _wrap, "see a cache"):
        yield


def _wrap(operation: str, method: Any) -> Any:
    is_get = operation == "get"

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return method(self, *args, **kwargs)
        outer = _running.get()
        if outer is not None and _is_part(outer, self, args, kwargs):
            result = method(self, *args, **kwargs)
            if is_get and outer.hits is None and outer.name() == "get_or_set":
                outer.hits = int(result is not _default(args, kwargs))
            return result
        made: CacheCall | None = None
        token = None
        try:
            made = CacheCall(recorder, self, operation, args, kwargs, sys._getframe(1))
            token = _running.set(made)
            made.at = recorder.clock()
        except Exception as error:
            failed("record a cache call", recorder, error)
            made = None
        try:
            result = method(self, *args, **kwargs)
        except BaseException as error:
            if made is not None:
                with guard("record a cache call", recorder):
                    made.error = told(error)
                    _end(recorder, made)
            raise
        else:
            if made is not None:
                try:
                    made.answered(result, _default(args, kwargs) if is_get else None)
                    _end(recorder, made)
                except Exception as error:
                    failed("record a cache call", recorder, error)
            return result
        finally:
            if token is not None:
                _running.reset(token)

    return call


def _end(recorder: Recorder, made: CacheCall) -> None:
    made.duration = recorder.clock() - made.at
    made.cache = made.one_key = None  # not to be kept alive
    recorder.add_side_event(made)


def _is_part(outer: CacheCall, cache: Any, args: Any, given: Any) -> bool:
    """Whether a call is made by the method that is running, and not by a default it asks for."""
    if outer.cache is not cache:
        return False
    if outer.name() != "get_or_set":
        return True
    return (args[0] if args else given.get("key")) is outer.one_key


def _default(args: Any, given: Any) -> Any:
    return args[1] if len(args) > 1 else given.get("default")


def _held(keys: Any) -> tuple[tuple[Any, ...], int | None]:
    """Return the first of many keys and their number; an iterator is not to be consumed."""
    if type(keys) not in (list, tuple, set, frozenset, dict, type({}.keys())):
        return (), None
    first = list(keys)[:_MOST_KEYS]
    return tuple(key if type(key) is str else to_json(key) for key in first), len(keys)


def _size(value: Any) -> int | None:
    return len(value) if type(value) in (bytes, str) else None


def _alias_of(cache: Any) -> str:
    known = _aliases.get(id(cache))
    if known is not None and known[0]() is cache:
        return known[1]
    # One that a project has made by itself has none.
    connections = caches._connections  # type: ignore[attr-defined]
    alias = next((one for one in caches if getattr(connections, one, None) is cache), "")
    identity = id(cache)
    _aliases[identity] = weakref.ref(cache, lambda _: _aliases.pop(identity, None)), alias
    return alias
