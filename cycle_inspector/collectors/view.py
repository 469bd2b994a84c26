"""Stage 6, the view: which code answered, where it stands and how long it took.

`make_view_atomic` is shadowed on the handler (see `cycle_inspector.collectors.middleware`); what it
returns, the view with its transaction if it has one, is timed. The code that a person would open is
found behind decorators, partials and `as_view()`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _frames, _sources
from cycle_inspector.collectors._guard import guard
from cycle_inspector.recorder import OpenSpan, Recorder, current
from cycle_inspector.records import Json, Query, Render, Stage


class Note:
    """The view as the handler got it, and the method of the request it answered."""

    __slots__ = ("callback", "method")

    def __init__(self) -> None:
        self.callback: Any = None
        self.method = ""


def watched(make_view_atomic: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the handler's `make_view_atomic`, its result timed."""

    def make(callback: Any) -> Any:
        view = make_view_atomic(callback)
        recorder = current()
        if recorder is None:
            return view
        with guard("record the view", recorder):
            recorder.note(Stage.VIEW, Note).callback = callback

        # The handler asks whether the view is a coroutine function, so the probe has to say so.
        if iscoroutinefunction(view):

            async def aprobe(request: Any, *args: Any, **kwargs: Any) -> Any:
                span = _open(recorder, callback, request)
                try:
                    return await _frames.async_view(view(request, *args, **kwargs))
                finally:
                    _close(recorder, span)

            return aprobe

        def probe(request: Any, *args: Any, **kwargs: Any) -> Any:
            span = _open(recorder, callback, request)
            try:
                return view(request, *args, **kwargs)
            finally:
                _close(recorder, span)

        return probe

    return make


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the view with all it called."""
    note: Note | None = recorded.notes.get(Stage.VIEW)
    span = next(iter(recorded.of(Stage.VIEW)), None)
    if note is None or span is None:
        return Summed()
    inside: list[Query | Render] = [
        one
        for kept in (recorded.queries, recorded.renders)
        for one in kept
        if one.parent == span.id
    ]
    facts = describe_callback(note.callback, note.method)
    facts["own_ns"] = max(span.duration_ns - sum(one.duration_ns for one in inside), 0)
    raised = next(
        (
            event
            for event in recorded.events
            if event.kind == "exception" and event.attributes.get("in_view")
        ),
        None,
    )
    if raised is not None:
        facts["exception"] = {"type": raised.name, "message": raised.attributes.get("message")}
    return Summed(start_ns=span.start_ns, duration_ns=span.duration_ns, count=1, facts=facts)


def describe_callback(callback: Any, method: str) -> dict[str, Json]:
    """Return the name, kind and place of a view, for a request of HTTP method `method`."""
    code_owner: Any
    view_class = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    is_async = iscoroutinefunction(callback)
    if isinstance(view_class, type):
        # Django REST framework's viewsets map HTTP methods to actions.
        actions = getattr(callback, "actions", None) or {}
        handler = str(actions.get(method.lower(), method.lower()))
        if handler == "head" and not hasattr(view_class, handler):
            handler = "get"  # django.views.View.setup() lets it answer
        code_owner = getattr(view_class, handler, None)
        name, kind = _dotted(view_class), "class"
        is_async = is_async or iscoroutinefunction(code_owner)
    else:
        code_owner = _undecorated(callback)
        name, kind, handler = _dotted(code_owner), "function", None
        if not inspect.isroutine(code_owner) and not isinstance(code_owner, type):
            # An instance with __call__, such as a syndication feed.
            name, kind = _dotted(type(code_owner)), "callable object"
            code_owner = type(code_owner).__call__
    facts: dict[str, Json] = {"name": name, "kind": kind, "is_async": is_async, "method": handler}
    code = getattr(_undecorated(code_owner), "__code__", None)
    if isinstance(view_class, type) and (code is None or not _sources.is_project(code.co_filename)):
        # The method is Django's own; the class is what a person would open.
        return facts | _class_place(view_class)
    if code is not None:
        facts |= {"path": code.co_filename, "line": code.co_firstlineno}
    return facts


def _open(recorder: Recorder, callback: Any, request: Any) -> OpenSpan | None:
    with guard("record the view", recorder):
        recorder.note(Stage.VIEW, Note).method = str(request.method or "")
        view_class = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        return recorder.open_span(
            Stage.VIEW,
            _dotted(view_class if isinstance(view_class, type) else _undecorated(callback)),
        )
    return None


def _close(recorder: Recorder, span: OpenSpan | None) -> None:
    if span is not None:
        with guard("record the view", recorder):
            recorder.close_span(span)


def _undecorated(callback: Any) -> Any:
    # As inspect.unwrap, but through functools.partial as well, and never without end.
    for _ in range(50):
        if isinstance(callback, functools.partial):
            callback = callback.func
        elif "__wrapped__" in getattr(callback, "__dict__", {}):
            callback = callback.__dict__["__wrapped__"]
        else:
            break
    return callback


def _dotted(thing: Any) -> str:
    owner = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{owner.__module__}.{owner.__qualname__}"


def _class_place(view_class: type) -> dict[str, Json]:
    try:
        path = inspect.getsourcefile(view_class)
        line = inspect.getsourcelines(view_class)[1]
    except (OSError, TypeError):  # made without a file
        return {}
    return {"path": path, "line": line}
