"""Changes of relations, by their managers."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import django
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import signals
from django.http import HttpResponse

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.collectors.test_changes import changes, received, told
from tests.shelf.models import Author, Board, Book, Note, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> Board:
    return Board.objects.create()


@pytest.fixture
def tag() -> Tag:
    return Tag.objects.create(name="a")


def shown(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (one["what"], one.get("relation") or one["model"], one.get("inside")) for one in entries
    ]


THROUGH = "shelf.Board_tags"

MANY: dict[str, tuple[Callable[[Board, Tag], Any], list[tuple[Any, ...]]]] = {
    "add": (
        lambda board, tag: board.tags.add(tag),
        [("add", "shelf.Board.tags", None), ("bulk_create", THROUGH, 0)],
    ),
    "add, backwards": (
        lambda board, tag: tag.boards.add(board),
        [("add", "shelf.Tag.boards", None), ("bulk_create", THROUGH, 0)],
    ),
    "remove": (
        lambda board, tag: board.tags.remove(tag),
        [("remove", "shelf.Board.tags", None), ("delete", THROUGH, 0)],
    ),
    "clear": (
        lambda board, tag: board.tags.clear(),
        [("clear", "shelf.Board.tags", None), ("delete", THROUGH, 0)],
    ),
    "set": (
        lambda board, tag: board.tags.set([tag]),
        [("set", "shelf.Board.tags", None), ("bulk_create", THROUGH, 0)]
        if django.VERSION >= (6, 1)
        else [
            ("set", "shelf.Board.tags", None),
            ("add", "shelf.Board.tags", 0),
            ("bulk_create", THROUGH, 1),
        ],
    ),
    "create": (
        lambda board, tag: board.tags.create(name="b"),
        [
            ("save", "shelf.Tag", None),
            ("add", "shelf.Board.tags", None),
            ("bulk_create", THROUGH, 1),
        ],
    ),
}


@pytest.mark.parametrize("kind", MANY)
def test_a_change_of_many_to_many_names_the_field(board: Board, tag: Tag, kind: str) -> None:
    work, expected = MANY[kind]

    entries = changes(lambda: work(board, tag))

    assert shown(entries) == expected
    assert all(one["caller"]["path"] == __file__ for one in entries)


def test_the_rows_of_an_addition_are_those_of_its_table(board: Board) -> None:
    tags = [Tag.objects.create(name=str(number)) for number in range(3)]

    _, rows = changes(lambda: board.tags.add(*tags))

    # Django leaves it to the database to skip those that are there already.
    assert told(rows, "given") == ("bulk_create", THROUGH, 3)


def test_a_set_that_changes_nothing_is_told_with_its_query(board: Board, tag: Tag) -> None:
    board.tags.add(tag)

    outer = changes(lambda: board.tags.set([tag]))[0]

    assert told(outer, "query_count") == ("set", "shelf.Board", 1)


def test_what_a_receiver_does_is_inside_the_addition(board: Board, tag: Tag) -> None:
    def receive(*, action: str, **_: Any) -> None:
        if action == "post_add":
            Author.objects.create(name="a")

    with received(signals.m2m_changed, receive, Board.tags.through):
        entries = changes(lambda: board.tags.add(tag))

    assert shown(entries) == [
        ("add", "shelf.Board.tags", None),
        ("bulk_create", THROUGH, 0),
        ("save", "shelf.Author", 0),
    ]
    assert entries[0]["query_count"] == 3


def test_reverse_relations_are_told() -> None:
    author = Author.objects.create(name="a")
    book = Book.objects.create(title="b")

    assert shown(changes(lambda: author.books.add(book))) == [
        ("add", "shelf.Author.books", None),
        ("update", "shelf.Book", 0),
    ]
    assert shown(changes(lambda: author.books.clear())) == [
        ("clear", "shelf.Author.books", None),
        ("update", "shelf.Book", 0),
    ]


def test_a_relation_without_a_name_goes_by_its_accessor(board: Board) -> None:
    other = Board.objects.create()

    assert shown(changes(lambda: board.board_set.add(other)))[0] == (
        "add",
        "shelf.Board.board_set",
        None,
    )


def test_generic_relations_are_told(tag: Tag) -> None:
    ContentType.objects.get_for_model(Tag)
    note = Note(content_type=ContentType.objects.get_for_model(Tag), object_id=0)

    assert shown(changes(lambda: tag.notes.add(note, bulk=False))) == [
        ("add", "shelf.Tag.notes", None),
        ("save", "shelf.Note", 0),
    ]


def test_a_manager_class_of_before_is_met_as_well(board: Board, tag: Tag) -> None:
    kind = type(board.tags)

    assert shown(changes(lambda: board.tags.add(tag)))[0][0] == "add"
    assert type(board.tags) is kind


def test_manager_classes_are_as_they_were_afterwards(board: Board) -> None:
    kind: Any = type(board.tags)
    before = {name: vars(kind)[name] for name in ("add", "remove", "set", "clear")}

    with record():
        assert vars(kind)["add"] is not before["add"]
        assert vars(kind)["add"].alters_data is True

    assert {name: vars(kind)[name] for name in before} == before


def test_a_manager_class_that_is_made_for_one_call_is_not_kept(board: Board) -> None:
    with record():
        kind = weakref.ref(type(board.tags(manager="objects")))
        gc.collect()

        assert kind() is None


def test_async_changes_of_relations_are_told(serve_asgi: Any) -> None:
    async def view(request: Any) -> HttpResponse:
        board = await Board.objects.acreate()
        await board.tags.aadd(await Tag.objects.acreate(name="a"))
        await board.tags.aset([])
        return HttpResponse()

    entries = serve_asgi(view).get("/").cycle.stage(Stage.MODELS).facts["changes"]

    assert [one["relation"] for one in entries if "relation" in one][:2] == [
        "shelf.Board.tags",
        "shelf.Board.tags",
    ]
