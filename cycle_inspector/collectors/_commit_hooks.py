"""Callbacks of `transaction.on_commit` that raised: the transaction is committed all the same.

`run_and_clear_commit_hooks` is wrapped, as nothing else tells that it was a callback. What one of
`on_commit(robust=True)` raises is caught by Django and told as such, see
`cycle_inspector.collectors.caught`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from cycle_inspector.collectors import _places
from cycle_inspector.collectors._followed import name_of as function_name
from cycle_inspector.collectors._followed import raised_at
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean, message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._tracebacks import name_of
from cycle_inspector.conf import ALIAS
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json, Stage


class Note:
    """What the database stage keeps of connections, besides their queries."""

    __slots__ = ("autocommit", "failed")

    def __init__(self) -> None:
        # Of the first query of each alias and thread: whether nothing was open before the cycle.
        self.autocommit: dict[tuple[str, str], Any] = {}
        self.failed: list[FailedCallback] = []


class FailedCallback:
    """A callback that raised, and how many were not called after it; the exception is not kept."""

    __slots__ = ("_alias", "_function", "_identity", "_left", "_message", "_name", "_places")

    def __init__(self, error: BaseException, alias: str, function: Any, left: int) -> None:
        self._identity = id(error)
        self._alias = alias
        self._function = function_name(function)
        self._left = left
        self._name = name_of(error)
        self._message = message_of(error)
        self._places = _places.places_of_traceback(error)

    def is_of(self, error: BaseException) -> bool:
        """Whether this is of `error`, which may have come into the memory of one that is gone."""
        return self._identity == id(error) and self._name == name_of(error)

    def told(self) -> dict[str, Json]:
        """Return what there is to say of it; called after the cycle."""
        told: dict[str, Json] = {
            "alias": self._alias,
            "callback": self._function,
            "name": self._name,
            "message": clean(self._message),
            "not_called": self._left,
        }
        if place := raised_at(_places.frames_of(self._places)):
            told["raised_at"] = place
        return told


@contextmanager
def collect() -> Iterator[None]:
    """See the callbacks that raise; stop seeing them afterwards."""
    original = BaseDatabaseWrapper.run_and_clear_commit_hooks

    @wraps(original)
    def run_and_clear_commit_hooks(self: Any) -> Any:
        hooks = self.run_on_commit
        recorder = current() if hooks else None
        if recorder is None or recorder.closed or self.alias == ALIAS:
            return original(self)
        before = list(hooks)
        try:
            return original(self)
        except BaseException as error:
            with guard("record a callback that failed", recorder):
                _take(recorder, error, self.alias, before, len(hooks))
            raise

    with replaced(BaseDatabaseWrapper, "run_and_clear_commit_hooks", run_and_clear_commit_hooks):
        yield


def _take(
    recorder: Recorder, error: BaseException, alias: str, hooks: list[Any], left: int
) -> None:
    """Note the callback that raised; Django has taken those up to it out of its list."""
    failed = recorder.note(Stage.DATABASE, Note).failed
    at = len(hooks) - left - 1
    # A callback may commit a transaction of its own, one of whose callbacks raises.
    if at >= 0 and not (failed and failed[-1].is_of(error)):
        failed.append(FailedCallback(error, alias, hooks[at][1], left))
