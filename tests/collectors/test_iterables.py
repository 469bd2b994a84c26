"""Rows that are yielded one by one, and rows without objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpResponse

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.recorders import facts_of
from tests.shelf.models import Author, Book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books() -> None:
    author = Author.objects.create(name="a")
    Book.objects.bulk_create(Book(title=f"book {n}", author=author) for n in range(5))


ROWS: dict[str, Callable[[], Any]] = {
    "values": lambda: list(Book.objects.values("title")),
    "values_list": lambda: list(Book.objects.values_list("title")),
    "flat": lambda: list(Book.objects.values_list("title", flat=True)),
    "named": lambda: list(Book.objects.values_list("title", named=True)),
    "values, by iterator": lambda: list(Book.objects.values("title").iterator()),
    "values_list, by iterator": lambda: list(Book.objects.values_list("title").iterator()),
    "flat, by iterator": lambda: list(Book.objects.values_list("title", flat=True).iterator()),
    "named, by iterator": lambda: list(Book.objects.values_list("title", named=True).iterator()),
}


@pytest.mark.parametrize("kind", ROWS)
def test_rows_without_objects_are_counted_apart(kind: str) -> None:
    with record() as recording:
        rows = ROWS[kind]()

    [query] = recording.cycle.queries
    facts = recording.cycle.stage(Stage.MODELS).facts
    assert len(rows) == 5
    assert facts["instances"] == []
    assert facts["rows"] == [["shelf.Book", 5]]
    [load] = facts["loads"]
    assert (load["kind"], load["rows"], load["queries"]) == ("values", 5, [query.id])
    assert ("iterator" in load["ways"]) == ("iterator" in kind)


OBJECTS: dict[str, tuple[Callable[[], Any], str, int]] = {
    "raw": (lambda: list(Book.objects.raw("SELECT * FROM shelf_book")), "raw", 5),
    "raw, by iterator": (
        lambda: list(Book.objects.raw("SELECT * FROM shelf_book").iterator()),
        "raw",
        5,
    ),
    "iterator": (lambda: list(Book.objects.iterator(chunk_size=2)), "objects", 5),
    "iterator left half-way": (lambda: next(Book.objects.iterator()), "objects", 1),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_that_are_yielded_one_by_one_are_counted(kind: str) -> None:
    work, how, count = OBJECTS[kind]

    with record() as recording:
        work()

    facts = recording.cycle.stage(Stage.MODELS).facts
    assert facts["instances"] == [["shelf.Book", count]]
    [load] = facts["loads"]
    assert (load["kind"], load["queries"]) == (how, [recording.cycle.queries[0].id])


def test_an_iterator_with_prefetches_is_one_load_and_a_prefetch_for_each_chunk() -> None:
    facts = facts_of(
        Stage.MODELS,
        lambda: list(Book.objects.prefetch_related("author").iterator(chunk_size=2)),
    )

    assert [(one["model"], one["rows"]) for one in facts["loads"]] == [
        ("shelf.Book", 5),
        ("shelf.Author", 3),
    ]
    [prefetch] = facts["prefetches"]
    assert (prefetch["times"], prefetch["parents"]) == (3, 5)


def test_an_iterator_that_nobody_asks_runs_nothing() -> None:
    with record() as recording:
        Book.objects.iterator()

    assert recording.cycle.queries == ()
    assert recording.cycle.stage(Stage.MODELS).facts["loads"] == []


def test_closing_an_iterator_is_passed_on() -> None:
    with record():
        rows = Book.objects.iterator()
        next(rows)
        rows.close()

        assert list(rows) == []


def test_async_iterators_are_counted(serve_asgi: Any) -> None:
    Book.objects.bulk_create(Book(title="b") for _ in range(5))

    async def view(request: Any) -> Any:
        async for _ in Book.objects.aiterator(chunk_size=2):
            pass
        return HttpResponse()

    [load] = serve_asgi(view).get("/").cycle.stage(Stage.MODELS).facts["loads"]

    assert (load["rows"], load["ways"]) == (Book.objects.count(), ["iterator"])


def test_what_django_forbids_in_async_code_is_as_forbidden(serve_asgi: Any) -> None:
    raised: list[BaseException] = []

    async def view(request: Any) -> Any:
        try:
            list(Book.objects.values_list("title").iterator())
        except SynchronousOnlyOperation as error:
            raised.append(error)
        return HttpResponse()

    serve_asgi(view).get("/")

    assert len(raised) == 1
