"""Recorder: the one mutable object of a cycle, and the two ContextVars that find it.

Collectors leave raw things here, as cheaply as they can, while the request is served: open spans,
pending queries and renders, and one note a stage. `cycle_inspector.assembly` makes a frozen `Cycle`
of them later, in the thread that keeps it. Instants of raw things are readings of the recorder's
clock; the records made of them count from the start of the cycle.

Appending to a list is atomic, so threads and tasks of one request share a recorder without a lock.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, Token
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cycle_inspector.ids import new_cycle_id
from cycle_inspector.records import Event, Facts, Query, Render, Span, Stage

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_current: ContextVar[Recorder | None] = ContextVar("cycle_inspector_recorder", default=None)
# The innermost open span or render. Apart from the recorder, so that tasks which run at once
# (asyncio.gather copies the context) each have their own.
_open: ContextVar[Opened | None] = ContextVar("cycle_inspector_open", default=None)

# The innermost mark of the project's that is open; marks stand beside all else, see
# `cycle_inspector.collectors._marks`.
_marked: ContextVar[Any] = ContextVar("cycle_inspector_marked", default=None)

current: Callable[[], Recorder | None] = _current.get
"""Return the recorder of the running context; None where nothing is recorded."""

innermost: Callable[[], Opened | None] = _open.get
"""Return the innermost open span or render of the running context."""

innermost_mark: Callable[[], Any] = _marked.get
set_innermost_mark: Callable[[Any], object] = _marked.set


class Pending(Protocol[_T_co]):
    """Something raw that becomes a record once the cycle is over."""

    def record(self, recorder: Recorder) -> _T_co: ...


class Opened:
    """A thing that others can stand inside of: it has an id, a start and, in the end, an end."""

    __slots__ = ("_token", "end", "id", "parent", "start", "thread", "ways")

    def __init__(self, recorder: Recorder) -> None:
        outer = _open.get()
        self.id = recorder.new_id()
        self.parent = None if outer is None else outer.id
        self.thread = threading.current_thread()  # not its ident, which another may get later
        self.ways: Any = None  # how statements came here, see `cycle_inspector.collectors._again`
        self._token: Token[Opened | None] | None = _open.set(self)
        self.start = self.end = recorder.clock()

    def close(self, recorder: Recorder) -> None:
        """Take the time and let the outer one be the innermost again."""
        self.end = recorder.clock()
        token, self._token = self._token, None  # a token keeps its whole context alive
        if token is not None:
            try:
                _open.reset(token)
            except ValueError:  # closed in another context than it was opened in
                _open.set(None)


class OpenSpan(Opened):
    """A span that is still running."""

    __slots__ = ("attributes", "name", "stage")

    def __init__(self, recorder: Recorder, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.attributes: dict[str, Any] = {}
        super().__init__(recorder)

    def record(self, recorder: Recorder) -> Span:
        return Span(
            id=self.id,
            parent=self.parent,
            stage=self.stage,
            name=self.name,
            start_ns=self.start - recorder.start,
            duration_ns=self.end - self.start,
            thread=self.thread.name,
            attributes=self.attributes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many records of a kind a cycle holds; what is over is only counted."""

    soft_queries: int = 2_000  # what is over keeps its text and its time
    queries: int = 10_000
    renders: int = 5_000
    spans: int = 5_000
    events: int = 1_000


