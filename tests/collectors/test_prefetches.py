"""Prefetches: what ran, whether it was read, and what went past it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import django
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Prefetch, aprefetch_related_objects, prefetch_related_objects
from django.http import HttpResponse
from django.template import Context, Template

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.recorders import each, facts_of
from tests.shelf.models import Author, Board, Book, Cover, Note, Tag

pytestmark = pytest.mark.django_db


def prefetches(work: Callable[[], Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts_of(Stage.MODELS, work)["prefetches"]
    return found


@pytest.fixture(autouse=True)
def rows() -> None:
    kind = ContentType.objects.get_for_model(Tag)
    for number in range(3):
        author = Author.objects.create(name=f"author {number}")
        book = Book.objects.create(title=f"book {number}", author=author)
        Cover.objects.create(book=book)
        tag = Tag.objects.create(name=f"tag {number}")
        Board.objects.create().tags.add(tag)
        Note.objects.create(content_type=kind, object_id=tag.pk)


LOOKUPS: dict[str, tuple[Callable[[], Any], list[tuple[str, str, int, int]]]] = {
    "reverse": (
        lambda: Author.objects.prefetch_related("books"),
        [("shelf.Author", "books", 3, 3)],
    ),
    "many to many": (
        lambda: Board.objects.prefetch_related("tags"),
        [("shelf.Board", "tags", 3, 3)],
    ),
    "many to many, backwards": (
        lambda: Tag.objects.prefetch_related("boards"),
        [("shelf.Tag", "boards", 3, 3)],
    ),
    "foreign key": (
        lambda: Book.objects.prefetch_related("author"),
        [("shelf.Book", "author", 3, 3)],
    ),
    "generic foreign key": (
        lambda: Note.objects.prefetch_related("subject"),
        [("shelf.Note", "subject", 3, 3)],
    ),
    "generic relation": (
        lambda: Tag.objects.prefetch_related("notes"),
        [("shelf.Tag", "notes", 3, 3)],
    ),
    "nested": (
        lambda: Author.objects.prefetch_related("books__cover"),
        [("shelf.Author", "books", 3, 3), ("shelf.Book", "books__cover", 3, 3)],
    ),
    "nested in a queryset": (
        lambda: Author.objects.prefetch_related(
            Prefetch("books", Book.objects.prefetch_related("cover"))
        ),
        [("shelf.Author", "books", 3, 3), ("shelf.Book", "cover", 3, 3)],
    ),
    "own queryset": (
        lambda: Author.objects.prefetch_related(
            Prefetch("books", Book.objects.filter(title="book 1"))
        ),
        [("shelf.Author", "books", 3, 1)],
    ),
}


@pytest.mark.parametrize("kind", LOOKUPS)
def test_each_lookup_is_told_with_its_parents_and_its_children(kind: str) -> None:
    make, lookups = LOOKUPS[kind]
    ContentType.objects.get_for_model(Tag)

    with record() as recording:
        list(make())

    facts = recording.cycle.stage(Stage.MODELS).facts
    assert [
        (one["model"], one["lookup"], one["parents"], one["children"])
        for one in facts["prefetches"]
    ] == lookups
    queries = [one.id for one in recording.cycle.queries]
    assert [one["queries"] for one in facts["prefetches"]] == [[id_] for id_ in queries[1:]]
    assert all(one["duration_ns"] > 0 for one in facts["prefetches"])
    assert all(one["caller"]["path"] == __file__ for one in facts["prefetches"])
    loads = {one["queries"][0]: one for one in facts["loads"]}
    assert [loads[id_].get("for") for id_ in queries] == [None] + ["prefetch"] * len(lookups)


def to_attr() -> Any:
    return Author.objects.prefetch_related(
        Prefetch("books", Book.objects.filter(title="book 1"), to_attr="first_books")
    )


def test_a_queryset_and_an_attribute_of_its_own_are_told() -> None:
    [plain] = prefetches(lambda: list(Author.objects.prefetch_related("books")))
    [own] = prefetches(lambda: list(to_attr()))

    assert (plain["own_queryset"], "to_attr" in plain) == (False, False)
    assert (own["own_queryset"], own["to_attr"]) == (True, "first_books")


READ: dict[str, Callable[[], Any]] = {
    "loop": each(LOOKUPS["reverse"][0], lambda one: list(one.books.all())),
    "of one parent only": lambda: list(list(LOOKUPS["reverse"][0]())[1].books.all()),
    "count": each(LOOKUPS["reverse"][0], lambda one: one.books.count()),
    "exists": each(LOOKUPS["reverse"][0], lambda one: one.books.exists()),
    "index": each(LOOKUPS["reverse"][0], lambda one: one.books.all()[0]),
    "slice": each(LOOKUPS["reverse"][0], lambda one: one.books.all()[:1]),
    "length": each(LOOKUPS["reverse"][0], lambda one: len(one.books.all())),
    "if": each(LOOKUPS["reverse"][0], lambda one: bool(one.books.all())),
    "contains": each(LOOKUPS["reverse"][0], lambda one: one.books.all().contains(Book(pk=1))),
    "template": lambda: Template(
        "{% for one in rows %}{% for book in one.books.all %}{% endfor %}{% endfor %}"
    ).render(Context({"rows": LOOKUPS["reverse"][0]()})),
    "many to many": each(LOOKUPS["many to many"][0], lambda one: list(one.tags.all())),
    "backwards": each(LOOKUPS["many to many, backwards"][0], lambda one: list(one.boards.all())),
    "generic relation": each(LOOKUPS["generic relation"][0], lambda one: list(one.notes.all())),
    "own queryset": each(LOOKUPS["own queryset"][0], lambda one: list(one.books.all())),
    "pickle": lambda: pickle.dumps(list(LOOKUPS["reverse"][0]())),
    "by hand": lambda: (
        prefetch_related_objects(authors := list(Author.objects.all()), "books"),
        list(authors[0].books.all()),
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_a_prefetch_that_was_read_is_used(kind: str) -> None:
    with record() as recording:
        READ[kind]()

    [prefetch] = recording.cycle.stage(Stage.MODELS).facts["prefetches"]
    assert (prefetch["used"], prefetch["bypassed"]) == (
        True,
        None if kind == "generic relation" else 0,
    )
    assert len(recording.cycle.queries) == 2


@pytest.mark.parametrize(
    "kind", ["reverse", "many to many", "many to many, backwards", "generic relation"]
)
def test_one_that_nobody_has_read_is_not(kind: str) -> None:
    [prefetch] = prefetches(each(LOOKUPS[kind][0], lambda one: one.pk))

    assert prefetch["used"] is False


def test_one_of_two_prefetches_of_a_field_may_be_used() -> None:
    def work() -> None:
        list(Author.objects.prefetch_related("books"))
        each(LOOKUPS["reverse"][0], lambda one: list(one.books.all()))()

    first, second = prefetches(work)

    assert (first["used"], second["used"]) == (False, True)


def test_that_django_follows_it_to_the_next_level_is_no_use() -> None:
    def work() -> None:
        authors = list(Author.objects.prefetch_related("books"))
        prefetch_related_objects(authors, "books__cover")

    first, second = prefetches(work)

    assert (first["lookup"], first["used"]) == ("books", False)
    assert second["lookup"] == "books__cover"


@pytest.mark.parametrize(
    "work",
    [
        each(to_attr, lambda one: one.first_books),
        each(to_attr, lambda one: one.pk),
        each(LOOKUPS["foreign key"][0], lambda one: one.author),
        each(LOOKUPS["foreign key"][0], lambda one: one.pk),
        each(LOOKUPS["generic foreign key"][0], lambda one: one.pk),
    ],
)
def test_of_what_is_read_without_a_trace_the_use_is_not_known(work: Callable[[], Any]) -> None:
    [prefetch] = prefetches(work)

    assert (prefetch["used"], prefetch["bypassed"]) == (None, None)


PAST: dict[str, Callable[[], Any]] = {
    "filter": each(LOOKUPS["reverse"][0], lambda one: list(one.books.filter(title="a"))),
    "filter and count": each(
        LOOKUPS["reverse"][0], lambda one: one.books.filter(title="a").count()
    ),
    "filter and exists": each(
        LOOKUPS["reverse"][0], lambda one: one.books.exclude(title="a").exists()
    ),
    "order": each(LOOKUPS["reverse"][0], lambda one: list(one.books.order_by("title"))),
    "first, of what has no order": each(LOOKUPS["reverse"][0], lambda one: one.books.first()),
    "values": each(LOOKUPS["reverse"][0], lambda one: list(one.books.values("title"))),
    "aggregate": each(LOOKUPS["reverse"][0], lambda one: one.books.aggregate(models.Max("pk"))),
    "get": each(LOOKUPS["reverse"][0], lambda one: one.books.get(title__startswith="b")),
    "iterator": each(LOOKUPS["reverse"][0], lambda one: list(one.books.iterator())),
    "a copy": each(LOOKUPS["reverse"][0], lambda one: list(one.books.all().all())),
    "many to many": each(LOOKUPS["many to many"][0], lambda one: list(one.tags.filter(name="a"))),
    "own queryset": each(LOOKUPS["own queryset"][0], lambda one: list(one.books.filter(title="a"))),
}


@pytest.mark.parametrize("kind", PAST)
def test_queries_that_went_past_a_prefetch_are_told(kind: str) -> None:
    with record() as recording:
        PAST[kind]()

    [prefetch] = recording.cycle.stage(Stage.MODELS).facts["prefetches"]
    assert prefetch["bypassed"] == 3
    assert prefetch["bypassed_by"] == [one.id for one in recording.cycle.queries[2:]]
    assert prefetch["used"] is False


def add(author: Any) -> None:
    author.books.add(Book.objects.create(title="a"))
    list(author.books.all())


@pytest.mark.parametrize(
    "use",
    [
        add,  # which makes Django forget it
        lambda one: list(Book.objects.filter(author=one)),
        lambda one: one.books.filter(title="a").update(title="b"),
        lambda one: one.books.filter(title="a").delete(),
        lambda one: one.books.filter(title="a"),  # nobody asks for it
    ],
)
def test_other_queries_are_not(use: Callable[[Any], Any]) -> None:
    [prefetch] = prefetches(each(LOOKUPS["reverse"][0], use))[:1]

    assert prefetch["bypassed"] == 0


def test_a_query_past_what_was_not_prefetched_is_none() -> None:
    assert prefetches(each(Author.objects.all, lambda one: list(one.books.filter(pk=1)))) == []


def test_lookups_without_parents_do_not_run() -> None:
    assert prefetches(lambda: list(Author.objects.none().prefetch_related("books"))) == []


def test_a_lookup_that_does_not_exist_raises_as_ever() -> None:
    with record() as recording, pytest.raises(AttributeError, match="invalid parameter"):
        list(Author.objects.prefetch_related("nothing"))

    assert recording.cycle.dropped == {}


def test_async_prefetches_are_told(serve_asgi: Any) -> None:
    Book.objects.create(title="b", author=Author.objects.create(name="a"))

    async def view(request: Any) -> HttpResponse:
        authors = [one async for one in Author.objects.all()]
        await aprefetch_related_objects(authors, "books")
        return HttpResponse(str([one.title async for one in authors[0].books.all()]))

    [prefetch] = serve_asgi(view).get("/").cycle.stage(Stage.MODELS).facts["prefetches"]

    assert (prefetch["lookup"], prefetch["used"], prefetch["bypassed"]) == ("books", True, 0)


@pytest.mark.skipif(django.VERSION < (6, 1), reason="fetch modes are new in Django 6.1")
def test_peers_that_were_loaded_together_are_no_prefetch_of_the_projects() -> None:
    [prefetch] = prefetches(
        lambda: [one.author for one in Book.objects.fetch_mode(models.FETCH_PEERS)]
    )

    assert (prefetch["lookup"], prefetch["peers"]) == ("author", True)


def test_nothing_of_ours_is_kept_on_an_object() -> None:
    plain = LOOKUPS["reverse"][0]()[0]

    with record():
        recorded = LOOKUPS["reverse"][0]()[0]
        list(recorded.books.all())

    assert set(vars(recorded)) == set(vars(plain))
    assert b"cycle_inspector" not in pickle.dumps(recorded)
