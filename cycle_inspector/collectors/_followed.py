"""What is followed into another thread: its span, and the call that carries the recorder there.

The recorder alone is carried, not the context: the project's own ContextVars are as they always
were. A function that brings a context along, as `asyncio.to_thread` does, has the innermost open
thing changed in that one, for the time of the call.

Nothing here keeps a recorder alive after what it follows has ended, be it in the traceback of an
exception that a future holds.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent import futures
from contextlib import suppress
from contextvars import Context
from functools import partial
from types import BuiltinMethodType, CodeType, CoroutineType, FunctionType, MethodType
from typing import Any

import asgiref

from cycle_inspector.collectors import _frames, _sources
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._values import cut
from cycle_inspector.collectors.exceptions import RaisedException
from cycle_inspector.recorder import OpenSpan, Recorder, Tokens, current, enter, innermost, leave
from cycle_inspector.records import Frame, Json, Span, Stage, caller_of

LONGEST_NAME = 200

# So many partials and contexts may be wrapped around a function.
_DEEPEST = 10


class FollowedSpan(OpenSpan):
    """Work beside the view's own. It may still run when the cycle is over, and after that."""

    __slots__ = ("asked", "is_begun", "is_ended", "kind", "place", "raised", "runner", "what")

    def __init__(self, recorder: Recorder, kind: str, what: str, place: Any = None) -> None:
        # Unlike other spans it is not open where it is made, but where the work will run.
        outer = innermost()
        self.id = recorder.new_id()
        self.parent = None if outer is None else outer.id
        self.stage = Stage.VIEW
        self.kind = kind
        self.what = what
        self.place = place  # where it was asked for
        self.runner: threading.Thread | None = None
        self.is_begun = self.is_ended = False
        self.raised: str | None = None
        self.attributes = {}
        self.ways = None
        self._token = None
        self.asked = self.start = self.end = recorder.clock()

    def begin(self, now: int) -> None:
        """Say that the work begins, in the running thread."""
        self.runner = threading.current_thread()
        self.start = now
        self.is_begun = True

    def finish(self, now: int) -> None:
        """Say that the work is done."""
        self.end = now
        self.is_ended = True

    def record(self, recorder: Recorder) -> Span:
        # It goes on while this is read, in another thread: what came after the end does not count.
        has_begun = self.is_begun and self.start <= recorder.end
        has_ended = self.is_ended and self.end <= recorder.end
        start = self.start if has_begun else self.asked
        thread = self.runner.name if self.runner is not None else ""
        attributes: dict[str, Json] = {
            "kind": self.kind,
            "function": self.what,
            "begun": has_begun,
            "ended": has_ended,
            "waited_ns": start - self.asked,
            "raised": self.raised if has_ended else None,
            "caller": self.caller(),
            **self.attributes,
        }
        return Span(
            id=self.id,
            parent=self.parent,
            stage=self.stage,
            name=self.name_in(thread),
            start_ns=start - recorder.start,
            duration_ns=(self.end if has_ended else recorder.end) - start,
            thread=thread,
            attributes={name: value for name, value in attributes.items() if value is not None},
        )

    def name_in(self, thread: str) -> str:
        """Return the name of the span, where the work runs in `thread`."""
        return f"{self.kind} {thread if self.kind == 'thread' else self.what}"

    def caller(self) -> dict[str, Json] | None:
        """Return the project's line that asked for it."""
        frames = () if self.place is None else self.place.frames()
        frame = caller_of(frames)
        if frame is None:
            return None
        return place_of(frame.path, frame.line, frame.function)


