"""The seed command fills the bookshop once, and always with the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.demo_site.process import Demo


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(folder=tmp_path)


def test_a_new_database_is_made_and_filled(demo: Demo) -> None:
    demo.run("seed")

    assert count_rows(demo) == {
        "shop_publisher": 40,
        "shop_author": 300,
        "shop_genre": 16,
        "shop_book": 3000,
        "shop_review": 8000,
        "auth_user": 1,
    }


def test_a_second_run_says_so_and_changes_nothing(demo: Demo) -> None:
    demo.run("seed")
    before = dump(demo)

    assert "Already seeded" in demo.run("seed")
    assert dump(demo) == before


def test_a_fresh_run_makes_the_same_books_with_the_same_ids(demo: Demo) -> None:
    demo.run("seed")
    before = dump(demo)
    execute(demo, "DELETE FROM shop_review")
    execute(demo, "UPDATE shop_book SET title = 'Scribbled over'")

    assert "Seeded" in demo.run("seed", "--fresh")
    assert dump(demo) == before


def test_a_superuser_that_was_removed_comes_back(demo: Demo) -> None:
    demo.run("seed")
    execute(demo, "DELETE FROM auth_user")

    demo.run("seed")

    assert execute(demo, "SELECT username, is_superuser FROM auth_user") == [("admin", 1)]


def count_rows(demo: Demo) -> dict[str, int]:
    """Return how many rows the tables of the bookshop hold."""
    tables = [
        "shop_publisher",
        "shop_author",
        "shop_genre",
        "shop_book",
        "shop_review",
        "auth_user",
    ]
    return {table: execute(demo, f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}


def dump(demo: Demo) -> list[list[tuple[object, ...]]]:
    """Return all rows of the bookshop."""
    tables = ["shop_publisher", "shop_author", "shop_genre", "shop_book", "shop_review"]
    rows = [execute(demo, f"SELECT * FROM {table} ORDER BY id") for table in tables]
    genres = "SELECT book_id, genre_id FROM shop_book_genres ORDER BY book_id, genre_id"
    return [*rows, execute(demo, genres)]


def execute(demo: Demo, statement: str) -> list[tuple[object, ...]]:
    """Run one statement in the database of the demo, past Django."""
    with closing(sqlite3.connect(demo.database)) as connection, connection:
        return connection.execute(statement).fetchall()
