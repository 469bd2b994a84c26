"""Exceptions, a side event of the stage they came out of.

`django.core.handlers.exception.response_for_exception` turns every exception of a view or
middleware into a response; it is wrapped, as the signal `got_request_exception` misses those that
become 400, 403 or 404. What a middleware's `process_exception` catches before is seen on the
handler. Frames, locals and what led to an exception are taken at once, see
`cycle_inspector.collectors._tracebacks`; source lines are read after the cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import CodeType
from typing import Any

from django.core.handlers import exception as handler_module
from django.core.handlers.base import BaseHandler
from django.http import Http404
from django.template import TemplateDoesNotExist
from django.urls import Resolver404

from cycle_inspector.collectors import _template_errors, _tracebacks
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Opened, Recorder, current, innermost
from cycle_inspector.records import Event, Json, Stage


class RaisedException:
    """An exception as it was first seen; the exception itself is not kept."""

    __slots__ = (
        "at",
        "attributes",
        "identity",
        "kind",
        "name",
        "parent",
        "stage",
        "taken",
        "template",
    )

    def __init__(
        self, recorder: Recorder, error: BaseException, stage: Stage, request: Any = None
    ) -> None:
        outer: Opened | None = innermost()
        self.identity = id(error)
        self.at = recorder.clock()
        self.parent = None if outer is None else outer.id
        self.stage = Stage.ROUTING if isinstance(error, Resolver404) else stage
        self.kind = "not_found" if isinstance(error, Http404) else "exception"
        self.name = _tracebacks.name_of(error)
        self.attributes: dict[str, Json] = {
            "message": message_of(error),
            "in_view": stage is Stage.VIEW,
        }
        if isinstance(error, TemplateDoesNotExist):
            self.attributes["missing_template"] = _missing(error)
        self.taken: list[_tracebacks.TakenError] = []
        self.template: dict[str, Json] | None = None
        if isinstance(error, Resolver404):  # it comes from Django alone; see the routing
            return
        with guard("take the frames of an exception", recorder):
            self.taken = _tracebacks.take(error, request)
            self.attributes["message"] = self.taken[0].message
            self.template = _template_errors.take(error)

    def is_of(self, error: BaseException) -> bool:
        """Whether this is of `error`, which may have come into the memory of one that is gone."""
        return self.identity == id(error) and self.name == _tracebacks.name_of(error)

    def record(self, recorder: Recorder) -> Event:
        with guard("tell the frames of an exception", recorder):
            if self.taken:
                self.attributes |= _tracebacks.told(self.taken)
            if self.template is not None:
                self.attributes["template"] = _template_errors.told(self.template)
        return Event(
            parent=self.parent,
            stage=self.stage,
            kind=self.kind,
            name=self.name,
            at_ns=self.at - recorder.start,
            frames=_tracebacks.frames_of(self.taken[0]) if self.taken else (),
            attributes=self.attributes,
        )


def watched(process: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the handler's `process_exception_by_middleware`, listened to.

    It is called with what the view, or the rendering of its response, raised.
    """

    def process_exception(error: Any, request: Any) -> Any:
        recorder = current()
        raised = None if recorder is None else _take(recorder, error, _stage(recorder), request)
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
        raised = _take(recorder, exc, Stage.MIDDLEWARE, request)
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
    raised = _take(recorder, error, Stage.VIEW)
    if raised is not None and Stage.RESPONSE in recorder.notes:
        raised.attributes["while_sending"] = True


def take_in(stage: Stage, recorder: Recorder, error: BaseException, request: Any) -> None:
    """Record an exception in the stage that it is of, before others see it further out."""
    _take(recorder, error, stage, request)


def _take(
    recorder: Recorder, error: BaseException, stage: Stage, request: Any = None
) -> RaisedException | None:
    with guard("record an exception", recorder):
        for event in recorder.events:
            if isinstance(event, RaisedException) and event.is_of(error):
                return event
        if stage is Stage.MIDDLEWARE and _is_about_the_view(error):
            stage = Stage.VIEW
        raised = RaisedException(recorder, error, stage, request)
        recorder.add_event(raised)
        return raised
    return None


def _stage(recorder: Recorder) -> Stage:
    # A view may answer with a response that is rendered later, by the handler.
    has_raised = getattr(recorder.notes.get(Stage.VIEW), "has_raised", True)
    return Stage.VIEW if has_raised else Stage.TEMPLATES


def _is_about_the_view(error: BaseException) -> bool:
    """Whether Django complains of what the view has returned."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or traceback.tb_frame.f_code is not _CHECK:
        return False
    # Of what a process_template_response has returned it says so by `name`.
    return "process_template_response" not in str(traceback.tb_frame.f_locals.get("name"))


def _missing(error: TemplateDoesNotExist) -> Json:
    tried = [*error.tried, *(one for inner in error.chain for one in inner.tried)]
    return {
        "name": str(to_json(error.args[0])) if error.args else "",
        "tried": [[str(to_json(origin.name)), str(to_json(reason))] for origin, reason in tried],
    }


_CHECK: CodeType = BaseHandler.check_response.__code__
