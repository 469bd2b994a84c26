"""The context processors of a render: which ran, how long they took together, what they added."""

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


class Ran:
    """The processors of one render, when they ran, and what they added."""

    __slots__ = ("added", "end", "names", "render", "start")

    def __init__(self, render: int, names: list[str], start: int, end: int, added: Given) -> None:
        self.render = render
        self.names = names
        self.start = start
        self.end = end
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
        start = self.recorder.clock()
        result = self.manager.__enter__()
        end = self.recorder.clock()
        with guard("record context processors", self.recorder):
            opened = innermost()
            processors = (
                *self.template.engine.template_context_processors,
                *self.context._processors,
            )
            if opened is not None and len(self.note) < _MOST:
                names = [str(to_json(one)) for one in processors]
                added = Given([self.context.dicts[self.context._processors_index]])
                at = self.recorder.start
                self.note.append(Ran(opened.id, names, start - at, end - at, added))
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
        query.id
        for query in queries
        if query.parent == one.render and one.start <= query.start_ns <= one.end
    ]
    return {
        "render": one.render,
        "processors": [name.removeprefix("<function ").removesuffix(">") for name in one.names],
        "duration_ns": one.end - one.start,
        "queries": len(asked),
        "query_ids": asked,
        "names": one.added.told(),
        "left_out": one.added.left_out,
    }
