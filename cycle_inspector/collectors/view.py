"""Stage 6, the view: which code answered, where it stands and how long it took.

`make_view_atomic` is shadowed on the handler (see `cycle_inspector.collectors.middleware`); what it
returns, the view with its transaction if it has one, is timed. What the view is called and where it
stands is worked out after the request, once for each callback and method.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _frames, _own_time
from cycle_inspector.collectors._decorators import cells, own
from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._view_code import describe_callback
from cycle_inspector.recorder import OpenSpan, Recorder, current
from cycle_inspector.records import Json, Span, Stage

# A project has some hundred views. Callbacks that are made anew for each request would fill the
# table without end, so it is emptied at this size.
_MOST_VIEWS = 1_000

# The code of a view, by the identity of its callback and the method of the request.
_known: dict[tuple[int, str], tuple[weakref.ref[Any], dict[str, Json]]] = {}


class ViewSpan(OpenSpan):
    """The call of a view; its name is found after the request."""

    __slots__ = ("callback", "has_raised", "method", "view")

    def __init__(self, recorder: Recorder, callback: Any, view: Any, method: Any) -> None:
        self.callback = callback
        self.view = view  # the callback, with its transaction
        self.method = method
        self.has_raised = False
        super().__init__(recorder, Stage.VIEW, "view")

    def record(self, recorder: Recorder) -> Span:
        with guard("name the view", recorder):
            self.name = str(code_of(self.callback, self.method)["name"])
        return super().record(recorder)


def watched(make_view_atomic: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the handler's `make_view_atomic`, its result timed."""

    def make(callback: Any) -> Any:
        view = make_view_atomic(callback)
        recorder = current()
        if recorder is None:
            return view

        # The handler asks whether the view is a coroutine function, so the probe has to say so.
        if iscoroutinefunction(view):

            async def aprobe(request: Any, *args: Any, **kwargs: Any) -> Any:
                span = _open(recorder, callback, view, request)
                try:
                    return await _frames.async_view(view(request, *args, **kwargs))
                except BaseException:
                    _note_raised(span)
                    raise
                finally:
                    _close(recorder, span)

            return aprobe

        def probe(request: Any, *args: Any, **kwargs: Any) -> Any:
            span = _open(recorder, callback, view, request)
            try:
                return view(request, *args, **kwargs)
            except BaseException:
                _note_raised(span)
                raise
            finally:
                _close(recorder, span)

        return probe

    return make


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the view with all it called."""
    opened: ViewSpan | None = recorded.notes.get(Stage.VIEW)
    if opened is None:
        return Summed()
    span = next((one for one in recorded.of(Stage.VIEW) if one.id == opened.id), None)
    if span is None:
        return Summed()
    facts = {**code_of(opened.callback, opened.method)}
    is_async = iscoroutinefunction(opened.view)
    facts["own_ns"] = _own_time.own_ns(recorded, span, is_async=is_async)
    if opened.view is not opened.callback:
        facts["atomic"] = _transactions(opened.view, opened.callback)
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


def code_of(callback: Any, method: Any) -> dict[str, Json]:
    """Return `describe_callback`, worked out once; not to be changed."""
    key = id(callback), str(method or "")
    found = _known.get(key)
    if found is not None and found[0]() is callback:
        return found[1]
    facts = describe_callback(callback, key[1])
    try:
        # A callback that is gone may have left its identity to another.
        reference = weakref.ref(callback)
    except TypeError:
        return facts
    if len(_known) >= _MOST_VIEWS:
        _known.clear()
    _known[key] = reference, facts
    return facts


def _open(recorder: Recorder, callback: Any, view: Any, request: Any) -> ViewSpan | None:
    try:
        span = ViewSpan(recorder, callback, view, request.method)
        recorder.notes[Stage.VIEW] = span
    except Exception as error:
        failed("record the view", recorder, error)
        return None
    return span


def _note_raised(span: ViewSpan | None) -> None:
    if span is not None:
        span.has_raised = True


def _close(recorder: Recorder, span: ViewSpan | None) -> None:
    if span is not None:
        try:
            recorder.close_span(span)
        except Exception as error:
            failed("record the view", recorder, error)


def _transactions(view: Any, callback: Any) -> list[str]:
    """Return the aliases that Django has opened a transaction on, around the view."""
    aliases = []
    while view is not callback and (inner := own(view).get("__wrapped__")) is not None:
        aliases.append(str(getattr(cells(view).get("self"), "using", "")))
        view = inner
    return aliases
