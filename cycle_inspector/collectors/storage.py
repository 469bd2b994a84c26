"""Calls of file storages, a side event: the methods of the storages, in the classes themselves.

A method that calls others of the same storage, as `save` asks which name is free, is one call. Of
content the size is told where the object has it already; nothing is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FrameType
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from cycle_inspector.collectors import _subclasses
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_OPERATIONS = ("open", "save", "delete", "exists", "url", "size", "listdir")
_LONGEST_NAME = 500

EVERY: Any = object()
"""In the place of a storage: whatever is called of any is a part of something else."""

running: ContextVar[Any] = ContextVar("cycle_inspector_storage", default=None)
"""The storage of which a method is running in this context."""


class StorageCall(SideEvent):
    """One call of a storage."""

    __slots__ = ("_alias", "_backend", "_file", "_operation", "duration", "error", "facts")

    KIND = "storage"

    def __init__(
        self,
        recorder: Recorder,
        storage: Any,
        operation: str,
        args: Any,
        given: Any,
        frame: FrameType,
    ) -> None:
        super().__init__(recorder, frame)
        self._operation = operation
        self._alias = _alias_of(storage)
        self._backend = f"{type(storage).__module__}.{type(storage).__qualname__}"
        called = "path" if operation == "listdir" else "name"
        self._file = str(to_json(args[0] if args else given.get(called)) or "")
        self.duration = 0
        self.error: str | None = None
        self.facts: dict[str, Json] = {}
        if operation == "save":
            content = args[1] if len(args) > 1 else given.get("content")
            # An attribute of its own; else it would be found out by going to the end of the file.
            size = vars(content).get("size") if issubclass(type(content), File) else None
            if type(size) is int:
                self.facts["size"] = size
        elif operation == "open":
            self.facts["mode"] = to_json(args[1] if len(args) > 1 else given.get("mode", "rb"))

    def answered(self, result: Any) -> None:
        """Take what the call has returned, which is not kept."""
        operation = self._operation
        if operation == "save" and type(result) is str and result != self._file:
            self.facts["saved_as"] = clean(cut(result, _LONGEST_NAME))
        elif operation == "exists" and type(result) is bool:
            self.facts["found"] = result
        elif operation == "size" and type(result) is int:
            self.facts["size"] = result

    def name(self) -> str:
        return self._operation

    def attributes(self) -> dict[str, Json]:
        facts: dict[str, Json] = {
            "alias": self._alias,
            "backend": self._backend,
            "name": clean(cut(self._file, _LONGEST_NAME)),
            "duration_ns": self.duration,
            **self.facts,
        }
        if self.error is not None:
            facts["error"] = clean(self.error)
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the methods of all storages; put them back afterwards."""
    with _subclasses.wrapped(Storage, _OPERATIONS, _wrap, "see a storage"):
        yield


def _wrap(operation: str, method: Any) -> Any:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return method(self, *args, **kwargs)
        outer = running.get()
        if outer is self or outer is EVERY:
            return method(self, *args, **kwargs)
        made = None
        with guard("record a call of a storage", recorder):
            made = StorageCall(recorder, self, operation, args, kwargs, sys._getframe(1))
        token = running.set(self)
        start = recorder.clock()
        try:
            result = method(self, *args, **kwargs)
        except BaseException as error:
            if made is not None:
                with guard("record a call of a storage", recorder):
                    made.error = told(error)
                    _end(recorder, made, start)
            raise
        else:
            if made is not None:
                with guard("record a call of a storage", recorder):
                    made.answered(result)
                    _end(recorder, made, start)
            return result
        finally:
            running.reset(token)

    return call


def _end(recorder: Recorder, made: StorageCall, start: int) -> None:
    made.duration = recorder.clock() - start
    recorder.add_side_event(made)


def _alias_of(storage: Any) -> str:
    # Those that are made already; one that a field was given has none.
    made = vars(storages).get("_storages", {})
    return next((str(alias) for alias, one in tuple(made.items()) if one is storage), "")
