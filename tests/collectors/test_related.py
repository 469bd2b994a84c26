"""Objects that come along by `select_related()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import FilteredRelation, Q

from cycle_inspector.records import Stage
from tests.recorders import facts_of
from tests.shelf.models import Author, Book, Cover

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def covers() -> None:
    for number in range(4):
        author = Author.objects.create(name="a") if number % 2 else None
        book = Book.objects.create(title=f"book {number}", author=author)
        if number:
            Cover.objects.create(book=book)


SELECTED: dict[str, tuple[Callable[[], Any], list[list[Any]]]] = {
    "not null": (
        lambda: list(Cover.objects.select_related("book")),
        [["book", "shelf.Book", 3]],
    ),
    "null": (
        lambda: list(Book.objects.select_related("author")),
        [["author", "shelf.Author", 2]],
    ),
    "two levels": (
        lambda: list(Cover.objects.select_related("book__author")),
        [["book", "shelf.Book", 3], ["book__author", "shelf.Author", 2]],
    ),
    "one to one, backwards": (
        lambda: list(Book.objects.select_related("cover")),
        [["cover", "shelf.Cover", 3]],
    ),
    "all": (lambda: list(Cover.objects.select_related()), [["book", "shelf.Book", 3]]),
    "not null, by iterator": (
        lambda: list(Cover.objects.select_related("book").iterator()),
        [["book", "shelf.Book", 3]],
    ),
    "null, by iterator": (
        lambda: list(Book.objects.select_related("author").iterator()),
        [["author", "shelf.Author", None]],
    ),
}


@pytest.mark.filterwarnings("ignore:.*select_related")  # without arguments, on Django 6.1
@pytest.mark.parametrize("kind", SELECTED)
def test_they_are_counted_by_the_path_that_leads_to_them(kind: str) -> None:
    work, related = SELECTED[kind]

    facts = facts_of(Stage.MODELS, work)

    [load] = facts["loads"]
    assert load["related"] == related
    counts = dict(facts["instances"])
    for _, label, count in related:
        assert counts.get(label) == count


@pytest.mark.parametrize(
    "work",
    [
        lambda: list(Cover.objects.all()),
        lambda: list(Cover.objects.select_related("book").values("book__title")),
        lambda: list(Cover.objects.select_related("book").select_related(None)),
    ],
)
def test_nothing_comes_along_without_it(work: Callable[[], Any]) -> None:
    assert "related" not in facts_of(Stage.MODELS, work)["loads"][0]


def test_a_filtered_relation_is_left_out() -> None:
    def work() -> None:
        relation = FilteredRelation("book", condition=Q(book__title="book 1"))
        list(Cover.objects.annotate(first=relation).select_related("first"))

    assert "related" not in facts_of(Stage.MODELS, work)["loads"][0]
