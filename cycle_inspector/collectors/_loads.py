"""Rows that were loaded: by which query, for which model, and what became of them.

Ways to ask a queryset (`len()`, `if`, a loop, an index) are noted as they come. What they say
together, as that all rows were loaded for their number, is for the rules to judge. Of a list that
was looped over, the list's own iterator tells afterwards how far the loop came.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from cycle_inspector.collectors import _prefetches
from cycle_inspector.collectors._model_notes import OURS, Note, note_of
from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Stage

# Ways to ask a queryset, as bits.
ITER, LEN, BOOL, INDEX, GET, COUNT, EXISTS, CONTAINS, PICKLE, ITERATOR = (1 << n for n in range(10))
WAYS = {
    ITER: "iter",
    LEN: "len",
    BOOL: "bool",
    INDEX: "index",
    GET: "get",
    COUNT: "count",
    EXISTS: "exists",
    CONTAINS: "contains",
    PICKLE: "pickle",
    ITERATOR: "iterator",
}

# Those that hand no row out.
_COUNTING = LEN | BOOL | COUNT | EXISTS

# How far a loop came is kept of so many rows upwards, and of so many loops: what was not looped
# over to its end keeps its list alive until the cycle is over.
_LEAST_FOLLOWED = 21
_MOST_FOLLOWED = 50

_MODELS = Stage.MODELS
_ListIterator: type = type(iter([]))


class Load:
    """Rows that one query brought, as objects of a model or as they are."""

    __slots__ = (
        "asked",
        "before",
        "count",
        "deferred",
        "first",
        "handed",
        "is_lost",
        "is_running",
        "is_sliced",
        "iterable",
        "iterators",
        "model",
        "objects",
        "query",
        "queryset",
        "related",
        "ways",
        "wide",
    )

    def __init__(self, queryset: Any) -> None:
        self.queryset: Callable[[], Any] = weakref.ref(queryset)
        self.model = queryset.model
        self.iterable: Any = None
        self.query: Any = None
        self.count: int | None = None  # None: what the query says
        self.before = 0
        self.is_running = False
        self.ways = self.first = 0
        self.handed = 0  # rows by index or slice, counted each time
        self.iterators: list[Iterator[Any]] | None = None
        self.is_lost = False  # whether there was a loop whose iterator is not kept
        self.asked: list[tuple[int, Any]] | None = None  # count() or exists() before, the queries
        self.related: Any = False  # what came along by select_related(), as the query has it
        self.objects: dict[str, tuple[Any, int | None]] | None = None  # and how many of each
        self.deferred: Any = None
        self.wide: dict[str, int] | None = None  # about how much text some columns brought
        self.is_sliced = False

    def asked_in(self, way: int) -> None:
        """Note a way in which the rows were asked for."""
        self.ways |= way
        if not self.first:
            self.first = way

    def follow(self, note: Note, iterator: Any) -> None:
        """Keep the iterator of a long list, which knows how far it came."""
        is_long = (self.count or 0) >= _LEAST_FOLLOWED and type(iterator) is _ListIterator
        if not is_long or note.followed >= _MOST_FOLLOWED:
            self.is_lost = True
            return
        note.followed += 1
        if self.iterators is None:
            self.iterators = []
        self.iterators.append(iterator)

    def taken(self) -> int | None:
        """Return how many rows were handed out, at most; None if that is not known."""
        count, ways = self.count, self.ways
        if count is None or self.query is None or not ways or ways & ~_COUNTING & ~ITER & ~INDEX:
            return None
        if ways & INDEX and not self.handed:
            return None  # the index itself made the query run
        if not ways & ITER:
            return min(count, self.handed)
        if self.is_lost or self.iterators is None:
            return None
        furthest = max(count - operator.length_hint(one, count) for one in self.iterators)
        return min(count, furthest + self.handed)


def begin(recorder: Recorder, queryset: Any) -> Load | None:
    """Return what is known of a queryset that is about to run."""
    if queryset.model._meta.app_label == OURS:
        return None
    note: Note = recorder.notes.get(_MODELS) or note_of(recorder)
    load = note.known.get(id(queryset))
    if load is None or load.queryset() is not queryset:
        load = note.known[id(queryset)] = Load(queryset)
    load.before = len(recorder.queries)
    return load


def keep(recorder: Recorder, load: Load, queryset: Any) -> None:
    """Keep what has run, with what it asked for; the queryset itself is not kept."""
    # That of raw() has none. Asking for `__dict__` would make a dict of the queryset, and it slow.
    sql = getattr(queryset, "_query", None)
    if sql is not None:
        load.related = sql.select_related
        load.deferred = sql.deferred_loading
        load.is_sliced = sql.high_mark is not None
    note: Note = recorder.notes.get(_MODELS) or note_of(recorder)
    if len(note.loads) < recorder.limits.queries:
        note.loads.append(load)
    else:
        note.more[load.model._meta.label] += load.count or 0
    if note.prefetched:
        _prefetches.look_for_bypass(note, queryset, load.query)


def seen(recorder: Recorder, queryset: Any, way: int, rows: Any = None) -> None:
    """Note that a queryset whose rows are there was asked, once more or for the first time."""
    note: Note | None = recorder.notes.get(_MODELS)
    if note is None:
        return
    load = note.known.get(id(queryset))
    if load is not None and load.queryset() is queryset:
        load.ways |= way
        if not load.first:
            load.first = way
        if way == ITER:
            load.follow(note, rows)
        elif way == INDEX:
            load.handed += len(rows) if type(rows) is list else 1
    elif note.prefetched:
        _prefetches.seen(note, queryset, sys._getframe(2))
