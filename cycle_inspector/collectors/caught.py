"""Exceptions that were caught on the way, a side event: nothing else tells of them.

`Signal._log_robust_failure` is called for what a receiver raises under `send_robust`; what a
callback of `on_commit(robust=True)` raises is known by the record that Django logs. The handlers of
Django REST framework and Django Ninja turn an exception into a response, if these are in use.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import wraps
from types import FrameType, ModuleType
from typing import Any

from django.dispatch import Signal

from cycle_inspector.collectors import _libraries, _places
from cycle_inspector.collectors._followed import name_of as function_name
from cycle_inspector.collectors._followed import raised_at
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean, message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._tracebacks import name_of
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

ON_COMMIT = "django.db.backends.base"
"""The logger by which Django tells of a callback of `on_commit` that failed."""


_CALLBACK = re.compile(r"Error calling (\S+) in on_commit")


class Caught(SideEvent):
    """An exception that somebody has caught; the exception itself is not kept."""

    __slots__ = ("_by", "_message", "_name", "_places", "_what", "status")

    KIND = "caught"

    def __init__(
        self, recorder: Recorder, error: BaseException, by: str, what: str, frame: FrameType | None
    ) -> None:
        super().__init__(recorder, frame)
        self._name = name_of(error)
        self._message = message_of(error)
        self._places = _places.places_of_traceback(error)
        self._by = by
        self._what = what
        self.status: Json = None

    def name(self) -> str:
        return self._name

    def attributes(self) -> dict[str, Json]:
        told: dict[str, Json] = {"message": clean(self._message), "by": self._by}
        if self._what:
            told["in"] = self._what
        if type(self.status) is int:
            told["status"] = self.status
        if place := raised_at(_places.frames_of(self._places)):
            told["raised_at"] = place
        return told


@contextmanager
def collect() -> Iterator[None]:
    """See what is caught; stop seeing it afterwards."""
    with ExitStack() as stack:
        original = Signal._log_robust_failure  # type: ignore[attr-defined]

        @wraps(original)
        def log_robust_failure(self: Any, receiver: Any, err: Any) -> Any:
            take(err, "send_robust", function_name(getattr(receiver, "receiver", receiver)))
            return original(self, receiver, err)

        stack.enter_context(replaced(Signal, "_log_robust_failure", log_robust_failure))
        for module, hook in (
            ("rest_framework.views", _of("APIView", "handle_exception", "Django REST framework")),
            ("ninja.main", _of("NinjaAPI", "on_exception", "Django Ninja")),
        ):
            stack.enter_context(_libraries.hooked(module, hook))
        yield


def take(error: Any, by: str, what: str = "") -> Caught | None:
    """Record `error`, which has been caught `by` somebody, in what is called `what`."""
    recorder = current()
    if recorder is None or recorder.closed or not issubclass(type(error), BaseException):
        return None
    with guard("record an exception that was caught", recorder):
        event = Caught(recorder, error, by, what, sys._getframe(1))
        recorder.add_side_event(event)
        return event
    return None


def take_logged(record: Any) -> None:
    """Record what a callback of `on_commit` has raised, from the log record of it."""
    given = vars(record)  # anyone may have set them to anything
    exc_info = given.get("exc_info")
    if type(exc_info) is tuple and len(exc_info) == 3:
        args, message = given.get("args"), given.get("msg")
        # Django 5.2 has put the name of the callback into the message.
        found = _CALLBACK.match(message) if type(message) is str else None
        name = found[1] if found is not None else ""
        if name == "%s" and type(args) is tuple and args:
            name = args[0] if type(args[0]) is str else ""
        take(exc_info[1], "on_commit(robust=True)", name)


def _of(
    class_name: str, method_name: str, by: str
) -> Callable[[ModuleType], AbstractContextManager[object]]:
    """Return the hook of a method whose last argument is an exception it makes a response of."""

    def hook(module: ModuleType) -> AbstractContextManager[object]:
        owner = getattr(module, class_name)
        original = vars(owner)[method_name]

        @wraps(original)
        def handle(self: Any, *args: Any, **given: Any) -> Any:
            response = original(self, *args, **given)
            recorder = current()
            if recorder is not None and not recorder.closed:
                error = args[-1] if args else given.get("exc")
                event = take(error, by)
                if event is not None:
                    event.status = (
                        vars(response).get("status_code") if hasattr(response, "__dict__") else None
                    )
            return response

        return replaced(owner, method_name, handle)

    return hook
