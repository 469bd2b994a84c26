"""What is written: each save, bulk operation, update, deletion and change of a relation.

The methods themselves are wrapped, not listened to: with any receiver of `post_delete` Django gives
up deleting by a single statement, and with one of `m2m_changed` adding by one. Whether a save made
a row or changed one is what `Model._save_table` returns, for the last of its tables.

A change owns the queries that run until its method returns, those of signals' receivers among them,
and knows the change inside which it happened. Its line of the page's code is that of its queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from django.db.models import base, deletion, query

from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._model_notes import OURS, Work, note_of, running
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Recorder, current

RELATION_METHODS = ("add", "remove", "set", "clear")


class Change(Work):
    """One call that writes."""

    __slots__ = (
        "counts",
        "created",
        "fast",
        "fields",
        "given",
        "instance",
        "is_failed",
        "is_raw",
        "kind",
        "model",
        "name",
        "rows",
        "set_fields",
    )

    def __init__(self, recorder: Recorder, kind: str, model: Any, name: str | None = None) -> None:
        super().__init__(recorder)
        self.kind = kind
        self.model = model
        self.name = name  # of the relation, of the change of one
        self.rows: int | None = None
        self.given: int | None = None  # objects given to a bulk operation that may leave some out
        self.created: bool | None = None
        self.fields: tuple[str, ...] | None = None  # `update_fields`, or those of an update()
        self.is_raw = False  # of a fixture
        self.is_failed = False
        # Of a deletion: rows by label, the models deleted without loading, fields that were set.
        self.counts: dict[str, int] | None = None
        self.fast: frozenset[Any] = frozenset()
        self.set_fields: tuple[Any, ...] = ()


Told = Callable[[Change, Any, tuple[Any, ...], dict[str, Any]], None]
"""Takes what a call has returned, and what it was given."""


@contextmanager
def collect() -> Iterator[None]:
    """Watch what is written; stop watching afterwards."""
    with ExitStack() as stack:
        for owner, name, told in (
            (base.Model, "save_base", _saved),
            (base.Model, "delete", None),
            (query.QuerySet, "delete", None),
            (query.QuerySet, "update", _updated),
            (query.QuerySet, "bulk_create", _bulk_created),
            (query.QuerySet, "bulk_update", _bulk_updated),
            (query.QuerySet, "get_or_create", _got_or_created),
            (query.QuerySet, "update_or_create", _got_or_created),
        ):
            kind = "save" if name == "save_base" else name
            is_instance = owner is base.Model
            method = changing(vars(owner)[name], kind, told, is_instance=is_instance)
            stack.enter_context(replaced(owner, name, method))
        stack.enter_context(replaced(base.Model, "_save_table", _saving_table()))
        stack.enter_context(replaced(deletion.Collector, "delete", _collected()))
        yield


def changing(original: Any, kind: str, told: Told | None, *, is_instance: bool = False) -> Any:
    """Return a method that is followed as a change, in the place of `original`."""
    is_relation = kind in RELATION_METHODS

    @wraps(original)
    def change(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self, *args, **kwargs)
        made: Change | None = None
        try:
            if is_relation:
                made = _begin(recorder, kind, type(self.instance), _name_of(self))
            else:
                made = _begin(recorder, kind, type(self) if is_instance else self.model)
        except Exception as error:
            failed("follow a change", recorder, error)
        try:
            result = original(self, *args, **kwargs)
        except BaseException:
            if made is not None:
                made.is_failed = True
                with guard("follow a change", recorder):
                    made.finish(recorder)
            raise
        if made is not None:
            try:
                made.finish(recorder)
                if told is not None and not recorder.closed:
                    told(made, result, args, kwargs)
                    _count(recorder, made)
            except Exception as error:
                failed("follow a change", recorder, error)
        return result

    return change


def _begin(recorder: Recorder, kind: str, model: Any, name: str | None = None) -> Change | None:
    if model._meta.app_label == OURS:
        return None
    made = Change(recorder, kind, model, name)
    changes = note_of(recorder).changes
    if len(changes) < recorder.limits.queries:
        changes.append(made)
    else:
        recorder.count_dropped("changes")
    return made


def _count(recorder: Recorder, made: Change) -> None:
    if made.kind == "save" and made.created is not None:
        note = note_of(recorder)
        (note.created if made.created else note.updated)[made.model._meta.label] += 1


def _saved(made: Change, result: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    fields = given.get("update_fields", args[4] if len(args) > 4 else None)
    if isinstance(fields, frozenset):  # as Model.save() makes it
        made.fields = tuple(sorted(one for one in fields if type(one) is str))
    made.is_raw = given.get("raw", args[0] if args else False) is True
    made.rows = 1


def _updated(made: Change, result: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    made.rows = result if type(result) is int else None
    made.fields = tuple(sorted(given))


def _bulk_created(made: Change, result: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    count = len(result) if type(result) is list else None
    may_skip = given.get("ignore_conflicts") or given.get("update_conflicts") or len(args) > 2
    if may_skip:
        made.given = count
    else:
        made.rows = count


def _bulk_updated(made: Change, result: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    made.rows = result if type(result) is int else None
    fields: Any = args[1] if len(args) > 1 else given.get("fields")
    if type(fields) in (list, tuple, set):
        made.fields = tuple(sorted(one for one in fields if type(one) is str))


def _got_or_created(
    made: Change, result: Any, args: tuple[Any, ...], given: dict[str, Any]
) -> None:
    made.created = result[1] is True


def _saving_table() -> Any:
    original: Any = vars(base.Model)["_save_table"]

    @wraps(original)
    def save_table(self: Any, *args: Any, **kwargs: Any) -> Any:
        updated = original(self, *args, **kwargs)
        made = running()
        if type(made) is Change and made.kind == "save":
            made.created = not updated
        return updated

    return save_table


def _collected() -> Any:
    original: Any = deletion.Collector.delete

    @wraps(original)
    def delete(self: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self)
        made: Change | None = None
        is_own = False
        with guard("follow a deletion", recorder):
            outer = running()
            made = outer if type(outer) is Change and outer.kind == "delete" else None
            if made is None and (model := _first_model(self)) is not None:
                made = _begin(recorder, "delete", model)
                is_own = True
            if made is not None:
                made.fast = frozenset(one.model for one in self.fast_deletes)
                made.set_fields = tuple(field for field, _ in self.field_updates)
        try:
            result = original(self)
        except BaseException:
            if made is not None and is_own:
                made.is_failed = True
                with guard("follow a deletion", recorder):
                    made.finish(recorder)
            raise
        if made is not None:
            with guard("follow a deletion", recorder):
                if is_own:
                    made.finish(recorder)
                if not recorder.closed:
                    _count_deleted(recorder, made, result)
        return result

    return delete


def _first_model(collector: Any) -> Any:
    """Return the model of what is deleted, where a project collects by itself."""
    models = [*collector.data, *(one.model for one in collector.fast_deletes)]
    return models[0] if models else None


def _count_deleted(recorder: Recorder, made: Change, result: Any) -> None:
    # (total, {label: count}), as documented for QuerySet.delete(); the labels are of the models.
    made.counts = {label: count for label, count in result[1].items() if count}
    made.rows = sum(made.counts.values())
    note_of(recorder).deleted.update(made.counts)


def _name_of(related: Any) -> str:
    """Return what a related manager goes by: the name of its field, or of the relation to it."""
    name = getattr(related, "prefetch_cache_name", None)
    return str(name if name is not None else related.field.remote_field.name)
