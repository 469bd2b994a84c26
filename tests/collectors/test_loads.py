"""What is noted of rows that were loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cycle_inspector.collectors import _loads
from cycle_inspector.collectors._loads import BOOL, INDEX, ITER, LEN, WAYS, Load
from cycle_inspector.collectors._model_notes import Note
from tests.shelf.models import Book


def load_of(count: int | None, ways: int = 0) -> Load:
    load = Load(Book.objects.all())
    load.query, load.count, load.ways = object(), count, ways
    return load


def stopped(after: int, of: int) -> Any:
    rows = iter(list(range(of)))
    for _ in range(after):
        next(rows)
    return rows


def test_every_way_has_a_name_and_a_bit_of_its_own() -> None:
    assert len(set(WAYS.values())) == len(WAYS) == 10
    assert sum(WAYS) == 2**10 - 1


def test_the_first_way_is_remembered() -> None:
    load = load_of(3)

    load.asked_in(LEN)
    load.asked_in(ITER)

    assert (load.first, load.ways) == (LEN, LEN | ITER)


@pytest.mark.parametrize(
    ("load", "taken"),
    [
        (load_of(3, LEN), 0),
        (load_of(3, LEN | BOOL), 0),
        (load_of(3, LEN | INDEX), None),
        (load_of(3, ITER), None),  # of a short list its iterator is not kept
        (load_of(3), None),  # by somebody else's code
        (load_of(None, LEN), None),
    ],
)
def test_what_was_taken_is_known_or_said_not_to_be(load: Load, taken: int | None) -> None:
    assert load.taken() == taken


def test_a_loop_over_a_long_list_tells_how_far_it_came() -> None:
    note, load = Note(), load_of(50, ITER)

    load.follow(note, stopped(after=4, of=50))
    assert load.taken() == 4

    load.follow(note, stopped(after=50, of=50))
    assert load.taken() == 50


def test_slices_tell_how_much_they_gave_at_most() -> None:
    note, load = Note(), load_of(50, BOOL | INDEX)

    load.handed = 20
    assert load.taken() == 20

    load.asked_in(ITER)
    load.follow(note, stopped(after=4, of=50))
    assert load.taken() == 24

    load.handed = 60
    assert load.taken() == 50


@pytest.mark.parametrize(
    ("count", "make"),
    [(20, lambda: stopped(4, 20)), (50, lambda: iter(range(50))), (None, lambda: stopped(1, 9))],
)
def test_other_iterators_are_let_go(count: int | None, make: Callable[[], Any]) -> None:
    note, load = Note(), load_of(count, ITER)

    load.follow(note, make())

    assert load.iterators is None


def test_only_so_many_lists_are_kept_alive() -> None:
    note = Note()

    kept = [load_of(50, ITER) for _ in range(100)]
    for one in kept:
        one.follow(note, stopped(1, 50))

    assert sum(one.iterators is not None for one in kept) == _loads._MOST_FOLLOWED
    assert kept[-1].taken() is None


def test_a_queryset_is_not_kept_alive() -> None:
    assert load_of(3).queryset() is None
