"""Stage 4, the middleware: what each one did on the way in and on the way out.

`BaseHandler.load_middleware` builds the chain from the inside: our last middleware is made first,
and its `get_response` leads to the handler. `watch` shadows methods on that one handler instance,
so that for the rest of the build each middleware is given a timed `get_response`, and each
process_* hook is timed. No class, module or setting is changed; other handlers are not touched. The
same code runs in Django 5.2, 6.0 and 6.1.

A probe stands between two middlewares. Its span is named after the inner one, lasts as long as that
one's call, and says how much of it came before (`in_ns`) and after (`out_ns`) the next one's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import exceptions, routing, view
from cycle_inspector.collectors._guard import guard
from cycle_inspector.recorder import Opened, OpenSpan, Recorder, current, innermost
from cycle_inspector.records import Json, Span, Stage

logger = logging.getLogger("cycle_inspector")


class MiddlewareSpan(OpenSpan):
    """The call of one middleware; it learns from the next one's when that one ran."""

    __slots__ = ("first", "inside", "last")

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.first = self.last = self.inside = 0
        super().__init__(recorder, Stage.MIDDLEWARE, name)

    def saw_next(self, start: int, end: int) -> None:
        self.first = self.first or start
        self.last = end
        self.inside += end - start

    def record(self, recorder: Recorder) -> Span:
        total = self.end - self.start
        # A middleware that carries the request into a thread of its own is not seen calling the
        # next one; that it did shows where our last one has been reached.
        is_through = self.first or Stage.MIDDLEWARE in recorder.notes
        self.attributes |= {
            "in_ns": self.first - self.start if self.first else total,
            "out_ns": self.end - self.last if self.first else 0,
            "own_ns": total - self.inside,
            "short_circuit": not is_through,
        }
        return super().record(recorder)


_SHADOWED = (
    "adapt_method_mode",
    "resolve_request",
    "make_view_atomic",
    "process_exception_by_middleware",
)
_OUR_MODULES = (__name__, routing.__name__, view.__name__, exceptions.__name__)


class Watch:
    """Stands in for some methods of one handler while, and after, it builds its chain."""

    def __init__(self, handler: Any) -> None:
        for name in _SHADOWED:  # a handler that builds its chain anew is watched anew
            if getattr(handler.__dict__.get(name), "__module__", "") in _OUR_MODULES:
                del handler.__dict__[name]
        self.handler = handler
        self.not_used: list[str] = []
        self.hop: str | None = None  # on the way from the handler to the outermost middleware
        self._adapt = handler.adapt_method_mode
        self._pending: tuple[str, Any] | None = None  # the middleware being made, what it got
        self._inner: str | None = None  # the middleware that the next probe leads to
        handler.adapt_method_mode = self.adapt_method_mode
        handler.resolve_request = routing.watched(handler.resolve_request)
        handler.make_view_atomic = view.watched(handler.make_view_atomic)
        handler.process_exception_by_middleware = exceptions.watched(
            handler.process_exception_by_middleware
        )

    def adapt_method_mode(
        self,
        is_async: bool,  # noqa: FBT001 - Django's own signature, here and below
        method: Any,
        method_is_async: bool | None = None,  # noqa: FBT001
        debug: bool = False,  # noqa: FBT001, FBT002
        name: str | None = None,
    ) -> Any:
        """Adapt as the handler would, then time what comes out.

        `load_middleware` calls this in three ways: with a name for the `get_response` of a
        middleware, with neither name nor mode for a process_* hook, and at last with a mode alone.
        """
        adapted = self._adapt(is_async, method, method_is_async, debug, name)
        if name is not None:
            self._note_made(method)
            self._pending = name.removeprefix("middleware "), method
            return _probe(adapted, self._inner, _hop(adapted, method, is_async=is_async))
        if method_is_async is None:
            owner = self._pending[0] if self._pending else "cycle_inspector"
            return _hook(adapted, method, owner, _hop(adapted, method, is_async=is_async))
        self._note_made(method)
        self.hop = _hop(adapted, method, is_async=is_async)
        del self.handler.adapt_method_mode
        return adapted

    def _note_made(self, method: Any) -> None:
        # A middleware that raises MiddlewareNotUsed leaves the chain as it was: the one outside of
        # it is given the very same function.
        if self._pending is None:
            return
        name, given = self._pending
        if method is given:
            self.not_used.append(name)
        else:
            self._inner = name


