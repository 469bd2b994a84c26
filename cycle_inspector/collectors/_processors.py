"""The context processors of a render: which ran, how long each took, what they added together.

None of them is wrapped: Django goes over them in a loop, and what it loops over takes the time
between one and the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from django.template import RequestContext

from cycle_inspector.collectors._contexts import Given
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Recorder, current, innermost
from cycle_inspector.records import Json, Query

_MOST = 20  # renders of one cycle


class _Timed(tuple[Any, ...]):
    """The processors of a render, which note when each of them ran."""

    clock: Callable[[], int]
    times: list[tuple[int, int]]

    def __iter__(self) -> Iterator[Any]:
        for one in tuple.__iter__(self):
            start = self.clock()
            yield one
            self.times.append((start, self.clock()))


class _Last(tuple[Any, ...]):
    """Those of a single render; the engine's are put before them, by `+`."""

    clock: Callable[[], int]
    times: list[tuple[int, int]]

    def __radd__(self, first: Any) -> _Timed:
        timed = _Timed((*first, *self))
        timed.clock, timed.times = self.clock, self.times
        return timed


class Ran:
    """The processors of one render, when they ran, and what they added."""

    __slots__ = ("added", "end", "names", "render", "start", "times")

    def __init__(
        self, render: int, names: list[str], times: list[tuple[int, int]], added: Given
    ) -> None:
        self.render = render
        self.names = names
        (self.start, self.end), *self.times = times  # of all of them, then of each
        self.added = added


class _Bound:
    """Django's own binding of a context to a template, with the time it took to begin."""

    __slots__ = ("context", "manager", "note", "recorder", "template")

    def __init__(
        self, recorder: Recorder, context: Any, template: Any, manager: Any, note: list[Ran]
    ) -> None:
        self.recorder = recorder
        self.context = context
        self.template = template
        self.manager = manager
        self.note = note

    def __enter__(self) -> Any:
        context = self.context
        given = vars(context).get("_processors")
        times: list[tuple[int, int]] = []
        start = self.recorder.clock()
        if type(given) is tuple:
            last = _Last(given)
            last.clock, last.times = self.recorder.clock, times
            context._processors = last
        try:
            result = self.manager.__enter__()
        finally:
            if type(given) is tuple:
                context._processors = given
        end = self.recorder.clock()
        with guard("record context processors", self.recorder):
            opened = innermost()
            processors = (
                *self.template.engine.template_context_processors,
                *context._processors,
            )
            if opened is not None and len(self.note) < _MOST:
                names = [str(to_json(one)) for one in processors]
                added = Given([context.dicts[context._processors_index]])
                at = self.recorder.start
                moments = [(one - at, other - at) for one, other in ((start, end), *times)]
                self.note.append(Ran(opened.id, names, moments, added))
        return result

    def __exit__(self, *error: Any) -> Any:
        return self.manager.__exit__(*error)


@contextmanager
def noticed(note: Callable[[Recorder], list[Ran]]) -> Iterator[None]:
    """Put what the processors of each render did into what `note` returns."""
    original = RequestContext.bind_template

    @wraps(original)
    def bind_template(self: Any, template: Any) -> AbstractContextManager[Any]:
        manager: AbstractContextManager[Any] = original(self, template)
        recorder = current()
        if recorder is None or recorder.closed:
            return manager
        with guard("record context processors", recorder):
            return _Bound(recorder, self, template, manager, note(recorder))
        return manager

    with replaced(RequestContext, "bind_template", bind_template):
        yield


def told(ran: Iterable[Ran], queries: Iterable[Query]) -> list[Json]:
    """Return the same for the record; their queries are those of the render in that time."""
    queries = list(queries)
    return [_told(one, queries) for one in ran]


def _told(one: Ran, queries: list[Query]) -> Json:
    asked = [
        query
        for query in queries
        if query.parent == one.render and one.start <= query.start_ns <= one.end
    ]
    names = [name.removeprefix("<function ").removesuffix(">") for name in one.names]
    return {
        "render": one.render,
        "processors": names,
        "each": [
            {
                "name": name,
                "duration_ns": end - start,
                "query_ids": [one.id for one in asked if start <= one.start_ns <= end],
            }
            for name, (start, end) in zip(names, one.times, strict=False)
        ],
        "duration_ns": one.end - one.start,
        "queries": len(asked),
        "query_ids": [query.id for query in asked],
        "names": one.added.told(),
        "left_out": one.added.left_out,
    }
