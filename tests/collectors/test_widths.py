"""How much text the rows of a queryset brought: an estimate, and nothing of the page's is run."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.collectors import _widths
from tests.shelf.models import Author, Book


def books(count: int, blurb: Any) -> list[Book]:
    return [Book(title=str(at), blurb=blurb) for at in range(count)]


def test_the_length_is_estimated_by_a_few_rows() -> None:
    rows = [*books(50, "x" * 2_000), *books(50, "x" * 4_000)]

    (name, estimate), *rest = (_widths.estimated(Book, rows) or {}).items()

    assert (name, rest) == ("blurb", [])
    assert 200_000 < estimate < 400_000


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (Author, [Author(name="x" * 50_000)] * 100),  # a CharField has a length
        (Book, books(9, "x" * 50_000)),
        (Book, books(100, "x" * 100)),
        (Book, [{"blurb": "x" * 50_000}] * 100),  # of values()
        (Book, []),
    ],
)
def test_little_is_nothing(model: Any, rows: list[Any]) -> None:
    assert _widths.estimated(model, rows) is None


def test_bytes_count_and_other_values_do_not() -> None:
    assert _widths.estimated(Book, books(10, b"x" * 10_000)) == {"blurb": 100_000}
    assert _widths.estimated(Book, books(10, 7)) is None


def test_a_text_of_the_projects_own_is_not_asked() -> None:
    class Loud(str):
        __slots__ = ()

        def __len__(self) -> int:
            raise AssertionError("asked")

    assert _widths.estimated(Book, books(10, Loud("x" * 10_000))) == {"blurb": 100_000}
