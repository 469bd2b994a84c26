"""Stage 7, the models: which objects were loaded, saved and deleted.

Loaded ones are counted where querysets yield them, `ModelIterable.__iter__`: a receiver of
`post_init` would cost 2 us an instance. Saves come from the signal `post_save`. Deletions come from
`Collector.delete`, not from a signal: with any receiver of `post_delete` Django gives up deleting
by a single statement, so listening would change what the page does. Lazy loads are read off the
queries, whose stack shows the descriptor at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from django.db.models import deletion, query
from django.db.models.base import ModelBase
from django.db.models.signals import post_save

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Stage


class Note:
    """Counts by model label."""

    __slots__ = ("created", "deleted", "loaded", "updated")

    def __init__(self) -> None:
        self.loaded: Counter[str] = Counter()
        self.created: Counter[str] = Counter()
        self.updated: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()


@contextmanager
def collect() -> Iterator[None]:
    """Count instances; stop counting afterwards."""
    with ExitStack() as stack:
        stack.enter_context(replaced(query.ModelIterable, "__iter__", _loading()))
        stack.enter_context(replaced(deletion.Collector, "delete", _deleting()))
        post_save.connect(_saved, weak=False, dispatch_uid="cycle_inspector.models")
        stack.callback(post_save.disconnect, dispatch_uid="cycle_inspector.models")
        yield


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its count is that of the instances loaded."""
    note: Note = recorded.notes.get(Stage.MODELS) or Note()
    lazy = Counter(one.relation for one in recorded.queries if one.relation)
    return Summed(
        start_ns=recorded.queries[0].start_ns if note.loaded and recorded.queries else 0,
        count=note.loaded.total(),
        facts={
            "instances": _pairs(note.loaded),
            "lazy": _pairs(lazy),
            "saved": [
                [label, note.created[label], note.updated[label]]
                for label in note.created | note.updated
            ],
            "deleted": _pairs(note.deleted),
        },
    )


def _pairs(counter: Counter[str]) -> list[list[Any]]:
    return [[label, count] for label, count in counter.most_common()]


def _loading() -> Any:
    original = query.ModelIterable.__iter__

    @wraps(original)
    def iterate(self: Any) -> Iterator[Any]:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self)
        return _counted(original(self), recorder, self.queryset.model)

    return iterate


def _counted(instances: Iterator[Any], recorder: Recorder, model: Any) -> Iterator[Any]:
    count = 0
    try:
        for instance in instances:
            count += 1
            yield instance
    finally:
        if not recorder.closed and not _is_ours(model):
            recorder.note(Stage.MODELS, Note).loaded[model._meta.label] += count


def _deleting() -> Any:
    original = deletion.Collector.delete

    @wraps(original)
    def delete(self: Any) -> Any:
        result = original(self)
        recorder = current()
        if recorder is not None and not recorder.closed:
            with guard("count deletions", recorder):
                _count_deleted(recorder, result)
        return result

    return delete


def _count_deleted(recorder: Recorder, result: Any) -> None:
    # (total, {label: count}), as documented for QuerySet.delete(); the labels are of the models.
    counts = {
        label: count
        for label, count in result[1].items()
        if count and not label.startswith("cycle_inspector.")
    }
    if counts:
        recorder.note(Stage.MODELS, Note).deleted.update(counts)


def _saved(*, sender: Any, **given: Any) -> None:
    recorder = current()
    if recorder is None or recorder.closed:
        return
    # A project may send the signal itself: without `created`, or of what is no model.
    with guard("count saves", recorder):
        if not issubclass(type(sender), ModelBase) or _is_ours(sender):
            return
        note = recorder.note(Stage.MODELS, Note)
        (note.created if given.get("created") else note.updated)[sender._meta.label] += 1


def _is_ours(model: Any) -> bool:
    return bool(model._meta.app_label == "cycle_inspector")
