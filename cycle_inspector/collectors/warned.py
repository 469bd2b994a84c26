"""Warnings, a side event: each `warnings.warn` of the request, whether it is shown or not.

Most are never shown: the filters leave out a DeprecationWarning of anything but `__main__`, and the
same warning of the same line is shown once in a process. So `warnings.warn` is replaced, and calls
the original with a stack level that makes up for the frame in between. What is shown without it, by
C code, by `warn_explicit` or under a name imported earlier, is met in `warnings._showwarnmsg`,
which `catch_warnings` and pytest leave as it is. A warning that repeats is one event, counted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FrameType
from typing import Any

from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean, message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__

# The warning that is being issued in this context.
_issued: ContextVar[Warned | None] = ContextVar("cycle_inspector_warning", default=None)


class Warned(SideEvent):
    """A warning; the object itself is not kept."""

    __slots__ = ("_category", "count", "is_raised", "shown", "text", "where")

    KIND = "warning"

    def __init__(
        self, recorder: Recorder, message: Any, category: Any, frame: FrameType | None
    ) -> None:
        super().__init__(recorder, frame)
        is_object = issubclass(type(message), Warning)
        kind = (
            type(message) if is_object else category if isinstance(category, type) else UserWarning
        )
        name = f"{_module_of(kind)}.{_qualname_of(kind)}"
        self._category = name.removeprefix("builtins.")
        # Texts do not change; they are cleaned after the cycle.
        self.text = message_of(message) if is_object else str(to_json(message))
        self.count = 1
        self.shown = 0
        self.is_raised = False
        self.where: tuple[str, int] | None = None

    @property
    def key(self) -> Any:
        """What makes two of them the same."""
        return Warned, self._category, self.text, id(self.place)

    def name(self) -> str:
        return self._category

    def attributes(self) -> dict[str, Json]:
        told: dict[str, Json] = {
            "message": cut(clean(self.text)),
            "count": self.count,
            "shown": self.shown,
        }
        if self.is_raised:
            told["raised"] = True
        if self.where is not None:
            told["blamed"] = {"path": cut(self.where[0]), "line": self.where[1]}
        return told


@contextmanager
def collect() -> Iterator[None]:
    """See warnings as they are issued and as they are shown; stop seeing them afterwards."""
    with ExitStack() as stack:
        stack.enter_context(replaced(warnings, "warn", _wrap_warn(warnings.warn)))
        shown = warnings._showwarnmsg  # type: ignore[attr-defined]
        stack.enter_context(replaced(warnings, "_showwarnmsg", _wrap_shown(shown)))
        yield


def _wrap_warn(original: Any) -> Any:
    @wraps(original)
    def warn(
        message: Any, category: Any = None, stacklevel: Any = 1, source: Any = None, **given: Any
    ) -> Any:
        level = stacklevel
        if type(stacklevel) is int:
            stacklevel = _level(stacklevel, given.get("skip_file_prefixes"), sys._getframe(1))
        recorder = current()
        if recorder is None or recorder.closed:
            return original(message, category, stacklevel, source, **given)
        event: Warned | None = None
        with guard("record a warning", recorder):
            event = _take(recorder, message, category, sys._getframe(1))
            if event.where is None and type(level) is int:
                event.where = _blamed(level, given.get("skip_file_prefixes"), sys._getframe(1))
        token = _issued.set(event)
        try:
            return original(message, category, stacklevel, source, **given)
        except Warning:
            if event is not None:
                event.is_raised = True
            raise
        finally:
            _issued.reset(token)

    return warn


def _wrap_shown(original: Any) -> Any:
    @wraps(original)
    def showwarnmsg(msg: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            with guard("record a warning", recorder):
                event = _issued.get()
                if event is None:
                    event = _take(recorder, msg.message, msg.category, sys._getframe(1))
                event.shown += 1
                if type(msg.filename) is str and type(msg.lineno) is int:
                    event.where = msg.filename, msg.lineno
        return original(msg)

    return showwarnmsg


def _take(recorder: Recorder, message: Any, category: Any, frame: FrameType) -> Warned:
    event = Warned(recorder, message, category, frame)
    known: Warned | None = recorder.repeated.get(event.key)
    if known is not None:
        known.count += 1
        return known
    recorder.repeated[event.key] = event
    recorder.add_side_event(event)
    return event


def _level(given: int, skipped: Any, frame: FrameType) -> int:
    """Return the level, from our own frame, of what `given` is from `frame`."""
    if not skipped or type(skipped) is not tuple:
        return max(given, 1) + 1
    # With prefixes the level is at least 2, and frames of such files do not count: where `frame` is
    # of one of them, the first step from ours leads as far as the first from `frame`. A prefix that
    # is the whole name is none to Python.
    return max(given, 2) + (0 if _is_skipped(frame, skipped) else 1)


def _blamed(level: int, skipped: Any, frame: FrameType) -> tuple[str, int] | None:
    """Return the place that a warning is shown for, which a filter may keep it from."""
    prefixes = skipped if type(skipped) is tuple else ()
    found: FrameType | None = frame
    for _ in range(max(level, 2 if prefixes else 1) - 1):
        found = None if found is None else found.f_back
        while found is not None and _is_skipped(found, prefixes):
            found = found.f_back
    return None if found is None else (found.f_code.co_filename, found.f_lineno)


def _is_skipped(frame: FrameType, prefixes: tuple[Any, ...]) -> bool:
    name = frame.f_code.co_filename
    return any(
        type(one) is str and len(name) > len(one) and name.startswith(one) for one in prefixes
    )
