"""Stage 7, the models: which objects were loaded, saved and deleted, and what that caused.

Four collectors feed it. `_querysets` and `_iterables` see rows being loaded, `_prefetches` the
lookups of `prefetch_related()`, `_changes` and `_relations` what is written. None of them is a
receiver of a signal: one of `post_init` would cost 2 us an instance, and with others Django works
differently. Lazy loads are read off the queries, whose stack shows the descriptor at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import (
    _change_facts,
    _changes,
    _iterables,
    _loop_sources,
    _model_facts,
    _prefetch_facts,
    _prefetches,
    _querysets,
    _relations,
    _serializers,
)
from cycle_inspector.collectors._model_notes import Note
from cycle_inspector.collectors.view import code_of
from cycle_inspector.records import Facts, Stage


@contextmanager
def collect() -> Iterator[None]:
    """Watch what is loaded and written; stop watching afterwards."""
    with ExitStack() as stack:
        for collector in (_iterables, _querysets, _prefetches, _changes, _relations):
            stack.enter_context(collector.collect())
        yield


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its count is that of the objects loaded."""
    note: Note = recorded.notes.get(Stage.MODELS) or Note()
    queries = {one.id: one for one in recorded.queries}
    groups = _model_facts.groups(note, queries, _change_facts.causes(note))
    objects, rows = _model_facts.totals(note, groups)
    lazy = Counter(one.relation for one in recorded.queries if one.relation)
    changes = _change_facts.changes(note, queries)
    loads = _model_facts.loads(groups)
    return Summed(
        start_ns=recorded.queries[0].start_ns if objects and recorded.queries else 0,
        count=objects.total(),
        facts={
            "instances": _pairs(objects),
            "rows": _pairs(rows),
            "loads": loads,
            "lazy": _pairs(lazy),
            "lazy_loads": _model_facts.lazy_loads(note, recorded.queries),
            "prefetches": _prefetch_facts.prefetches(note, queries),
            "saved": [
                [label, note.created[label], note.updated[label]]
                for label in note.created | note.updated
            ],
            "deleted": _pairs(note.deleted),
            "changes": changes,
            **_of_loops(recorded, loads, changes),
        },
    )


def _of_loops(recorded: Recorded, loads: Iterable[Facts], changes: Iterable[Facts]) -> Facts:
    """Return what is kept of the loops, and of the view that they ran in."""
    opened = recorded.notes.get(Stage.VIEW)
    view = {} if opened is None else code_of(opened.callback, opened.method)
    facts = _loop_sources.facts_of(recorded, loads, changes, view)
    if facts and opened is not None:
        fields = _serializers.fields_of(opened.callback)
        return {**facts, "serializer": fields} if fields else facts
    return facts


def _pairs(counter: Counter[str]) -> list[list[Any]]:
    return [[label, count] for label, count in counter.most_common()]
