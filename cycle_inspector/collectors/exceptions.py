"""Exceptions, a side event of the stage they came out of.

`django.core.handlers.exception.response_for_exception` turns every exception of a view or
middleware into a response; it is wrapped, as the signal `got_request_exception` misses those that
become 400, 403 or 404. What a middleware's `process_exception` catches before is seen on the
handler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.handlers import exception as handler_module
from django.http import Http404
from django.template import TemplateDoesNotExist
from django.urls import Resolver404

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Opened, Recorder, current, innermost
from cycle_inspector.records import Event, Json, Stage


class RaisedException:
    """An exception as it was first seen; it is described at once, as its frames live on."""

    __slots__ = ("at", "attributes", "frames", "identity", "kind", "name", "parent", "stage")

    def __init__(self, recorder: Recorder, error: BaseException, stage: Stage) -> None:
        outer: Opened | None = innermost()
        self.identity = id(error)
        self.at = recorder.clock()
        self.parent = None if outer is None else outer.id
        self.stage = Stage.ROUTING if isinstance(error, Resolver404) else stage
        self.kind = "not_found" if isinstance(error, Http404) else "exception"
        self.name = _name(error)
        self.frames = _frames.of_traceback(error)
        self.attributes: dict[str, Json] = {
            "message": message_of(error),
            "in_view": stage is Stage.VIEW,
        }
        if isinstance(error, TemplateDoesNotExist):
            self.attributes["missing_template"] = _missing(error)

    def is_of(self, error: BaseException) -> bool:
        """Whether this is of `error`, which may have come into the memory of one that is gone."""
        return self.identity == id(error) and self.name == _name(error)

    def record(self, recorder: Recorder) -> Event:
        return Event(
            parent=self.parent,
            stage=self.stage,
            kind=self.kind,
            name=self.name,
            at_ns=self.at - recorder.start,
            frames=self.frames,
            attributes=self.attributes,
        )


def watched(process: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the handler's `process_exception_by_middleware`, listened to.

    It is called with what the view, or the rendering of its response, raised.
    """

    def process_exception(error: Any, request: Any) -> Any:
        recorder = current()
        raised = None if recorder is None else _take(recorder, error, Stage.VIEW)
        response = process(error, request)
        if raised is not None and response is not None:
            # What a project's hook returns need not be a response; Django says so further out.
            with guard("record an exception", recorder):
                raised.attributes["handled_as"] = f"{response.status_code}, by a middleware"
        return response

    return process_exception


@contextmanager
def collect() -> Iterator[None]:
    """See every exception that becomes a response; stop seeing them afterwards."""
    original = handler_module.response_for_exception

    @wraps(original)
    def response_for_exception(request: Any, exc: Exception) -> Any:
        recorder = current()
        if recorder is None:
            return original(request, exc)
        raised = _take(recorder, exc, Stage.MIDDLEWARE)
        span = None
        with guard("record an exception", recorder):
            span = recorder.open_span(Stage.RESPONSE, "exception response")
        try:
            response = original(request, exc)
        finally:
            if span is not None:
                with guard("record an exception", recorder):
                    recorder.close_span(span)
        if raised is not None:
            with guard("record an exception", recorder):
                raised.attributes["handled_as"] = str(response.status_code)
        return response

    with replaced(handler_module, "response_for_exception", response_for_exception):
        yield


def take(recorder: Recorder, error: BaseException) -> None:
    """Record an exception that no hook sees: one that ends a block or a stream."""
    _take(recorder, error, Stage.VIEW)


def _take(recorder: Recorder, error: BaseException, stage: Stage) -> RaisedException | None:
    with guard("record an exception", recorder):
        for event in recorder.events:
            if isinstance(event, RaisedException) and event.is_of(error):
                return event
        raised = RaisedException(recorder, error, stage)
        recorder.add_event(raised)
        return raised
    return None


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _missing(error: TemplateDoesNotExist) -> Json:
    tried = [*error.tried, *(one for inner in error.chain for one in inner.tried)]
    return {
        "name": str(to_json(error.args[0])) if error.args else "",
        "tried": [[str(to_json(origin.name)), str(to_json(reason))] for origin, reason in tried],
    }
