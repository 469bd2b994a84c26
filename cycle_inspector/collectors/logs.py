"""Log records, a side event: what the project's logging passes on to its handlers.

`Logger.callHandlers` is wrapped. It comes after the levels, `logging.disable` and the filters, so a
record that is not wanted is not recorded; and loggers with `propagate=False`, which a handler of
ours at the root would not hear, come through it as well. The message is put together after the
cycle, from arguments that were turned into plain values at once: formatting one of the project's
objects would run its code.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

from cycle_inspector.collectors import _places, _redaction, caught
from cycle_inspector.collectors._followed import raised_at
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean, message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._tracebacks import name_of
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import HIDDEN, Json

# The statements are recorded as queries; the rest is our own.
_LEFT_OUT = ("django.db.backends", "cycle_inspector")
_LEFT_OUT_BELOW = tuple(f"{name}." for name in _LEFT_OUT)

# Neither change nor run anybody's code when they are formatted. By identity, as in `_values`.
_PLAIN = frozenset(map(id, (str, int, float, bool, type(None))))

# A conversion that takes numbers alone, for which a value may no longer be one.
_NUMBER = re.compile(r"%(\(\w+\))?[#0\- +]*\d*(?:\.\d+)?[hlL]?[diouxXeEfFgGc]")


class Logged(SideEvent):
    """A log record, its arguments plain; the record itself is not kept."""

    __slots__ = ("_args", "_exception", "_level", "_logger", "_message", "_raised_at")

    KIND = "log"

    def __init__(self, recorder: Recorder, record: Any, frame: FrameType | None) -> None:
        super().__init__(recorder, frame)
        given = vars(record)  # anyone may have set them to anything
        self._logger = given.get("name")
        self._level = given.get("levelname")
        self._message = _held(given.get("msg"))
        self._args = _held_args(given.get("args"))
        self._exception: dict[str, Json] | None = None
        self._raised_at: Callable[[], Any] | None = None
        exc_info = given.get("exc_info")
        if type(exc_info) is tuple and len(exc_info) == 3 and _is_error(exc_info[1]):
            self._exception = {
                "name": name_of(exc_info[1]),
                "message": message_of(exc_info[1]),
            }
            places = _places.places_of_traceback(exc_info[1])
            self._raised_at = lambda: _places.frames_of(places)

    def name(self) -> str:
        return str(to_json(self._logger))

    def attributes(self) -> dict[str, Json]:
        told: dict[str, Json] = {
            "level": str(to_json(self._level)),
            "message": cut(clean(_formatted(self._message, self._args))),
        }
        if self._exception is not None:
            told["exception"] = self._exception
        if self._raised_at is not None and (place := raised_at(self._raised_at())):
            told["raised_at"] = place
        return told


@contextmanager
def collect() -> Iterator[None]:
    """See what loggers pass to their handlers; stop seeing it afterwards."""
    original = logging.Logger.callHandlers

    @wraps(original)
    def call_handlers(self: Any, record: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            with guard("record a log record", recorder):
                name = self.name
                if name not in _LEFT_OUT and not name.startswith(_LEFT_OUT_BELOW):
                    recorder.add_side_event(Logged(recorder, record, sys._getframe(1)))
                elif name == caught.ON_COMMIT:
                    caught.take_logged(record)
        return original(self, record)

    with replaced(logging.Logger, "callHandlers", call_handlers):
        yield


def _is_error(value: Any) -> bool:
    return issubclass(type(value), BaseException)


def _held(value: Any) -> Json:
    if id(type(value)) in _PLAIN:
        return value
    return message_of(value) if _is_error(value) else to_json(value)


def _held_args(args: Any) -> Any:
    if type(args) is tuple:
        return tuple(map(_held, args))
    if type(args) is dict:  # logging takes a single dict for the arguments by name
        return {
            key: HIDDEN if type(key) is str and _redaction.is_secret(key) else _held(one)
            for key, one in args.items()
            if type(key) is str
        }
    return (_held(args),) if args is not None else ()


def _formatted(message: Json, args: Any) -> str:
    text = message if type(message) is str else str(message)
    if not args:
        return text
    for pattern in (text, _NUMBER.sub(r"%\1s", text)):
        try:
            return str(pattern % args)
        except (TypeError, ValueError, LookupError):
            continue
    return f"{text} {args}"  # logging itself would only complain
