"""What the collectors of the models stage leave on the recorder, and whose queries are whose.

Nothing here is put on an instance or a queryset, as both may be pickled: a queryset is found again
by its id, beside a weak reference that says whether it is still that one.

Queries have no field for what caused them. Work that is done in one go, by one thread, owns those
that this thread has added to the recorder in the meantime.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Stage

if TYPE_CHECKING:
    from cycle_inspector.collectors._changes import Change
    from cycle_inspector.collectors._loads import Load
    from cycle_inspector.collectors._prefetches import Prefetch

# The change or prefetch that is being done in this context.
_running: ContextVar[Work | None] = ContextVar("cycle_inspector_models", default=None)

running: Callable[[], Work | None] = _running.get
"""Return the innermost change or prefetch of the running context."""


class Note:
    """What one cycle did with models, raw."""

    __slots__ = (
        "causes",
        "changes",
        "counted",
        "created",
        "deleted",
        "followed",
        "known",
        "loads",
        "more",
        "prefetched",
        "prefetches",
        "updated",
    )

    def __init__(self) -> None:
        self.loads: list[Load] = []
        self.prefetches: list[Prefetch] = []
        self.changes: list[Change] = []
        # Counts by model label: of changes, and of loads that the limit has left out.
        self.created: Counter[str] = Counter()
        self.updated: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()
        self.more: Counter[str] = Counter()
        # By the id of the queryset: what it has loaded, or what was prefetched into it.
        self.known: dict[int, Load] = {}
        self.prefetched: dict[int, tuple[Callable[[], Any], Prefetch]] = {}
        # The queries of `count()`, `exists()` and `aggregate()`, each with its model.
        self.counted: list[tuple[Any, Any]] = []
        self.causes: dict[int, tuple[str | None, bool]] | None = None  # see `cause_of`
        self.followed = 0  # iterators that are kept, see `Load.follow`


class Work:
    """Something that is done by one call, and owns the queries that run until it returns."""

    __slots__ = ("_before", "_token", "end", "outer", "queries", "start")

    def __init__(self, recorder: Recorder) -> None:
        self.outer = _running.get()
        self.queries: tuple[int, ...] = ()
        self._token: Token[Work | None] | None = _running.set(self)
        self._before = len(recorder.queries)
        self.start = self.end = recorder.clock()

    def finish(self, recorder: Recorder) -> None:
        """Take the time and the queries, and let the outer work be the innermost again."""
        self.end = recorder.clock()
        token, self._token = self._token, None
        if token is not None:
            _running.reset(token)
        made: list[Any] = recorder.queries[self._before :]
        if made:
            thread = threading.current_thread()
            self.queries = tuple([one.id for one in made if one.thread is thread])


def note_of(recorder: Recorder) -> Note:
    """Return the note of the cycle."""
    return recorder.note(Stage.MODELS, Note)


def query_since(recorder: Recorder, before: int, model: Any) -> Any:
    """Return the statement for rows of `model` that this thread has run since there were `before`.

    None if there is none. Around it others may have run: a connection that was opened for it sets
    itself up first, prefetches come after it, and the page's own code that is called for a row has
    further frames above it.
    """
    made: list[Any] = recorder.queries[before:]
    if not made:
        return None
    thread = threading.current_thread()
    if len(made) == 1:
        return made[0] if made[0].thread is thread else None
    own = [one for one in made if one.thread is thread]
    table = model._meta.db_table
    named = [one for one in own if type(one.sql) is str and table in one.sql]
    return min(named or own, key=lambda one: len(one.place.codes), default=None)


def cause_of(recorder: Recorder, query: int) -> tuple[str | None, bool]:
    """Return the label of the model that a query is about, and whether it is of a prefetch.

    Called after the cycle. A relation that is written has its model's label and its own name.
    """
    note: Note | None = recorder.notes.get(Stage.MODELS)
    if note is None:
        return _NO_CAUSE
    if note.causes is None:
        note.causes = _causes(note)
    return note.causes.get(query, _NO_CAUSE)


_NO_CAUSE = (None, False)


def _causes(note: Note) -> dict[int, tuple[str | None, bool]]:
    found: dict[int, tuple[str | None, bool]] = {}
    for change in sorted(note.changes, key=lambda one: one.start):  # those inside come later
        label = _label(change.model)
        label = label if change.name is None else f"{label}.{change.name}"
        found |= dict.fromkeys(change.queries, (label, False))
    prefetched = {one for work in note.prefetches for one in work.queries}
    found |= dict.fromkeys(prefetched, (None, True))
    loaded = [(one.query, one.model) for one in note.loads if one.query is not None]
    for query, model in note.counted + loaded:
        found[query.id] = _label(model), query.id in prefetched
    return found


def _label(model: Any) -> str:
    return str(model._meta.label)


OURS = "cycle_inspector"
"""The label of the history's models."""


def is_ours(model: Any) -> bool:
    """Whether this is a model of the history, which the page has nothing to do with."""
    return bool(model._meta.app_label == OURS)
