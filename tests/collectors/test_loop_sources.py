"""What a cycle keeps of the code around its loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cycle_inspector import record
from cycle_inspector.records import HIDDEN, Stage
from tests.shelf.models import Author, Book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books() -> None:
    for at in range(3):
        Book.objects.create(title=str(at), author=Author.objects.create(name=str(at)))


def facts_of(work: Any) -> Any:
    with record() as recording:
        work()
    return recording.cycle.stage(Stage.MODELS).facts


def shown(*values: Any) -> None:
    """Take what was loaded."""


def authors_one_by_one() -> None:
    password = "letmein"
    for book in Book.objects.all():
        shown(book.author.name, password)


def authors_at_once() -> None:
    for book in Book.objects.select_related("author"):
        shown(book.author.name)


def saved_one_by_one() -> None:
    for book in Book.objects.all():
        book.save()


def test_a_loop_keeps_its_function_and_its_models() -> None:
    facts = facts_of(authors_one_by_one)

    blocks = [one for one in facts["sources"] if one["path"] == __file__]
    block = next(one for one in blocks if "def authors_one_by_one() -> None:" in one["lines"])
    assert block["lines"][0] == "def authors_one_by_one() -> None:"
    assert block["lines"][-1].strip() == "shown(book.author.name, password)"
    source = Path(__file__).read_text(encoding="utf-8").split("\n")
    assert source[block["first"] - 1] == block["lines"][0]
    assert [one["model"] for one in facts["schema"]] == ["shelf.Book", "shelf.Author"]
    assert isinstance(facts["fetch_modes"], bool)


def test_a_secret_that_is_spelled_out_is_not_kept() -> None:
    (block,) = [
        one
        for one in facts_of(authors_one_by_one)["sources"]
        if one["lines"][0].startswith("def authors_one_by_one")
    ]
    assert block["lines"][1] == f'    password = "{HIDDEN}"'


def test_a_long_list_counts_as_a_loop() -> None:
    assert "sources" not in facts_of(lambda: list(Book.objects.all()))
    Book.objects.bulk_create(Book(title="one of many") for _ in range(100))
    assert "sources" in facts_of(lambda: list(Book.objects.all()))
    assert "sources" not in facts_of(lambda: [book.pk for book in Book.objects.all()])


def test_rows_that_are_written_one_by_one_are_a_loop() -> None:
    assert "sources" in facts_of(saved_one_by_one)


def test_without_a_loop_nothing_is_kept() -> None:
    facts = facts_of(authors_at_once)
    assert not facts.keys() & {"sources", "schema", "fetch_modes"}
