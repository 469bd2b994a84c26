"""What is said of prefetches."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Prefetch

from cycle_inspector.records import Stage
from tests.recorders import facts_of
from tests.shelf.models import Author, Book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books() -> None:
    for number in range(3):
        author = Author.objects.create(name="a")
        Book.objects.create(title=f"book {number}", author=author)


def prefetches(work: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts_of(Stage.MODELS, work)["prefetches"]
    return found


def test_lookup_of_one_place_is_one_entry_however_often_it_ran() -> None:
    def work() -> None:
        for _ in range(2):
            list(Author.objects.prefetch_related("books"))

    [entry] = prefetches(work)
    assert (entry["model"], entry["lookup"], entry["times"]) == ("shelf.Author", "books", 2)
    assert (entry["parents"], entry["children"]) == (6, 6)
    assert len(entry["queries"]) == 2


def test_lookups_of_two_places_are_told_apart() -> None:
    def work() -> None:
        list(Author.objects.prefetch_related("books"))
        list(Author.objects.prefetch_related("books"))

    lines = [one["caller"]["line"] for one in prefetches(work)]
    assert lines[1] == lines[0] + 1


def test_query_of_a_lookup_inside_another_is_counted_there_alone() -> None:
    inner = Prefetch("books", queryset=Book.objects.prefetch_related("author"))

    outer, nested = prefetches(lambda: list(Author.objects.prefetch_related(inner)))

    assert (outer["lookup"], outer["own_queryset"]) == ("books", True)
    assert nested["lookup"] == "author"
    assert not set(outer["queries"]) & set(nested["queries"])
    assert len(outer["queries"]) == len(nested["queries"]) == 1
