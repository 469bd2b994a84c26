"""Querysets that are evaluated, and asked: `QuerySet._fetch_all`, and the ways that lead to it.

A queryset that is evaluated as a whole is looked at before and after, so that its rows cost
nothing each. What `iterator()` and `raw()` yield row by row is seen by `_iterables`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from django.db.models import query

from cycle_inspector.collectors import _loads, _prefetches, _related, _widths
from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._loads import (
    BOOL,
    CONTAINS,
    COUNT,
    EXISTS,
    GET,
    INDEX,
    ITER,
    LEN,
    PICKLE,
)
from cycle_inspector.collectors._model_notes import note_of, query_since
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import current


@contextmanager
def collect() -> Iterator[None]:
    """Watch querysets being evaluated; stop watching afterwards."""
    with ExitStack() as stack:
        for name, hook in {
            "_fetch_all": _fetching(),
            "__iter__": _iterating(),
            "__aiter__": _iterating_later(),
            "__len__": _asking("__len__", LEN),
            "__bool__": _asking("__bool__", BOOL),
            "__getitem__": _asking("__getitem__", INDEX),
            "__getstate__": _asking("__getstate__", PICKLE),
            "contains": _asking("contains", CONTAINS),
            "count": _counting("count", COUNT),
            "exists": _counting("exists", EXISTS),
            "aggregate": _counting("aggregate", 0),
        }.items():
            stack.enter_context(replaced(query.QuerySet, name, hook))
        yield


def _fetching() -> Any:
    original: Any = vars(query.QuerySet)["_fetch_all"]
    item: Any = vars(query.QuerySet)["__getitem__"].__code__

    @wraps(original)
    def fetch_all(self: Any) -> None:
        recorder = current() if self._result_cache is None else None
        if recorder is None or recorder.closed:
            original(self)
            return
        load: _loads.Load | None = None
        try:
            load = _loads.begin(recorder, self)
            if load is not None:
                load.is_running = True
        except Exception as error:
            failed("follow a queryset", recorder, error)
        try:
            original(self)
        finally:
            if load is not None:
                load.is_running = False
        if load is not None and not recorder.closed:
            try:
                rows: Any = self._result_cache
                load.query = query_since(recorder, load.before, self.model)
                load.count = len(rows) if type(rows) is list else 0
                if load.query is not None or load.count:  # none() asks nobody
                    load.iterable = self._iterable_class
                    _loads.keep(recorder, load, self)
                    if load.count:
                        load.wide = _widths.estimated(self.model, rows)
                    if load.related and rows:
                        load.objects = _related.counted(self.model, load.related, rows)
                    if sys._getframe(1).f_code is item:
                        load.asked_in(INDEX)
            except Exception as error:
                failed("follow a queryset", recorder, error)

    return fetch_all


def _iterating() -> Any:
    original: Any = vars(query.QuerySet)["__iter__"]

    @wraps(original)
    def iterate(self: Any) -> Iterator[Any]:
        rows: Iterator[Any] = original(self)
        recorder = current()
        if recorder is not None and not recorder.closed:
            try:
                _loads.seen(recorder, self, ITER, rows)
            except Exception as error:
                failed("follow a queryset", recorder, error)
        return rows

    return iterate


def _iterating_later() -> Any:
    original: Any = vars(query.QuerySet)["__aiter__"]

    @wraps(original)
    def iterate(self: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            with guard("follow a queryset", recorder):
                if self._result_cache is not None:
                    _loads.seen(recorder, self, ITER)
                elif (load := _loads.begin(recorder, self)) is not None:
                    load.asked_in(ITER)
                    load.is_lost = True
        return original(self)

    return iterate


def _asking(name: str, way: int) -> Any:
    original: Any = vars(query.QuerySet)[name]
    get: Any = vars(query.QuerySet)["get"].__code__

    @wraps(original)
    def ask(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        recorder = current()
        if recorder is not None and not recorder.closed and self._result_cache is not None:
            try:
                is_get = way == LEN and sys._getframe(1).f_code is get
                _loads.seen(recorder, self, GET if is_get else way, answer)
            except Exception as error:
                failed("follow a queryset", recorder, error)
        return answer

    return ask


def _counting(name: str, way: int) -> Any:
    original: Any = vars(query.QuerySet)[name]

    @wraps(original)
    def count(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self, *args, **kwargs)
        before = len(recorder.queries)
        answer = original(self, *args, **kwargs)
        with guard("follow a queryset", recorder):
            if way and self._result_cache is not None:
                _loads.seen(recorder, self, way)
            elif (ran := query_since(recorder, before, self.model)) is not None:
                if way and (load := _loads.begin(recorder, self)) is not None:
                    load.asked = [*(load.asked or ()), (way, ran)]
                note = note_of(recorder)
                note.counted.append((ran, self.model))
                _prefetches.look_for_bypass(note, self, ran)
        return answer

    return count
