"""What is no N+1: the pairs of what `test_fixes` finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django
import pytest
from django.db import models, transaction
from django.db.models import Prefetch

from cycle_inspector import record
from cycle_inspector.records import Finding, Severity
from tests.proof.models import Author, Book, Cover, Genre, Tag


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        work()
    return [one for one in recording.cycle.findings if one.code in ("CI101", "CI111")]


def asked(*values: Any) -> None:
    """Take what was loaded."""


EAGER: dict[str, Callable[[], Any]] = {
    "forward": lambda: [book.author.name for book in Book.objects.select_related("author")],
    "forward, prefetched": lambda: [
        book.author.name for book in Book.objects.prefetch_related("author")
    ],
    "one to one": lambda: [cover.book.title for cover in Cover.objects.select_related("book")],
    "one to one, reverse": lambda: [
        book.cover.colour for book in Book.objects.select_related("cover")
    ],
    "reverse": lambda: [
        list(author.books.all()) for author in Author.objects.prefetch_related("books")
    ],
    "reverse, counted": lambda: [
        author.books.count() for author in Author.objects.prefetch_related("books")
    ],
    "many to many": lambda: [
        list(book.genres.all()) for book in Book.objects.prefetch_related("genres")
    ],
    "many to many, reverse": lambda: [
        list(genre.books.all()) for genre in Genre.objects.prefetch_related("books")
    ],
    "generic key": lambda: [tag.subject for tag in Tag.objects.prefetch_related("subject")],
    "generic relation": lambda: [
        list(book.tags.all()) for book in Book.objects.prefetch_related("tags")
    ],
    "an iterator": lambda: [
        list(book.genres.all())
        for book in Book.objects.prefetch_related("genres").iterator(chunk_size=10)
    ],
    "a queryset of its own": lambda: [
        author.dear
        for author in Author.objects.prefetch_related(
            Prefetch("books", queryset=Book.objects.filter(price__gt=0), to_attr="dear")
        )
    ],
    "a deferred column that is not read": lambda: [
        book.title for book in Book.objects.defer("blurb")
    ],
}


@pytest.mark.parametrize("kind", EAGER)
def test_what_is_loaded_with_the_rows(shop: str, kind: str) -> None:
    assert found(EAGER[kind]) == []


def two_lines() -> None:
    first, second = Book.objects.order_by("pk")[:2]
    asked(first.author.pk)
    asked(second.author.pk)


def read_again() -> None:
    book = Book.objects.earliest("pk")
    for _ in range(5):
        asked(book.author.pk, book.publisher)


def one_object() -> None:
    book = Book.objects.earliest("pk")
    asked(book.author, book.publisher, list(book.genres.all()), book.cover, list(book.tags.all()))


def empty_keys() -> None:
    for book in [Book(title=str(at)) for at in range(5)]:
        asked(book.editor)


def below() -> None:
    for book in [Book.objects.earliest("pk"), Book.objects.latest("pk")]:
        asked(book.author.pk)


def in_bulk() -> None:
    genres = Genre.objects.bulk_create([Genre(name=str(at)) for at in range(50)], batch_size=10)
    for genre in genres:
        genre.name = "new"
    Genre.objects.bulk_update(genres, ["name"], batch_size=10)
    Genre.objects.filter(pk__in=[genre.pk for genre in genres]).delete()


@pytest.mark.parametrize("work", [two_lines, read_again, one_object, empty_keys, below, in_bulk])
def test_what_is_no_loop(shop: str, work: Callable[[], Any]) -> None:
    with transaction.atomic(using=shop):
        assert found(work) == []
        transaction.set_rollback(True, using=shop)


def test_two_rows_that_each_ask_will_grow(shop: str) -> None:
    (finding,) = found(lambda: [book.author.pk for book in Book.objects.order_by("-pk")[:2]])
    assert finding.severity is Severity.INFO
    assert finding.title == ("Will grow to an N+1: proof.Book.author was loaded for each of 2 rows")


if django.VERSION >= (6, 1):
    PEERS: dict[str, Callable[[], Any]] = {
        "forward": lambda: [
            book.author.name for book in Book.objects.fetch_mode(models.FETCH_PEERS)
        ],
        "deferred": lambda: [
            book.blurb for book in Book.objects.defer("blurb").fetch_mode(models.FETCH_PEERS)
        ],
        "generic key": lambda: [tag.subject for tag in Tag.objects.fetch_mode(models.FETCH_PEERS)],
    }
    ALONE: dict[str, Callable[[], Any]] = {
        "reverse": lambda: [
            list(author.books.all()) for author in Author.objects.fetch_mode(models.FETCH_PEERS)
        ],
        "many to many": lambda: [
            list(book.genres.all()) for book in Book.objects.fetch_mode(models.FETCH_PEERS)
        ],
        "an iterator": lambda: [
            book.author.name
            for book in Book.objects.fetch_mode(models.FETCH_PEERS).iterator(chunk_size=1)
        ],
    }

    @pytest.mark.parametrize("kind", PEERS)
    def test_peers_that_are_fetched_together(shop: str, kind: str) -> None:
        assert found(PEERS[kind]) == []

    @pytest.mark.parametrize("kind", ALONE)
    def test_rows_that_have_no_peers_are_found(shop: str, kind: str) -> None:
        (finding,) = found(ALONE[kind])
        assert "FETCH_PEERS" not in finding.fix
