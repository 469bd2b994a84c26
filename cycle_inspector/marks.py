"""What a project says of its own work: `event`, `span` and `current_cycle_id`.

The public names, to be imported anywhere, also before the apps are loaded and where the app is not
installed: nothing of Django is imported until there is a cycle to record into. Without one, an
event costs the look at a ContextVar and a span two.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from types import FrameType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast

from cycle_inspector.recorder import current, innermost_mark

if TYPE_CHECKING:
    from cycle_inspector.collectors._marks import MarkSpan

_P = ParamSpec("_P")
_R = TypeVar("_R")


def event(name: str, /, **attributes: object) -> None:
    """Mark an instant in the running cycle; does nothing where nothing is recorded.

    Of attributes that are no plain values only the type is told, and secrets are hidden by name.
    """
    recorder = current()
    if recorder is None or recorder.closed:
        return
    from cycle_inspector.collectors import _marks

    _marks.take_event(recorder, sys._getframe(1), name, attributes)


def current_cycle_id() -> str | None:
    """Return the id of the cycle that is being recorded here; None where there is none."""
    recorder = current()
    return None if recorder is None or recorder.closed else recorder.id


class span:  # noqa: N801 - read as a word: `with span("charge"):`
    """Mark a piece of work, as a context manager or a decorator, sync and async.

    It holds nothing of its uses, so one may be entered again while it is open, and in several
    threads and tasks at once. What the work raises is raised on, and told on the span.
    """

    __slots__ = ("_attributes", "_name")

    def __init__(self, name: str, /, **attributes: object) -> None:
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> Self:
        if current() is not None:
            self._open(sys._getframe(1))
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if innermost_mark() is not None:
            from cycle_inspector.collectors import _marks

            _marks.close_span(self, error)

    async def __aenter__(self) -> Self:
        if current() is not None:
            self._open(sys._getframe(1))
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[_P, _R], /) -> Callable[_P, _R]:
        """Return `function` with each of its calls marked.

        A generator is a span from its first step to its last. What other code does between its
        steps is in that time, so nothing is said to have run inside of it.
        """
        if inspect.isgeneratorfunction(function):
            wrapper: Any = self._generating(function)
        elif inspect.isasyncgenfunction(function):
            wrapper = self._agenerating(function)
        elif inspect.iscoroutinefunction(function):
            wrapper = self._awaiting(function)
        else:
            wrapper = self._calling(function)
        return cast("Callable[_P, _R]", functools.wraps(function)(wrapper))

    def _calling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if current() is None:
                return function(*args, **kwargs)
            self._open(sys._getframe(1))
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                self.__exit__(None, error, None)
                raise
            self.__exit__(None, None, None)
            return result

        return call

    def _awaiting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def acall(*args: Any, **kwargs: Any) -> Any:
            if current() is None:
                return await function(*args, **kwargs)
            self._open(sys._getframe(1))
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                self.__exit__(None, error, None)
                raise
            self.__exit__(None, None, None)
            return result

        return acall

    def _generating(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            mark = self._begin(sys._getframe(1))
            try:
                result = yield from function(*args, **kwargs)
            except BaseException as error:
                _finish(mark, error)
                raise
            _finish(mark, None)
            return result

        return generate

    def _agenerating(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def agenerate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            mark = self._begin(sys._getframe(1))
            inner = function(*args, **kwargs)
            step = inner.__anext__()
            try:
                while True:  # as `yield from`, which async generators do not have
                    try:
                        item = await step
                    except StopAsyncIteration:
                        break
                    try:
                        sent = yield item
                    except GeneratorExit:
                        await inner.aclose()
                        raise
                    except BaseException as error:
                        step = inner.athrow(error)
                    else:
                        step = inner.asend(sent)
            except BaseException as error:
                _finish(mark, error)
                raise
            _finish(mark, None)

        return agenerate

    def _open(self, frame: FrameType) -> None:
        from cycle_inspector.collectors import _marks

        _marks.open_span(self, frame, self._name, self._attributes)

    def _begin(self, frame: FrameType) -> MarkSpan | None:
        if current() is None:
            return None
        from cycle_inspector.collectors import _marks

        return _marks.begin_span(frame, self._name, self._attributes)


def _finish(mark: MarkSpan | None, error: BaseException | None) -> None:
    if mark is not None:
        # A generator that is given up is closed by this; it has not failed.
        mark.finish(None if isinstance(error, GeneratorExit) else error)
