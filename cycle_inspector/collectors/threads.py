"""Threads and executors: work beside the view's own, followed into the threads that do it.

A plain thread has no context of its starter's, nor has a call in a `ThreadPoolExecutor`, so nobody
would know to which request their queries belong. `Thread.start` and `ThreadPoolExecutor.submit` are
wrapped on their classes, as there is no signal for it and no place of Django's. A thread is
followed for its whole life; of an executor, whose threads live longer than a request, each call is.

What asgiref hands to a thread is the request's own work: its context comes along, so it is
recorded, and it is not shown as something beside the view. How executors and pools of processes
work inside is nobody's business.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._followed import (
    Followed,
    FollowedSpan,
    is_plumbing,
    name_of,
    unwrapped,
)
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import current, enter, leave

# Python 3.14: its calls go to another interpreter, where nothing of ours can be.
_INTERPRETERS: Any = getattr(futures, "InterpreterPoolExecutor", ())

# Python 3.14: whether a new thread has a copy of its starter's context, as in a free-threaded one.
_INHERITS = bool(getattr(sys.flags, "thread_inherit_context", False))


@contextmanager
def collect() -> Iterator[None]:
    """Follow threads and the calls of executors that a recorded request starts."""
    with (
        replaced(threading.Thread, "start", _starting()),
        replaced(ThreadPoolExecutor, "submit", _submitting()),
    ):
        yield


class _Run:
    """Stands in for a thread's `run` until it is called, which is once."""

    __slots__ = ("_followed", "_run", "_thread")

    def __init__(self, thread: threading.Thread, followed: Followed) -> None:
        self._thread: threading.Thread | None = thread
        self._followed: Followed | None = followed
        self._run = thread.__dict__.get("run")  # one that the project has put there
        thread.__dict__["run"] = self

    def __call__(self) -> None:
        thread, followed = self._thread, self._followed
        self.give_back()
        if thread is not None and followed is not None:
            followed._function = thread.run
            followed()

    def give_back(self) -> None:
        """Leave the thread as it was."""
        thread, self._thread, self._followed = self._thread, None, None
        if thread is not None and thread.__dict__.get("run") is self:
            if self._run is None:
                del thread.__dict__["run"]
            else:
                thread.__dict__["run"] = self._run


def _starting() -> Any:
    original: Any = threading.Thread.start

    @wraps(original)
    def start(self: threading.Thread) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or not recorder.follows_threads:
            return original(self)
        run = span = None
        with guard("follow a thread", recorder):
            target, args = self.__dict__.get("_target"), self.__dict__.get("_args") or ()
            if type(self) is threading.Timer:
                target, args = self.function, ()
            context, function, args = unwrapped(target or type(self).run, args)
            if not is_plumbing(function, args):
                what = name_of(function if target is not None else type(self), args)
                span = FollowedSpan(recorder, "thread", what, _frames.look_up(sys._getframe(1)))
                span.runner = self
                run = _Run(self, Followed(recorder, span, context))
        try:
            started = original(self)
        except BaseException:
            if run is not None:
                run.give_back()
            raise
        if span is not None:
            recorder.add_span(span)
        return started

    return start


def _submitting() -> Any:
    original: Any = ThreadPoolExecutor.submit

    @wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None:
            return original(self, fn, *args, **kwargs)
        span = None
        if not recorder.closed and recorder.follows_threads:
            with guard("follow a call", recorder):
                context, function, rest = unwrapped(fn, args)
                if not is_plumbing(function, rest) and not isinstance(self, _INTERPRETERS):
                    place = _frames.look_up(sys._getframe(1))
                    span = FollowedSpan(recorder, "call", name_of(function, rest), place)
                    fn = Followed(recorder, span, context, fn)
        if not _INHERITS:
            future = original(self, fn, *args, **kwargs)
        else:  # a thread that the executor starts for this is not the request's
            tokens = enter(None)
            try:
                future = original(self, fn, *args, **kwargs)
            finally:
                leave(tokens)
        if span is not None:
            recorder.add_span(span)
        return future

    return submit
