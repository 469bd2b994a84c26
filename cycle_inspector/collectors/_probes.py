"""Probes: what stands between two middlewares, and around each process_* hook.

A probe is what a middleware gets as its `get_response`. Its span is named after the next one
inwards, lasts as long as that one's call, and says how much of it came before (`in_ns`) and after
(`out_ns`) what is further in. No exception passes a probe, as Django makes a response of it around
each middleware; what does pass is the end of a task or of the process.

This runs for each middleware of each request: a `try` of its own is cheaper than a `guard`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import failed
from cycle_inspector.collectors._layers import NOTHING, HookSpan, Layer, MiddlewareSpan, Note
from cycle_inspector.recorder import Opened, Recorder, current, innermost
from cycle_inspector.records import Stage


def probe(adapted: Any, layer: Layer, make_note: Callable[[], Note] | None) -> Callable[..., Any]:
    """Return `adapted`, timed as the call of `layer`.

    Where it is what our first middleware gets, `make_note` makes the note of the request.
    """
    if iscoroutinefunction(adapted):

        async def aprobe(request: Any) -> Any:
            recorder = current()
            if recorder is None:
                return await adapted(request)
            outer = innermost()
            span = _opened(recorder, layer, make_note)
            start, response = recorder.clock(), NOTHING
            try:
                response = await adapted(request)
                return response
            finally:
                _closed(recorder, layer, span, outer, start, response)

        _frames.chain_in(aprobe.__code__)
        return aprobe

    def probe(request: Any) -> Any:
        recorder = current()
        if recorder is None:
            return adapted(request)
        outer = innermost()
        span = _opened(recorder, layer, make_note)
        start, response = recorder.clock(), NOTHING
        try:
            response = adapted(request)
            return response
        finally:
            _closed(recorder, layer, span, outer, start, response)

    return probe


def _opened(
    recorder: Recorder, layer: Layer, make_note: Callable[[], Note] | None
) -> MiddlewareSpan | None:
    try:
        if make_note is not None:
            recorder.notes[Stage.MIDDLEWARE] = make_note()
        if not layer.is_ours:
            return MiddlewareSpan(recorder, layer)
        if layer.is_last and (note := recorder.notes.get(Stage.MIDDLEWARE)) is not None:
            note.is_inside = True
            note.is_entering = layer.hop is not None
    except Exception as error:  # it must not cost the page
        failed("record a middleware", recorder, error)
    return None


def _closed(
    recorder: Recorder,
    layer: Layer,
    span: MiddlewareSpan | None,
    outer: Opened | None,
    start: int,
    response: Any,
) -> None:
    try:
        if span is not None:
            recorder.close_span(span)
            start, end = span.start, span.end
        else:
            end = recorder.clock()
            if layer.is_last and (note := recorder.notes.get(Stage.MIDDLEWARE)) is not None:
                note.is_inside = False
        status = getattr(response, "status_code", None)
        if span is not None:
            span.leave(response, status)
        if type(outer) is MiddlewareSpan:
            outer.saw_next(start, end, response, status)
    except Exception as error:
        failed("record a middleware", recorder, error)


def hook(adapted: Any, method: Any, layer: Layer, hop: str | None) -> Any:
    """Return a process_* hook of `layer`, timed; `method` is what it was before it was adapted."""
    name = getattr(method, "__name__", "process")
    timed: Any
    if iscoroutinefunction(adapted):

        async def acall(*args: Any, **kwargs: Any) -> Any:
            recorder = current()
            if recorder is None:
                return await adapted(*args, **kwargs)
            span, response = _hook_opened(recorder, layer, name, hop), NOTHING
            try:
                response = await adapted(*args, **kwargs)
                return response
            finally:
                _hook_closed(recorder, span, response, args)

        _frames.chain_in(acall.__code__)
        timed = acall
    else:

        def call(*args: Any, **kwargs: Any) -> Any:
            recorder = current()
            if recorder is None:
                return adapted(*args, **kwargs)
            span, response = _hook_opened(recorder, layer, name, hop), NOTHING
            try:
                response = adapted(*args, **kwargs)
                return response
            finally:
                _hook_closed(recorder, span, response, args)

        timed = call
    # BaseHandler._get_response reads `middleware_method.__self__.__class__.__name__`.
    timed.__self__ = getattr(method, "__self__", None)
    return timed


def _hook_opened(recorder: Recorder, layer: Layer, name: str, hop: str | None) -> HookSpan | None:
    try:
        return HookSpan(recorder, layer, name, hop)
    except Exception as error:
        failed("record a hook", recorder, error)
    return None


def _hook_closed(
    recorder: Recorder, span: HookSpan | None, response: Any, args: tuple[Any, ...]
) -> None:
    if span is None:
        return
    try:
        recorder.close_span(span)
        span.settle(response, args[-1] if args else None)
    except Exception as error:
        failed("record a hook", recorder, error)
