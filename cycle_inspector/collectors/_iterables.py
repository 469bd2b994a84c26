"""Rows that are yielded one by one: the iterables behind `iterator()`, `raw()` and `values()`.

Objects are counted as they are handed out, as `iterator()` may be left half-way; rows without
objects are not, the query knows their number. What a queryset loads as a whole passes through here
untouched, see `_querysets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from django.db.models import query

from cycle_inspector.collectors import _loads
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._model_notes import Note, is_ours, query_since
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Stage

_NOTHING: Any = object()


@contextmanager
def collect() -> Iterator[None]:
    """Watch the iterables; stop watching afterwards."""
    with ExitStack() as stack:
        for iterable, watch in _WATCH:
            stack.enter_context(replaced(iterable, "__iter__", _loading(iterable, watch)))
        yield


def _loading(iterable: Any, watch: Callable[..., Iterator[Any]]) -> Any:
    original: Callable[[Any], Iterator[Any]] = iterable.__iter__

    @wraps(original)
    def iterate(self: Any) -> Iterator[Any]:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self)
        note: Note | None = recorder.notes.get(Stage.MODELS)
        load = None if note is None else note.known.get(id(self.queryset))
        if load is not None and load.is_running and load.queryset() is self.queryset:
            return original(self)  # its rows are counted when all are there
        before = len(recorder.queries)
        rows = original(self)  # that of values_list() runs the query at once
        load = None
        with guard("follow a queryset", recorder):
            if not is_ours(self.queryset.model):
                load = _loads.Load(self.queryset)
                load.iterable = type(self)
                if len(recorder.queries) > before:
                    load.query = query_since(recorder, before, load.model)
        if load is None:
            return rows
        if watch is _passed_on and load.query is not None:  # nothing is left to be seen
            _end(recorder, load, self.queryset, None)
            return rows
        return watch(rows, recorder, load, self.queryset)

    return iterate


def _counted(
    rows: Iterator[Any], recorder: Recorder, load: _loads.Load, queryset: Any
) -> Iterator[Any]:
    first, count = _NOTHING, 0
    try:
        first = _first(rows, recorder, load)
        if first is _NOTHING:
            return
        count = 1
        yield first
        first = None
        for instance in rows:
            count += 1
            yield instance
    finally:
        _end(recorder, load, queryset, count)


def _passed_on(
    rows: Iterator[Any], recorder: Recorder, load: _loads.Load, queryset: Any
) -> Iterator[Any]:
    """Yield the rows without counting them: the query knows their number."""
    try:
        first = _first(rows, recorder, load)
        if first is _NOTHING:
            return
        yield first
        yield from rows
    finally:
        _end(recorder, load, queryset, None)


def _first(rows: Iterator[Any], recorder: Recorder, load: _loads.Load) -> Any:
    before = len(recorder.queries)
    first = next(iter(rows), _NOTHING)
    if load.query is None:
        with guard("follow a queryset", recorder):
            load.query = query_since(recorder, before, load.model)
    return first


def _end(recorder: Recorder, load: _loads.Load, queryset: Any, count: int | None) -> None:
    if recorder.closed:
        return
    with guard("follow a queryset", recorder):
        load.count = count
        if load.query is not None or count:
            if not isinstance(queryset, query.RawQuerySet):
                load.asked_in(_loads.ITERATOR)
            _loads.keep(recorder, load, queryset)


_WATCH: tuple[tuple[Any, Callable[..., Iterator[Any]]], ...] = (
    (query.ModelIterable, _counted),
    (query.RawModelIterable, _counted),
    (query.ValuesIterable, _passed_on),
    (query.ValuesListIterable, _passed_on),
    (query.FlatValuesListIterable, _passed_on),
)
