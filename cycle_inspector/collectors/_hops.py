"""Hops between threads and event loops: where sync code calls async code, and the reverse.

Each costs a change of threads on the way in and another on the way back. All of Django's are made
by two classes of asgiref, whose `__call__` is wrapped, as nothing else sees both ends of a hop: not
the ones that `MiddlewareMixin` makes for its process_request and process_response, nor those on the
way to a view. Only hops of the chain are taken; those of the view's own code are its own business.

The hop from the server to the outermost middleware is made before there is a recorder; it is
timed by functions around the chain. Its way back is over after the cycle is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync, iscoroutinefunction, markcoroutinefunction

from cycle_inspector.collectors import exceptions, view
from cycle_inspector.collectors._guard import failed
from cycle_inspector.collectors._layers import HookSpan, MiddlewareSpan, Note
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Recorder, current, innermost
from cycle_inspector.records import Json, Stage

INTO_THREAD = "sync_to_async"
INTO_LOOP = "async_to_sync"

_MOST_HOPS = 1_000  # in a cycle

# Where the name of what is called says more than where the hop is made.
_NAMED = ("hook", "own", "render", "other")

# When the chain was called, and then how long it took to arrive there.
_called_at: ContextVar[int] = ContextVar("cycle_inspector_called_at", default=0)
_hop_in_ns: ContextVar[int] = ContextVar("cycle_inspector_hop_in_ns", default=0)

hop_in_ns: Callable[[], int] = _hop_in_ns.get
"""Return how long the last hop from the server to a chain took, in the running context."""


class Hop:
    """One hop: who made it, to call what, and its four instants."""

    __slots__ = ("arrived", "at", "departed", "end", "kind", "name", "of", "parent", "start")

    def __init__(self, kind: str, at: str, name: str, span: Any, start: int) -> None:
        self.kind = kind
        self.at = at
        self.name = name
        self.of = "" if span is None else span.layer.name
        self.parent = None if span is None else span.id
        self.start = self.end = start
        self.arrived = self.departed = 0

    @property
    def cost_ns(self) -> int:
        """The time on the way in and on the way back; one that never arrived is all way in."""
        inside = self.departed - self.arrived if self.departed else 0
        return max(self.end - self.start - inside, 0)

    def facts(self) -> dict[str, Json]:
        return {
            "at": self.at,
            "of": self.of,
            "name": self.name,
            "hop": self.kind,
            "hop_ns": self.cost_ns,
        }


@contextmanager
def collect() -> Iterator[None]:
    """Time the hops of the chain; stop timing them afterwards."""
    into_thread = _timed_into_thread(SyncToAsync.__call__)
    into_loop = _timed_into_loop(AsyncToSync.__call__)
    with (
        replaced(SyncToAsync, "__call__", into_thread),
        replaced(AsyncToSync, "__call__", into_loop),
    ):
        yield


def _timed_into_thread(original: Any) -> Any:
    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True  # as asgiref hides its own frames from Django's error page
        recorder = current()
        opened = None if recorder is None else _opened(recorder, INTO_THREAD, self, "func")
        if recorder is None or opened is None:
            return original(self, *args, **kwargs)
        hop, timed = opened
        called, clock = timed.func, recorder.clock

        def func(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            hop.arrived = clock()
            try:
                return called(*args, **kwargs)
            finally:
                hop.departed = clock()

        timed.func = func
        return _until_back(original(timed, *args, **kwargs), hop, clock)

    markcoroutinefunction(call)  # as the original is one
    return call


def _timed_into_loop(original: Any) -> Any:
    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        recorder = current()
        opened = None if recorder is None else _opened(recorder, INTO_LOOP, self, "awaitable")
        if recorder is None or opened is None:
            return original(self, *args, **kwargs)
        hop, timed = opened
        called, clock = timed.awaitable, recorder.clock

        async def arrive(coroutine: Any) -> Any:
            __traceback_hide__ = True
            hop.arrived = clock()
            try:
                return await coroutine
            finally:
                hop.departed = clock()

        # Called here, as asgiref does; only the waiting is done in the loop.
        timed.awaitable = lambda *args, **kwargs: arrive(called(*args, **kwargs))
        try:
            return original(timed, *args, **kwargs)
        finally:
            hop.end = clock()

    return call


async def _until_back(coroutine: Any, hop: Hop, clock: Callable[[], int]) -> Any:
    __traceback_hide__ = True
    try:
        return await coroutine
    finally:
        hop.end = clock()


def _opened(recorder: Recorder, kind: str, crossing: Any, attribute: str) -> tuple[Hop, Any] | None:
    """Return a hop that begins now, if it is one of the chain's, and a copy of what makes it.

    Many requests share the original, so that what it calls can be replaced in the copy only.
    """
    span = innermost()
    if span is not None and type(span) is not MiddlewareSpan and type(span) is not HookSpan:
        return None
    note: Note | None = recorder.notes.get(Stage.MIDDLEWARE)
    if note is None or recorder.closed:
        return None
    try:
        if len(note.hops) >= _MOST_HOPS:
            recorder.count_dropped("spans")
            return None
        called = getattr(crossing, attribute)
        name = ""
        if note.is_inside and type(span) is not HookSpan:
            name, span = _name(called), None
            at = _place_inside(note, called, name)
        elif span is None:
            return None
        elif span.is_entering:
            span.is_entering = False
            at, name = ("hook", span.hook) if type(span) is HookSpan else ("middleware", "")
        else:
            at, name = "own", _name(called)
        copy = object.__new__(type(crossing))
        copy.__dict__.update(crossing.__dict__)
        hop = Hop(kind, at, name if at in _NAMED else "", span, recorder.clock())
        note.hops.append(hop)
    except Exception as error:  # it must not cost the page
        failed("record a hop", recorder, error)
        return None
    return hop, copy


def _place_inside(note: Note, called: Any, name: str) -> str:
    """Return what a hop leads to that is made further in than the middlewares."""
    if note.is_entering:
        note.is_entering = False
        return "handler"
    module = getattr(called, "__module__", None)
    if module == view.__name__:
        return "view"
    if module == exceptions.__name__ or name == "response_for_exception":
        return "exception"
    return "render" if name.endswith(".render") else "other"


def _name(called: Any) -> str:
    name = getattr(called, "__qualname__", None)
    return name if type(name) is str else type(called).__qualname__


def timed_chain(chain: Any, adapt: Callable[[Any], Any]) -> Any:
    """Return the whole chain, adapted by a hop, which is timed on its way in."""
    arrived: Any
    if iscoroutinefunction(chain):

        @wraps(chain)
        async def arrived(request: Any) -> Any:
            _hop_in_ns.set(time.perf_counter_ns() - _called_at.get())
            return await chain(request)

    else:

        @wraps(chain)
        def arrived(request: Any) -> Any:
            _hop_in_ns.set(time.perf_counter_ns() - _called_at.get())
            return chain(request)

    adapted = adapt(arrived)
    if iscoroutinefunction(adapted):

        async def acall(request: Any) -> Any:
            _called_at.set(time.perf_counter_ns())
            return await adapted(request)

        return acall

    def call(request: Any) -> Any:
        _called_at.set(time.perf_counter_ns())
        return adapted(request)

    return call