class Recorder:
    """Gathers what happens in one cycle, from any thread or task of it."""

    __slots__ = (
        "at_stop",
        "clock",
        "closed",
        "discarded",
        "dropped",
        "end",
        "events",
        "follows_threads",
        "id",
        "kind",
        "limits",
        "marked_events",
        "marked_spans",
        "new_id",
        "notes",
        "parent",
        "queries",
        "redact",
        "renders",
        "repeated",
        "request",
        "response",
        "settings",
        "spans",
        "start",
        "started_ns",
    )

    def __init__(
        self,
        *,
        kind: str = "request",
        parent: str | None = None,
        start: int | None = None,
        limits: Limits | None = None,
        follows_threads: bool = False,
        redact: tuple[str, ...] = (),
        at_stop: Callable[[Recorder], None] | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.started_ns = now_ns = time.time_ns()
        self.clock = clock
        self.start = clock() if start is None else start
        self.end = self.start
        self.id = new_cycle_id(now_ns)
        self.kind = kind
        self.parent = parent
        self.limits = limits or Limits()
        self.follows_threads = follows_threads
        self.redact = redact  # patterns of names whose values are secret, besides the usual
        self.at_stop = at_stop  # what has a last look at what still runs
        self.closed = False
        self.discarded = False
        self.spans: list[OpenSpan] = []
        self.queries: list[Pending[Query]] = []
        self.renders: list[Pending[Render]] = []
        self.events: list[Pending[Event]] = []
        # What the project marks, apart: however much that is, it pushes nothing of the above out.
        self.marked_spans: list[Pending[Span]] = []
        self.marked_events: list[Pending[Event]] = []
        self.repeated: dict[Any, Any] = {}  # side events that later ones are a part of
        self.dropped: dict[str, int] = {}
        self.notes: dict[Stage, Any] = {}
        self.request: Callable[[], Facts] = dict
        self.response: Callable[[], Facts] = dict
        self.settings: str | None = None
        # Gives the next id of this cycle's spans, queries and renders.
        self.new_id: Callable[[], int] = itertools.count(1).__next__

    def open_span(self, stage: Stage, name: str) -> OpenSpan:
        """Open a span inside the innermost open one; close it with `close_span`."""
        return OpenSpan(self, stage, name)

    def close_span(self, span: OpenSpan) -> None:
        span.close(self)
        self.add_span(span)

    def add_span(self, span: OpenSpan) -> None:
        if self._has_room("spans", self.spans, self.limits.spans):
            self.spans.append(span)

    def add_query(self, query: Pending[Query]) -> None:
        # Looked at before the call: these two come by the hundred.
        if not self.closed and len(self.queries) < self.limits.queries:
            self.queries.append(query)
        else:
            self._has_room("queries", self.queries, self.limits.queries)

    def add_render(self, render: Pending[Render]) -> None:
        if not self.closed and len(self.renders) < self.limits.renders:
            self.renders.append(render)
        else:
            self._has_room("renders", self.renders, self.limits.renders)

    def add_event(self, event: Pending[Event]) -> None:
        if self._has_room("events", self.events, self.limits.events):
            self.events.append(event)

    def mark_span(self, span: Pending[Span]) -> bool:
        """Add a span that the project marks; return whether there is room for it."""
        has_room = self._has_room("spans", self.marked_spans, self.limits.spans)
        if has_room:
            self.marked_spans.append(span)
        return has_room

    def mark_event(self, event: Pending[Event]) -> None:
        if self._has_room("events", self.marked_events, self.limits.events):
            self.marked_events.append(event)

    def add_side_event(self, event: Pending[Event]) -> None:
        """Add what may come in any number: the last tenth of the room is left to exceptions."""
        limit = self.limits.events
        if self._has_room("events", self.events, limit - limit // 10):
            self.events.append(event)

    def note(self, stage: Stage, make: Callable[[], _T]) -> _T:
        """Return the note that the collector of `stage` keeps in this cycle, made at first use."""
        try:
            found: _T = self.notes[stage]
        except KeyError:
            found = self.notes.setdefault(stage, make())
        return found

    def stop(self) -> None:
        """End the cycle now; whatever comes later, from a task that outlives it, is not taken."""
        look, self.at_stop = self.at_stop, None
        if look is not None:
            look(self)
        self.end = self.clock()
        self.closed = True

    def clear(self) -> None:
        """Let go of what was gathered: a thread or task may hold on to the recorder for ever."""
        self.spans, self.queries, self.renders, self.events = [], [], [], []
        self.marked_spans, self.marked_events = [], []
        self.repeated = {}
        self.notes = {}
        self.request = self.response = dict

    def _has_room(self, kind: str, kept: list[Any], limit: int) -> bool:
        if self.closed:
            return False
        if len(kept) >= limit:
            self.count_dropped(kind)
            return False
        return True

    def count_dropped(self, what: str) -> None:
        """Count something that the cycle does not hold; the reader is told."""
        self.dropped[what] = self.dropped.get(what, 0) + 1


Tokens = tuple[Token[Recorder | None], Token[Opened | None]]


def enter(recorder: Recorder | None, inside: Opened | None = None) -> Tokens:
    """Let `recorder` be the current one of this context; undo it with `leave`."""
    return _current.set(recorder), _open.set(inside)


def leave(tokens: Tokens) -> None:
    """Undo `enter`; in another context than it was called in, stop recording there."""
    recorder, inside = tokens
    try:
        _current.reset(recorder)
        _open.reset(inside)
    except ValueError:
        _current.set(None)
        _open.set(None)


def of_context(context: Context) -> tuple[Recorder | None, Opened | None]:
    """Return the recorder of another context, and its innermost open thing."""
    return context.get(_current), context.get(_open)


@contextmanager
def paused() -> Iterator[None]:
    """Record nothing in this block: it is our own work, not the page's."""
    tokens = enter(None)
    try:
        yield
    finally:
        leave(tokens)
