"""The models stage: instances loaded, saved and deleted, and fields loaded late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import models

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.shelf.models import Author, Book, Cover, Note
from tests.site import Site

pytestmark = pytest.mark.django_db


def facts(work: Callable[[], Any]) -> Any:
    with record() as recording:
        work()
    return recording.cycle.stage(Stage.MODELS).facts


@pytest.fixture
def books() -> list[Book]:
    made = []
    for number in range(3):
        author = Author.objects.create(name=f"author {number}")
        made.append(Book.objects.create(title=f"book {number}", author=author))
        Cover.objects.create(book=made[-1])
    return made


@pytest.mark.parametrize(
    ("work", "loaded"),
    [
        (lambda: list(Book.objects.all()), [["shelf.Book", 3]]),
        (lambda: Book.objects.first(), [["shelf.Book", 1]]),
        (lambda: Book.objects.get(title="book 1"), [["shelf.Book", 1]]),
        (lambda: list(Book.objects.iterator()), [["shelf.Book", 3]]),
        (
            lambda: list(Author.objects.prefetch_related("books")),
            [["shelf.Author", 3], ["shelf.Book", 3]],
        ),
        (lambda: list(Book.objects.values("title")), []),
        (lambda: list(Book.objects.values_list("pk", flat=True)), []),
        (lambda: Book.objects.count(), []),
        (lambda: Book(title="made by hand"), []),
        (lambda: next(iter(Book.objects.iterator())), [["shelf.Book", 1]]),
    ],
)
def test_instances_are_counted_by_model(
    books: list[Book], work: Callable[[], Any], loaded: list[list[Any]]
) -> None:
    assert facts(work)["instances"] == loaded


def test_the_count_of_the_stage_is_that_of_the_instances(books: list[Book]) -> None:
    with record() as recording:
        list(Book.objects.all())
        list(Author.objects.all())

    assert recording.cycle.stage(Stage.MODELS).count == 6


def test_saves_are_told_apart() -> None:
    def work() -> None:
        author = Author.objects.create(name="a")
        author.save()
        author.save()
        Book.objects.create(title="t")

    assert facts(work)["saved"] == [["shelf.Author", 1, 2], ["shelf.Book", 1, 0]]


def test_bulk_operations_save_no_instance() -> None:
    assert facts(lambda: Author.objects.bulk_create([Author(name="a")]))["saved"] == []
    assert facts(lambda: Author.objects.update(name="b"))["saved"] == []


def test_deletions_are_counted_with_what_goes_along(books: list[Book]) -> None:
    found = facts(lambda: Author.objects.all().delete())

    assert sorted(found["deleted"]) == [["shelf.Author", 3], ["shelf.Book", 3], ["shelf.Cover", 3]]


def test_the_result_of_a_deletion_is_as_ever(books: list[Book]) -> None:
    with record():
        assert books[0].delete() == (2, {"shelf.Book": 1, "shelf.Cover": 1})


LAZY: dict[str, tuple[Callable[[list[Book]], Any], str]] = {
    "foreign key": (lambda books: Book.objects.get(pk=books[0].pk).author, "shelf.Book.author"),
    "one to one": (lambda books: Cover.objects.get(book=books[0]).book, "shelf.Cover.book"),
    "reverse one to one": (
        lambda books: Book.objects.get(pk=books[0].pk).cover,
        "shelf.Book.cover",
    ),
    "deferred field": (
        lambda books: Book.objects.defer("blurb").get(pk=books[0].pk).blurb,
        "shelf.Book.blurb",
    ),
    "generic foreign key": (
        lambda books: (
            Note.objects.create(
                content_type=ContentType.objects.get_for_model(Book), object_id=books[0].pk
            )
            and Note.objects.get().subject
        ),
        "shelf.Note.subject",
    ),
}

if django.VERSION >= (6, 1):
    LAZY["peers, all by one query"] = (
        lambda books: [book.author for book in Book.objects.fetch_mode(models.FETCH_PEERS)],
        "shelf.Book.author",
    )


@pytest.mark.parametrize("kind", LAZY)
def test_a_field_that_is_loaded_late_is_named(books: list[Book], kind: str) -> None:
    work, name = LAZY[kind]
    ContentType.objects.get_for_model(Book)  # kept from now on

    assert facts(lambda: work(books))["lazy"] == [[name, 1]]


@pytest.mark.parametrize(
    "work",
    [
        lambda: [book.author for book in Book.objects.select_related("author")],
        lambda: [book.author for book in Book.objects.prefetch_related("author")],
        lambda: [book.cover for book in Book.objects.select_related("cover")],
        lambda: [book.title for book in Book.objects.all()],
        lambda: Book(author=None).author,
    ],
)
def test_what_was_loaded_in_time_is_not_late(books: list[Book], work: Callable[[], Any]) -> None:
    assert facts(work)["lazy"] == []


def test_the_history_of_the_tool_is_not_counted(wsgi_site: Site) -> None:
    found = wsgi_site.get("/nested/").cycle

    assert "cycle_inspector" not in str(found.stage(Stage.MODELS).facts)