def watch(get_response: Any) -> Watch | None:
    """Watch the handler that `get_response`, which our last middleware was given, leads to.

    None, with the reason in the log, if our middleware is not the last one, or another tool has
    replaced the handler's own method: then the chain is not timed.
    """
    handler = getattr(getattr(get_response, "__wrapped__", None), "__self__", None)
    if handler is None or not hasattr(handler, "adapt_method_mode"):
        logger.warning(
            "The middleware, the routing and the view cannot be timed: "
            "cycle_inspector.middleware.LastMiddleware is not the last entry of MIDDLEWARE, or "
            "another tool has replaced the handler's methods."
        )
        return None
    return Watch(handler)


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the middlewares alone."""
    watched: Watch | None = recorded.notes.get(Stage.MIDDLEWARE)
    calls = [span for span in recorded.of(Stage.MIDDLEWARE) if "own_ns" in span.attributes]
    hooks: dict[str, list[dict[str, Json]]] = {}
    hooks_ns = 0
    for span in recorded.of(Stage.MIDDLEWARE):
        if "hook" in span.attributes:
            hooks_ns += span.duration_ns
            hooks.setdefault(str(span.attributes["middleware"]), []).append(
                {
                    "hook": span.attributes["hook"],
                    "hop": span.attributes["hop"],
                    "duration_ns": span.duration_ns,
                    "answered": span.attributes["answered"],
                }
            )
    facts: dict[str, Json] = {
        "onion": [
            {
                "name": span.name,
                "depth": depth,
                "total_ns": span.duration_ns,
                **span.attributes,
                "hooks": hooks.pop(span.name, []),
            }
            for depth, span in enumerate(calls)
        ],
        "not_used": [] if watched is None else watched.not_used,
    }
    if watched is not None and watched.hop is not None:
        facts["hop"] = watched.hop
    if watched is None and not calls and recorded.notes.get(Stage.CLIENT) is not None:
        facts["untimed"] = (
            "The chain was not seen: LastMiddleware is not the last entry of MIDDLEWARE."
        )
    return Summed(
        start_ns=calls[0].start_ns if calls else 0,
        # The process_* hooks run inside the innermost middleware, so no middleware's own time has
        # them in it.
        duration_ns=sum(int(span.attributes["own_ns"]) for span in calls) + hooks_ns,
        count=len(calls),
        facts=facts,
    )


def _hop(adapted: Any, method: Any, *, is_async: bool) -> str | None:
    if adapted is method:
        return None
    return "sync_to_async" if is_async else "async_to_sync"


def _probe(adapted: Any, inner: str | None, hop: str | None) -> Callable[[Any], Any]:
    """Return `adapted`, timed as the call of the middleware `inner`; None is our last one."""
    if iscoroutinefunction(adapted):

        async def aprobe(request: Any) -> Any:
            recorder = current()
            if recorder is None:
                return await adapted(request)
            outer = innermost()
            span = _open(recorder, inner, hop)
            start = recorder.clock()
            try:
                return await adapted(request)
            finally:
                _close(recorder, span, outer, start)

        return aprobe

    def probe(request: Any) -> Any:
        recorder = current()
        if recorder is None:
            return adapted(request)
        outer = innermost()
        span = _open(recorder, inner, hop)
        start = recorder.clock()
        try:
            return adapted(request)
        finally:
            _close(recorder, span, outer, start)

    return probe


def _open(recorder: Recorder, inner: str | None, hop: str | None) -> MiddlewareSpan | None:
    if inner is None:
        return None
    with guard("record a middleware", recorder):
        span = MiddlewareSpan(recorder, inner)
        span.attributes["hop"] = hop
        return span
    return None


def _close(
    recorder: Recorder, span: MiddlewareSpan | None, outer: Opened | None, start: int
) -> None:
    with guard("record a middleware", recorder):
        end = recorder.clock()
        if span is not None:
            recorder.close_span(span)
            start, end = span.start, span.end
        if isinstance(outer, MiddlewareSpan):
            outer.saw_next(start, end)


def _hook(adapted: Any, method: Any, middleware: str, hop: str | None) -> Any:
    """Return a process_* hook of `middleware`, timed."""
    hook = getattr(method, "__name__", "process")
    name = f"{hook} {middleware}"
    # process_template_response has to answer; the others answer in the view's place, or do not.
    may_answer = hook != "process_template_response"

    def opened(recorder: Recorder) -> OpenSpan | None:
        with guard("record a hook", recorder):
            span = recorder.open_span(Stage.MIDDLEWARE, name)
            span.attributes.update(hook=hook, middleware=middleware, answered=False, hop=hop)
            return span
        return None

    def close(recorder: Recorder, span: OpenSpan | None, response: Any) -> None:
        if span is not None:
            with guard("record a hook", recorder):
                span.attributes["answered"] = may_answer and response is not None
                recorder.close_span(span)

    timed: Any
    if iscoroutinefunction(adapted):

        async def acall(*args: Any, **kwargs: Any) -> Any:
            recorder = current()
            if recorder is None:
                return await adapted(*args, **kwargs)
            span, response = opened(recorder), None
            try:
                response = await adapted(*args, **kwargs)
            finally:
                close(recorder, span, response)
            return response

        timed = acall
    else:

        def call(*args: Any, **kwargs: Any) -> Any:
            recorder = current()
            if recorder is None:
                return adapted(*args, **kwargs)
            span, response = opened(recorder), None
            try:
                response = adapted(*args, **kwargs)
            finally:
                close(recorder, span, response)
            return response

        timed = call
    # BaseHandler._get_response reads `middleware_method.__self__.__class__.__name__`.
    timed.__self__ = getattr(method, "__self__", None)
    return timed
