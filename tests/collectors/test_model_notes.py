"""Whose queries are whose."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cycle_inspector.collectors._changes import Change
from cycle_inspector.collectors._model_notes import (
    Note,
    Work,
    cause_of,
    is_ours,
    note_of,
    query_since,
    running,
)
from cycle_inspector.models import Cycle
from cycle_inspector.recorder import Recorder
from tests.recorders import FakeClock
from tests.shelf.models import Author, Board, Book


class Ran:
    """A statement that ran, in this thread or another."""

    def __init__(
        self, number: int, frames: int = 1, thread: Any = None, sql: Any = "... shelf_book ..."
    ) -> None:
        self.id = number
        self.sql = sql
        self.thread = thread or threading.current_thread()
        self.place = type("Place", (), {"codes": [None] * frames})()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(clock=FakeClock())


OTHER = threading.Thread(name="other")


def test_a_cycle_has_one_note(recorder: Recorder) -> None:
    assert type(note_of(recorder)) is Note
    assert note_of(recorder) is note_of(recorder)


def test_work_owns_the_queries_that_its_thread_ran_meanwhile(recorder: Recorder) -> None:
    recorder.queries.append(Ran(1))  # type: ignore[arg-type]
    work = Work(recorder)
    recorder.queries += [Ran(2), Ran(3, thread=OTHER), Ran(4)]  # type: ignore[list-item]
    work.finish(recorder)
    recorder.queries.append(Ran(5))  # type: ignore[arg-type]

    assert work.queries == (2, 4)
    assert work.end > work.start


def test_work_knows_inside_which_it_was_done(recorder: Recorder) -> None:
    outer = Work(recorder)
    inner = Work(recorder)
    assert (running(), inner.outer, outer.outer) == (inner, outer, None)

    inner.finish(recorder)
    assert running() is outer
    outer.finish(recorder)
    assert running() is None


@pytest.mark.parametrize(
    ("ran", "found"),
    [
        ([], None),
        ([Ran(1)], 1),
        ([Ran(1, thread=OTHER)], None),
        ([Ran(1, thread=OTHER), Ran(2)], 2),
        ([Ran(1, frames=2), Ran(2), Ran(3)], 2),  # a receiver before it, a prefetch after it
        ([Ran(1, sql="SET NAMES"), Ran(2), Ran(3, sql="other")], 2),  # a connection opens
        ([Ran(1, sql=b"raw"), Ran(2, sql="raw", frames=2)], 1),
    ],
)
def test_a_load_has_the_query_of_its_own_thread_and_line(
    recorder: Recorder, ran: list[Any], found: int | None
) -> None:
    recorder.queries.append(Ran(0))  # type: ignore[arg-type]
    recorder.queries += ran

    query = query_since(recorder, 1, Book)

    assert (None if query is None else query.id) == found


def test_a_query_of_a_cycle_without_models_has_no_cause(recorder: Recorder) -> None:
    assert cause_of(recorder, 1) == (None, False)


def test_the_innermost_work_is_the_cause_of_a_query(recorder: Recorder) -> None:
    note = note_of(recorder)
    outer = Change(recorder, "save", Book)
    inner = Change(recorder, "relation", Board, "tags")
    recorder.queries += [Ran(1)]  # type: ignore[list-item]
    inner.finish(recorder)
    recorder.queries += [Ran(2)]  # type: ignore[list-item]
    outer.finish(recorder)
    note.changes += [outer, inner]
    note.counted.append((Ran(3), Author))

    causes = [cause_of(recorder, number) for number in (1, 2, 3, 4)]

    assert [label for label, _ in causes] == [
        "shelf.Board.tags",
        "shelf.Book",
        "shelf.Author",
        None,
    ]
    assert not any(is_prefetch for _, is_prefetch in causes)


def test_the_history_is_ours_and_nothing_else() -> None:
    assert is_ours(Cycle)
    assert not is_ours(Book)
