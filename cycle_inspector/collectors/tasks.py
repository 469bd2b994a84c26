"""Tasks of asyncio: work beside the view's own, in the thread of its event loop.

A task has a copy of the context of whoever made it, so its queries are in the cycle anyhow. Here
each gets a span of its own: when it first hands sync code to a thread, as every query of async code
does; or at the end of the cycle, if it is still at work. The making of tasks is not hooked, so one
that does neither is not seen, and of one that is seen at the end only, the start is not known.
"""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from functools import partial, wraps
from types import CoroutineType, FrameType, GeneratorType
from typing import Any

from asgiref.sync import SyncToAsync, markcoroutinefunction
from django.core import handlers

from cycle_inspector.collectors import _sources
from cycle_inspector.collectors._followed import LONGEST_NAME, FollowedSpan, place_of, told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import cut
from cycle_inspector.recorder import Recorder, current, enter, of_context
from cycle_inspector.records import Json

# So many coroutines may await each other.
_DEEPEST = 100

# The span of the running task. A copy of the context, in a task made by it, has it as well.
_span: ContextVar[TaskSpan | None] = ContextVar("cycle_inspector_task", default=None)


class TaskSpan(FollowedSpan):
    """A task that was made within the cycle."""

    __slots__ = ("cycle", "name", "task")

    def __init__(self, recorder: Recorder, task: Task[Any]) -> None:
        super().__init__(recorder, "task", _what(task.get_coro()))
        self.name = cut(str(task.get_name()), LONGEST_NAME)
        self.cycle = recorder.id
        self.task = weakref.ref(task)
        self.begin(self.asked)

    def name_in(self, thread: str) -> str:
        return f"task {self.name} ({self.what})"

    def end_with(self, task: Task[Any], now: int) -> None:
        """Take the end, and how it ended."""
        self.finish(now)
        # Asking for `exception()` would keep asyncio from telling of one that nobody has awaited.
        error = getattr(task, "_exception", None)
        if task.cancelled():
            self.raised = "CancelledError"
        elif isinstance(error, BaseException):
            self.raised = told(error)


class Watch:
    """The event loop that a request is served in, and what of its tasks is at work at the end."""

    __slots__ = ("_loop", "spans", "task")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self.task = asyncio.current_task(loop)  # the request's own
        self.spans: list[TaskSpan] = []

    def __call__(self, recorder: Recorder) -> None:
        """Say where the tasks stand that outlive the cycle."""
        with guard("find the tasks at work", recorder):
            for span in self.spans:  # done, but its callback's turn has not come
                task = span.task()
                if task is not None and task.done() and not span.is_ended:
                    span.end_with(task, recorder.clock())
            for task, context in _at_work(recorder, self._loop):
                if task is not self.task and not _is_plumbing(task.get_coro()):
                    _leave_behind(recorder, task, context)


def watch() -> Watch | None:
    """Return what is to look for tasks when the cycle ends; None outside of an event loop."""
    loop = asyncio._get_running_loop()
    return None if loop is None else Watch(loop)


@contextmanager
def collect() -> Iterator[None]:
    """See tasks where they hand sync code to a thread: `asgiref.sync.SyncToAsync.__call__`."""
    original: Any = SyncToAsync.__call__

    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            loop, own = asyncio._get_running_loop(), recorder.at_stop
            task = None if loop is None else asyncio.current_task(loop)
            # Most come from the request's own, a dozen on the way through the middlewares.
            if task is not None and not (type(own) is Watch and own.task is task):
                with guard("follow a task", recorder):
                    _see(recorder, task)
        return original(self, *args, **kwargs)

    markcoroutinefunction(call)  # as the original is one
    with replaced(SyncToAsync, "__call__", call):
        yield


def _see(recorder: Recorder, task: Task[Any]) -> None:
    seen = _span.get()
    if seen is not None and seen.cycle == recorder.id and seen.task() is task:
        return
    if _is_plumbing(task.get_coro()):
        return
    span = TaskSpan(recorder, task)
    recorder.add_span(span)
    if isinstance(recorder.at_stop, Watch):
        recorder.at_stop.spans.append(span)
    _span.set(span)
    enter(recorder, span)  # for the rest of the task: the context is its own
    task.add_done_callback(partial(_ended, span, recorder.clock))


def _ended(span: TaskSpan, clock: Callable[[], int], task: Task[Any]) -> None:
    with guard("follow a task"):
        if not span.is_ended:
            span.end_with(task, clock())


def _at_work(recorder: Recorder, loop: AbstractEventLoop) -> list[tuple[Task[Any], Context]]:
    """Return the tasks of `loop` that are not done and were made within the cycle.

    Each request asks this at its end, so strangers have to be passed over quickly.
    """
    tasks = asyncio.all_tasks(loop)
    if asyncio._get_running_loop() is loop:
        tasks.discard(asyncio.current_task(loop))
    if not tasks or (_get_context is None and not _is_within(recorder, gc.get_referents(*tasks))):
        return []
    pairs = ((task, _context_of(task)) for task in tasks)
    return [
        (task, context)
        for task, context in pairs
        if context is not None and of_context(context)[0] is recorder
    ]


def _leave_behind(recorder: Recorder, task: Task[Any], context: Context) -> None:
    span = context.get(_span)
    if span is None or span.cycle != recorder.id or span.task() is not task:
        inside = of_context(context)[1]
        span = TaskSpan(recorder, task)
        span.parent = None if inside is None else inside.id
        span.attributes["start_known"] = False
        recorder.add_span(span)
    span.attributes["suspended"] = _suspended(task.get_coro())


# From Python 3.12 on; before, only the garbage collector knows.
_get_context: Callable[[Task[Any]], Context] | None = getattr(Task, "get_context", None)


def _context_of(task: Task[Any]) -> Context | None:
    if _get_context is not None:
        return _get_context(task)
    return next((one for one in gc.get_referents(task) if type(one) is Context), None)


def _is_within(recorder: Recorder, referents: list[Any]) -> bool:
    return any(type(one) is Context and of_context(one)[0] is recorder for one in referents)


def _suspended(coroutine: Any) -> dict[str, Json] | None:
    """Return the innermost line of the project's at which `coroutine` stands still."""
    found: FrameType | None = None
    for _ in range(_DEEPEST):
        if type(coroutine) is CoroutineType:
            frame, coroutine = coroutine.cr_frame, coroutine.cr_await
        elif type(coroutine) is GeneratorType:
            frame, coroutine = coroutine.gi_frame, coroutine.gi_yieldfrom
        else:
            break
        if frame is None:
            break
        if found is None or _sources.is_project(frame.f_code.co_filename):
            found = frame
    if found is None:
        return None
    code = found.f_code
    return place_of(code.co_filename, found.f_lineno, code.co_qualname)


def _what(coroutine: Any) -> str:
    if type(coroutine) in (CoroutineType, GeneratorType):
        return cut(coroutine.__qualname__, LONGEST_NAME)
    return cut(type(coroutine).__qualname__, LONGEST_NAME)


def _is_plumbing(coroutine: Any) -> bool:
    """Whether this is how asgiref or Django's handlers serve a request."""
    if type(coroutine) is not CoroutineType:
        return False
    code = coroutine.cr_code
    return code.co_qualname.startswith("AsyncToSync.") or code.co_filename.startswith(_HANDLERS)


_HANDLERS = os.path.dirname(handlers.__path__[0] + os.sep) + os.sep
