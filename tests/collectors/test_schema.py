"""The fields that lead from one model to another, and the columns that they are read by."""

from __future__ import annotations

from typing import Any

import django
import pytest

from cycle_inspector.collectors import _schema

EXPECTED: dict[str, dict[str, tuple[str, str | None, str | None]]] = {
    # table: field: kind, table and column
    "proof_book": {
        "author": ("to_one", "proof_author", "id"),
        "editor": ("to_one", "proof_author", "id"),
        "publisher": ("to_one", "proof_publisher", "code"),
        "genres": ("many_to_many", "proof_book_genres", "book_id"),
        "tags": ("generic_many", "proof_tag", "object_id"),
        "cover": ("reverse_one", "proof_cover", "book_id"),
    },
    "proof_author": {
        "country": ("to_one", "proof_country", "id"),
        "books": ("to_many", "proof_book", "author_id"),
        "edited": ("to_many", "proof_book", "editor_id"),
    },
    "proof_publisher": {"book_set": ("to_many", "proof_book", "publisher_id")},
    "proof_genre": {"books": ("many_to_many", "proof_book_genres", "genre_id")},
    "proof_tag": {
        "content_type": ("to_one", "django_content_type", "id"),
        "subject": ("generic", None, None),
    },
    "proof_cover": {"book": ("to_one", "proof_book", "id")},
}


def relations(table: str) -> dict[str, Any]:
    (model,) = _schema.of_tables([table])
    return {one["name"]: one for one in model["relations"]}


@pytest.mark.parametrize("table", EXPECTED)
def test_relations_by_the_column_that_reads_them(table: str) -> None:
    found = {
        name: (one["kind"], one.get("table"), one.get("column"))
        for name, one in relations(table).items()
    }
    assert found == EXPECTED[table]


def test_a_foreign_key_says_where_it_is_kept() -> None:
    found = relations("proof_book")
    assert (found["author"]["own"], found["author"]["nullable"]) == ("author_id", False)
    assert found["editor"]["nullable"]
    assert found["author"]["to"] == "proof.Author"


def test_a_model_in_short() -> None:
    (model,) = _schema.of_tables(["proof_publisher"])
    assert (model["model"], model["pk"], model["objects"], model["proxy"]) == (
        "proof.Publisher",
        "code",
        "objects",
        False,
    )
    assert model["columns"] == [["code", "code"]]


def test_a_table_of_no_model_is_left_out() -> None:
    assert _schema.of_tables(["nowhere"]) == []


def test_fetch_modes_came_with_django_6_1() -> None:
    assert _schema.can_fetch_peers() == (django.VERSION >= (6, 1))