class Followed:
    """Work that is to run once, in another thread, as a part of the cycle."""

    __slots__ = ("_context", "_function", "_inner", "_outer", "_recorder", "span")

    def __init__(
        self,
        recorder: Recorder,
        span: FollowedSpan,
        context: Context | None,
        function: Any = None,
    ) -> None:
        self.span: FollowedSpan | None = span
        self._recorder: Recorder | None = recorder
        self._context = context  # the one that the work enters by itself
        self._function = function
        self._outer: Tokens | None = None
        self._inner: Tokens | None = None

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        function, self._function = self._function, None
        self._begin()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            self._note(error)
            raise
        finally:
            self._finish()

    def _begin(self) -> None:
        recorder, span = self._recorder, self.span
        if recorder is None or span is None or recorder.closed:
            self._let_go()
            return
        with guard("follow a thread", recorder):
            span.begin(recorder.clock())
            self._outer = enter(recorder, span)
            if span.place is not None:
                _frames.go_on_at(span.place)
            if self._context is not None:
                # One that is entered elsewhere cannot be: the project's own call is about to fail.
                with suppress(RuntimeError):
                    self._inner = self._context.run(_enter_into, recorder, span)

    def _note(self, error: BaseException) -> None:
        recorder, span = self._recorder, self.span
        if recorder is None or span is None or recorder.closed or isinstance(error, SystemExit):
            return
        with guard("follow a thread", recorder):
            span.raised = told(error)
            if span.kind == "thread":  # of a call, the future has it for whoever asks
                event = RaisedException(recorder, error, Stage.VIEW)
                event.attributes |= {
                    "in_view": False,
                    "thread": "" if span.runner is None else span.runner.name,
                }
                recorder.add_event(event)

    def _finish(self) -> None:
        recorder, span = self._recorder, self.span
        if recorder is None or span is None:
            return
        with guard("follow a thread", recorder):
            span.finish(recorder.clock())
            if self._context is not None and self._inner is not None:
                self._context.run(leave, self._inner)
            if self._outer is not None:
                leave(self._outer)
        self._let_go()

    def _let_go(self) -> None:
        self.span = self._recorder = self._context = self._outer = self._inner = None


def place_of(path: str, line: int, function: str) -> dict[str, Json]:
    """Return a frame as an attribute of a span."""
    return {
        "path": path,
        "line": line,
        "function": function,
        "is_project": _sources.is_project(path),
    }


def raised_at(frames: Sequence[Frame]) -> dict[str, Json] | None:
    """Return where something was raised as an attribute: the project's own line, if there is one.

    `frames` are those it came through, innermost first.
    """
    found = caller_of(frames) or next(iter(frames), None)
    return None if found is None else place_of(found.path, found.line, found.function)


def told(error: BaseException) -> str:
    """Return an exception in a few words, without running its code."""
    name, message = type(error).__qualname__, message_of(error)
    return f"{name}: {cut(message, 500)}" if message else name


def unwrapped(function: Any, args: tuple[Any, ...]) -> tuple[Context | None, Any, tuple[Any, ...]]:
    """Return the context that `function` is run in, if any, and what is really called."""
    context = None
    for _ in range(_DEEPEST):
        if type(function) is partial:
            function, args = function.func, (*function.args, *args)
        elif type(function) is BuiltinMethodType and type(function.__self__) is Context and args:
            context = function.__self__
            function, args = args[0], args[1:]
        else:
            break
    return context, function, args


def name_of(function: Any, args: tuple[Any, ...] = ()) -> str:
    """Return the name of what is called, without asking it; of a coroutine that is run, its own."""
    if args and type(args[0]) is CoroutineType:
        return cut(args[0].__qualname__, LONGEST_NAME)
    while type(function) is MethodType:
        function = function.__func__
    kind = type(function)
    if issubclass(kind, type):
        return cut(type.__dict__["__qualname__"].__get__(function), LONGEST_NAME)
    if kind in (FunctionType, BuiltinMethodType):
        return cut(function.__qualname__, LONGEST_NAME)
    return cut(kind.__qualname__, LONGEST_NAME)


def is_plumbing(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether this is how asgiref, an executor or a pool of processes works inside."""
    code: CodeType | None = None
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        code = function.__code__
    if args and type(args[0]) is CoroutineType:  # asyncio.run, in a thread of AsyncToSync
        code = args[0].cr_code
    if code is None or not code.co_filename.startswith(_PLUMBING):
        return False
    return (
        code.co_qualname != "AsyncToSync.__call__"
    )  # async code that is called as if it were sync


_PLUMBING = tuple(
    os.path.dirname(str(one.__file__)) + os.sep for one in (asgiref, futures, multiprocessing)
)


def _enter_into(recorder: Recorder, span: FollowedSpan) -> Tokens | None:
    # In the context that the work brings along; another cycle's stays as it is.
    if current() not in (None, recorder):
        return None
    if span.place is not None:
        _frames.go_on_at(span.place)
    return enter(recorder, span)


# Who has asked stands in another thread's stack.
_frames.hand_over_in(Followed.__call__.__code__)
