"""What is said of changes: how they stand to each other, and what their queries were for."""

from __future__ import annotations

import pytest
from django.db import transaction

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.collectors.test_changes import changes
from tests.shelf.models import Author, Board, Book, Tag

pytestmark = pytest.mark.django_db


def test_one_inside_another_names_the_entry_by_its_number() -> None:
    def work() -> None:
        Tag.objects.create(name="a")
        for number in range(3):
            Author.objects.update_or_create(name=str(number))

    entries = changes(work)

    assert [(one["what"], one["times"], one.get("inside")) for one in entries] == [
        ("save", 1, None),
        ("update_or_create", 3, None),
        ("get_or_create", 3, 1),
        ("save", 3, 2),
    ]


def test_outcomes_are_told_apart() -> None:
    def work() -> None:
        for name in ("a", "a", "b"):
            Author.objects.get_or_create(name=name)

    entries = [one for one in changes(work) if one["what"] == "get_or_create"]

    assert [(one["created"], one["times"]) for one in entries] == [(True, 2), (False, 1)]


def test_fields_are_told_apart() -> None:
    author = Author.objects.create(name="a")

    def work() -> None:
        for fields in (["name"], None, ["name"]):
            author.save(update_fields=fields)

    assert [(one.get("fields"), one["times"]) for one in changes(work)] == [
        (["name"], 2),
        (None, 1),
    ]


def test_what_asked_for_no_query_is_no_change() -> None:
    def work() -> None:
        Author.objects.create(name="a").books.remove()
        Author.objects.bulk_create([])
        Author.objects.none().update(name="b")

    assert [one["what"] for one in changes(work)] == ["save"]


def test_savepoints_of_a_change_are_not_among_its_queries() -> None:
    with record() as recording, transaction.atomic():
        Author.objects.get_or_create(name="a")

    [outer, _] = recording.cycle.stage(Stage.MODELS).facts["changes"]
    assert outer["query_count"] == 2
    assert outer["query_ns"] == sum(one.duration_ns for one in recording.cycle.statements)
    assert outer["duration_ns"] > outer["query_ns"]


def test_queries_say_for_what_innermost_change_rows_were_loaded() -> None:
    board = Board.objects.create()

    with record() as recording:
        board.tags.set([])
        Book.objects.first()

    loads = recording.cycle.stage(Stage.MODELS).facts["loads"]
    assert [one.get("for") for one in loads] == ["set", None]


def test_a_relation_that_is_no_field_keeps_its_name() -> None:
    entry = changes(lambda: Board.objects.create().board_set.add(Board.objects.create()))

    assert [one["relation"] for one in entry if "relation" in one] == ["shelf.Board.board_set"]
