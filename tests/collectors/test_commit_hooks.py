"""Callbacks of on_commit() that raised, and that nothing is changed for them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from cycle_inspector import record
from cycle_inspector.collectors import _commit_hooks
from cycle_inspector.records import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def stumble(word: str = "password=hunter2") -> None:
    raise ValueError(word)


def commit(*callbacks: Any) -> None:
    with transaction.atomic():
        for one in callbacks:
            transaction.on_commit(one)


def told(*callbacks: Any) -> Any:
    """Return what is said of callbacks, the first of which to raise does so to the end."""
    with record() as recording, pytest.raises(ValueError, match=r"hunter2|inner"):
        commit(*callbacks)
    assert connection.run_on_commit == []
    assert recording.cycle.dropped == {}
    return recording.cycle.stage(Stage.DATABASE).facts["failed_callbacks"]


def test_the_one_that_raised_is_told_and_how_many_were_left() -> None:
    (failed,) = told(list, stumble, list, list)
    place = failed.pop("raised_at")
    assert (place["path"], place["function"], place["is_project"]) == (__file__, "stumble", True)
    assert failed == {
        "alias": "default",
        "callback": "stumble",
        "name": "ValueError",
        "message": "password=********************",
        "not_called": 2,
    }


def test_one_that_commits_itself_is_told_once() -> None:
    def outer() -> None:
        with transaction.atomic():
            transaction.on_commit(partial(stumble, "inner"))

    (failed,) = told(outer)
    assert (failed["callback"], failed["message"]) == ("partial", "inner")


def test_nothing_is_told_of_those_that_return() -> None:
    with record() as recording:
        commit(list)
    assert "failed_callbacks" not in recording.cycle.stage(Stage.DATABASE).facts


def test_outside_of_a_cycle_the_callbacks_are_called_as_they_are() -> None:
    called: list[int] = []
    with _commit_hooks.collect(), pytest.raises(ValueError, match="x"):
        commit(lambda: called.append(1), partial(stumble, "x"))
    assert called == [1]


def test_the_hook_is_taken_away() -> None:
    before = vars(BaseDatabaseWrapper)["run_and_clear_commit_hooks"]
    with _commit_hooks.collect():
        assert vars(BaseDatabaseWrapper)["run_and_clear_commit_hooks"] is not before
    assert vars(BaseDatabaseWrapper)["run_and_clear_commit_hooks"] is before
