"""Prefetches: which lookups ran, and whether anybody has read what they brought.

Each level of a lookup goes through `prefetch_one_level` of django.db.models.query, which is wrapped
there. Of many related objects it leaves a filled queryset for each parent; this is remembered, and
`_loads` tells when one of them is asked. What stands in an attribute (`to_attr`) or in the cache of
a foreign key is read without a trace: of those nobody can say whether they were used.

A query bypasses a prefetch if it comes of the related manager of an object that has the rows
already, as `author.books.filter(...)` does. Such querysets are made of the filled one, and share
the dict of hints that leads back to the parent.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

from django.db.models import query
from django.db.models.constants import LOOKUP_SEP

from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._model_notes import Note, Work, is_ours, note_of, running
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Recorder, current

# Django reads what was prefetched itself, on its way to the next level of a lookup.
_PREFETCHING = query.prefetch_related_objects.__code__


class Prefetch(Work):
    """One level of a lookup, for many parents."""

    __slots__ = (
        "bypasses",
        "children",
        "has_queryset",
        "is_read",
        "is_shared",
        "lookup",
        "model",
        "parents",
        "to_attr",
    )

    def __init__(self, recorder: Recorder, instances: Any, lookup: Any, level: int) -> None:
        super().__init__(recorder)
        self.model = type(instances[0])
        self.parents = len(instances)
        self.children: int | None = None
        through = lookup.prefetch_through.split(LOOKUP_SEP)
        self.lookup = LOOKUP_SEP.join(through[: level + 1])
        is_last = level == len(through) - 1
        self.has_queryset = is_last and lookup.queryset is not None
        name, is_attribute = lookup.get_current_to_attr(level)
        self.to_attr: str | None = str(name) if is_attribute else None
        self.is_read: bool | None = None  # None: it cannot be known
        self.is_shared = False  # whether hints tell of bypasses
        self.bypasses: list[Any] = []

    def remember(self, note: Note, instances: Any, cache: str) -> None:
        """Remember the filled querysets of the parents."""
        self.is_read = False
        prefetched, ref = note.prefetched, weakref.ref
        for one in instances:
            filled = one._prefetched_objects_cache[cache]
            prefetched[id(filled)] = ref(filled), self
        self.is_shared = bool(filled._hints)


@contextmanager
def collect() -> Iterator[None]:
    """Watch prefetches; stop watching afterwards."""
    original: Any = vars(query)["prefetch_one_level"]

    @wraps(original)
    def prefetch(instances: Any, prefetcher: Any, lookup: Any, level: int) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(instances, prefetcher, lookup, level)
        made: Prefetch | None = None
        caches: Any = ()
        try:
            if not is_ours(type(instances[0])):
                caches = set(instances[0]._prefetched_objects_cache)
                made = Prefetch(recorder, instances, lookup, level)
        except Exception as error:
            failed("follow a prefetch", recorder, error)
        try:
            result = original(instances, prefetcher, lookup, level)
        except BaseException:
            if made is not None:
                with guard("follow a prefetch", recorder):
                    made.finish(recorder)
            raise
        if made is not None:
            with guard("follow a prefetch", recorder):
                made.finish(recorder)
                _keep(recorder, made, instances, caches, result)
        return result

    with replaced(query, "prefetch_one_level", prefetch):
        yield


def seen(note: Note, queryset: Any, caller: FrameType) -> None:
    """Say that a queryset was asked whose rows somebody else has put there."""
    ref, prefetch = note.prefetched.get(id(queryset), (None, None))
    if ref is None or prefetch is None or prefetch.is_read:
        return
    if ref() is queryset and caller.f_code is not _PREFETCHING:
        prefetch.is_read = True


def look_for_bypass(note: Note, queryset: Any, ran: Any) -> None:
    """Note the statement `ran`, of `queryset`, if the rows it asks for were prefetched."""
    hints = queryset._hints
    if not hints or not note.prefetched or ran is None:
        return
    outer = running()
    if outer is not None and not isinstance(outer, Prefetch):
        return  # what is about to be changed has to be looked up
    instance = hints.get("instance")
    filled = getattr(instance, "__dict__", {}).get("_prefetched_objects_cache")
    if not filled:
        return
    for one in filled.values():
        if getattr(one, "_hints", None) is hints:
            ref, prefetch = note.prefetched.get(id(one), (None, None))
            if ref is not None and prefetch is not None and ref() is one:
                prefetch.bypasses.append(ran)


def _keep(
    recorder: Recorder, made: Prefetch, instances: Any, caches: set[str], result: Any
) -> None:
    note = note_of(recorder)
    if len(note.prefetches) >= recorder.limits.queries:
        return
    note.prefetches.append(made)
    children = result[0]
    made.children = len(children) if type(children) is list else None
    if made.to_attr is None:
        new = set(instances[0]._prefetched_objects_cache) - caches
        if len(new) == 1:
            made.remember(note, instances, new.pop())
