"""The models stage on every database: loads, prefetches and changes, with their queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from cycle_inspector.records import Cycle, Stage
from tests.databases.conftest import Database
from tests.shelf.models import Author, Board, Book, Cover, Tag


@pytest.fixture(autouse=True)
def books(database: Database) -> None:
    fill(database)


def fill(database: Database) -> None:
    authors = [Author(name=str(number)) for number in range(3)]
    for author in authors:
        author.save(using=database.alias)
        book = Book(title=author.name, author=author)
        book.save(using=database.alias)
        Cover(book=book).save(using=database.alias)


def facts(database: Database, work: Callable[[], Any]) -> tuple[Cycle, Any]:
    cycle = database.cycle(work)
    assert cycle.dropped == {}
    return cycle, cycle.stage(Stage.MODELS).facts


LOADS: dict[str, tuple[Callable[[Database], Any], str, int]] = {
    "list": (lambda db: list(db.of(Book).all()), "objects", 3),
    "select_related": (lambda db: list(db.of(Book).select_related("author")), "objects", 3),
    "iterator": (lambda db: list(db.of(Book).iterator(chunk_size=2)), "objects", 3),
    "iterator left half-way": (
        lambda db: next(db.of(Book).iterator(chunk_size=1)),
        "objects",
        1,
    ),
    "raw": (lambda db: list(db.of(Book).raw("SELECT * FROM shelf_book")), "raw", 3),
    "values": (lambda db: list(db.of(Book).values("title")), "values", 3),
    "values_list, by iterator": (
        lambda db: list(db.of(Book).values_list("title").iterator(chunk_size=2)),
        "values",
        3,
    ),
}


@pytest.mark.parametrize("kind", LOADS)
def test_a_load_has_its_query_on_a_connection_that_is_opened_for_it(
    database: Database, kind: str
) -> None:
    work, how, rows = LOADS[kind]
    database.connection.close()  # MariaDB is told how to behave before the first query

    cycle, found = facts(database, lambda: work(database))

    [load] = found["loads"]
    [query] = [one for one in cycle.queries if "shelf_book" in one.sql]
    assert (load["kind"], load["rows"], load["queries"]) == (how, rows, [query.id])
    if kind == "select_related":
        assert load["related"] == [["author", "shelf.Author", 3]]


def test_a_prefetch_says_whether_it_was_read_or_passed_by(database: Database) -> None:
    def work() -> None:
        for author in database.of(Author).prefetch_related("books"):
            list(author.books.all())
        for author in database.of(Author).prefetch_related("books"):
            author.books.filter(title="1").count()

    _, found = facts(database, work)

    assert [(one["used"], one["bypassed"], one["children"]) for one in found["prefetches"]] == [
        (True, 0, 3),
        (False, 3, 3),
    ]


def create(db: Database) -> None:
    db.of(Author).create(name="a")


def save(db: Database) -> None:
    author = db.of(Author).first()
    author.name = "b"
    author.save(update_fields=["name"])


def bulk(db: Database) -> None:
    db.of(Author).bulk_create(Author(name=str(number)) for number in range(5))


def update(db: Database) -> None:
    db.of(Author).update(name="b")


def get_or_create(db: Database) -> None:
    db.of(Author).get_or_create(name="new")


def delete(db: Database) -> None:
    db.of(Cover).all().delete()


def delete_cascading(db: Database) -> None:
    db.of(Author).filter(name="1").delete()


def add(db: Database) -> None:
    board = db.of(Board).create()
    board.tags.add(*(db.of(Tag).create(name=str(number)) for number in range(2)))


CHANGES: dict[Callable[[Database], None], dict[str, Any]] = {
    create: {"what": "save", "created": True, "rows": 1},
    save: {"what": "save", "created": False, "rows": 1, "fields": ["name"]},
    bulk: {"what": "bulk_create", "rows": 5},
    update: {"what": "update", "rows": 3},
    get_or_create: {"what": "get_or_create", "created": True},
    delete: {"what": "delete", "rows": 3, "deleted": [["shelf.Cover", 3, "one statement"]]},
    delete_cascading: {"what": "delete", "rows": 3},
    add: {"what": "add", "relation": "shelf.Board.tags"},
}


@pytest.mark.parametrize("work", CHANGES, ids=lambda work: work.__name__)
def test_a_change_has_its_outcome_and_its_queries(
    database: Database, work: Callable[[Database], None]
) -> None:
    expected = CHANGES[work]

    cycle, found = facts(database, lambda: work(database))

    roots = [one for one in found["changes"] if "inside" not in one]
    entry = next(one for one in roots if one["what"] == expected["what"])
    assert {key: entry.get(key) for key in expected} == expected
    reads = [one["queries"][0] for one in found["loads"] if "for" not in one]
    owned = {id_ for one in roots for id_ in one["queries"]} | set(reads)
    assert owned == {one.id for one in cycle.statements}


@pytest.mark.parametrize("work", CHANGES, ids=lambda work: work.__name__)
def test_the_statements_are_those_without_the_tool(
    database: Database, work: Callable[[Database], None]
) -> None:
    def words(logged: Any) -> list[str]:
        return [one["sql"].split()[0] for one in logged.captured_queries]

    database.connection.ensure_connection()
    with CaptureQueriesContext(database.connection) as plain:
        work(database)
    database.empty()
    fill(database)
    with CaptureQueriesContext(database.connection) as recorded:
        database.cycle(lambda: work(database))

    assert words(recorded) == words(plain)
