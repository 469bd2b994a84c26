"""Methods: what the page has called for a query, in Python and in a template, sync and async."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Max, QuerySet
from django.shortcuts import get_object_or_404
from django.template import engines

from cycle_inspector import record
from cycle_inspector.collectors import _orm_methods
from cycle_inspector.records import Query
from tests.shelf.models import Author, Board, Book, Note, Tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book() -> Book:
    return Book.objects.create(title="t", author=Author.objects.create(name="a"))


def told(work: Callable[[], Any]) -> list[tuple[str | None, str | None]]:
    """Return model and method of each statement that `work` sends, those that repeat once."""
    with record() as recording:
        work()
    assert recording.cycle.dropped == {}
    return list(dict.fromkeys((one.model, one.method) for one in recording.cycle.statements))


BOOKS = Book.objects.order_by("pk")
IN_PYTHON: dict[str, Callable[[], Any]] = {
    "QuerySet.__iter__": lambda: list(BOOKS.all()),
    "QuerySet.__len__": lambda: len(BOOKS.all()),
    "QuerySet.__bool__": lambda: bool(BOOKS.all()),
    "QuerySet.__getitem__": lambda: BOOKS.all()[0],
    "QuerySet.__repr__": lambda: repr(BOOKS.all()),
    "QuerySet.get": lambda: Book.objects.get(title="t"),
    "QuerySet.first": lambda: BOOKS.values_list("pk").first(),
    "QuerySet.last": BOOKS.last,
    "QuerySet.count": Book.objects.count,
    "QuerySet.exists": Book.objects.exists,
    "QuerySet.aggregate": lambda: Book.objects.aggregate(Max("pk")),
    "QuerySet.in_bulk": lambda: Book.objects.in_bulk(),
    "QuerySet.iterator": lambda: list(BOOKS.iterator()),
    "RawQuerySet.__iter__": lambda: list(Book.objects.raw("SELECT * FROM shelf_book")),
    "QuerySet.create": lambda: Book.objects.create(title="n"),
    "QuerySet.bulk_create": lambda: Book.objects.bulk_create([Book(title="n")]),
    "QuerySet.update": lambda: Book.objects.update(title="n"),
    "Model.save": lambda: Book(title="n").save(),
}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("method", IN_PYTHON)
def test_a_query_has_its_model_and_the_method_that_was_called(method: str) -> None:
    assert told(IN_PYTHON[method]) == [("shelf.Book", method)]


def test_a_deletion_is_of_what_was_deleted(book: Book) -> None:
    assert told(lambda: Book.objects.filter(title="t").delete()) == [
        ("shelf.Book", "QuerySet.delete")
    ]
    assert told(Author(pk=7).delete)[-1] == ("shelf.Author", "Model.delete")


def test_the_managers_of_relations_are_named_by_their_methods(book: Book) -> None:
    board, tag = Board.objects.create(), Tag.objects.create(name="t")
    note = Note(subject=tag)

    assert told(lambda: book.author.books.add(book)) == [("shelf.Book", "RelatedManager.add")]  # type: ignore[union-attr]
    assert told(lambda: board.tags.add(tag)) == [("shelf.Board_tags", "ManyRelatedManager.add")]
    assert told(lambda: tag.notes.add(note, bulk=False))[-1] == (
        "shelf.Note",
        "GenericRelatedObjectManager.add",
    )


def test_what_django_calls_for_the_page_goes_by_the_first_method_of_the_orm(book: Book) -> None:
    def paginated() -> None:
        list(Paginator(BOOKS, 1).page(1))

    assert told(paginated) == [
        ("shelf.Book", "QuerySet.count"),
        ("shelf.Book", "QuerySet.__len__"),
    ]
    assert told(lambda: get_object_or_404(Book, pk=book.pk)) == [("shelf.Book", "QuerySet.get")]


def test_an_override_of_the_project_leaves_what_it_calls() -> None:
    class Books(QuerySet[Book]):
        def count(self) -> int:
            return super().count() if self.exists() else 0

    Book.objects.create(title="t")

    assert told(Books(Book).count) == [
        ("shelf.Book", "QuerySet.exists"),
        ("shelf.Book", "QuerySet.count"),
    ]


def test_a_prefetch_is_one(book: Book) -> None:
    assert told(lambda: list(BOOKS.prefetch_related("author"))) == [
        ("shelf.Book", "QuerySet.__iter__"),
        ("shelf.Author", "prefetch_related"),
    ]


def test_a_lazy_load_has_its_relation_and_no_method(book: Book) -> None:
    fresh = Book.objects.get(pk=book.pk)

    assert told(lambda: fresh.author) == [("shelf.Author", None)]


def test_a_statement_without_the_orm_has_neither() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    assert told(work) == [(None, None)]


@pytest.mark.usefixtures("book")
def test_methods_of_one_template_line_are_told_apart() -> None:
    template = engines["django"].from_string(
        "{{ books.count }}{{ books.last.pk }}{{ books.first.pk }}"
    )

    assert told(lambda: template.render({"books": BOOKS.all()})) == [
        ("shelf.Book", "QuerySet.count"),
        ("shelf.Book", "QuerySet.last"),
        ("shelf.Book", "QuerySet.first"),
    ]


def test_the_same_line_can_call_another_method(book: Book) -> None:
    def work() -> None:
        for name in ("first", "get", "first", "get", "first"):
            getattr(Book.objects.filter(pk=book.pk), name)()

    with record() as recording:
        work()

    methods = [one.method for one in recording.cycle.queries]
    assert methods == [f"QuerySet.{name}" for name in ("first", "get", "first", "get", "first")]


def test_async_methods_are_named_as_they_were_called(book: Book) -> None:
    async def work() -> list[Query]:
        async with record() as recording:
            await Book.objects.acount()
            await Book.objects.order_by("pk").afirst()
            [one async for one in Book.objects.all()]
            [one async for one in Book.objects.aiterator()]
            await book.asave()
        return list(recording.cycle.statements)

    assert [(one.model, one.method) for one in async_to_sync(work)()] == [
        ("shelf.Book", "QuerySet.acount"),
        ("shelf.Book", "QuerySet.afirst"),
        ("shelf.Book", "QuerySet.__aiter__"),
        ("shelf.Book", "QuerySet.aiterator"),
        ("shelf.Book", "Model.asave"),
    ]


def test_what_is_private_is_no_method() -> None:
    names = {_orm_methods.name_of(code) for code in _orm_methods.codes()}

    assert {"QuerySet.iterator", "Model.save", "RelatedManager.add"} <= names
    assert not names & {"QuerySet._fetch_all", "Model._save_table", "Model.__init__"}


def test_without_content_types_generic_managers_are_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_orm_methods.apps, "is_installed", lambda _: False)
    names = {_orm_methods.name_of(code) for code in _orm_methods.codes()}

    assert "ManyRelatedManager.add" in names
    assert "GenericRelatedObjectManager.add" not in names


def test_methods_are_known_by_their_own_code_while_ours_stand_in_their_place() -> None:
    bare = set(_orm_methods.codes())
    with record():
        assert set(_orm_methods.codes()) == bare
