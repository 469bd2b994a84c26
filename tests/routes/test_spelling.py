from __future__ import annotations

import pytest

from cycle_inspector.routes.spelling import is_like, shared_segments, shared_start


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("books", "books"),
        ("boks", "books"),
        ("bookss", "books"),
        ("bokos", "books"),
        ("oboks", "books"),
        ("bok", "book"),
        ("custmoer", "customer"),
        ("report-2024", "reprot-2024"),
    ],
)
def test_a_letter_or_two_make_no_other_word(word: str, other: str) -> None:
    assert is_like(word, other)
    assert is_like(other, word)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("books", "orders"),
        ("new", "old"),
        ("me", "my"),
        ("", "a"),
        ("book", "boook-s"),
        ("cart", "care-"),
        ("v1", "v2"),
        ("report-2024", "report-2023"),
        ("a" * 70, "a" * 70),
    ],
)
def test_what_differs_by_more_is_another_word(word: str, other: str) -> None:
    assert not is_like(word, other)
    assert not is_like(other, word)


def test_what_two_texts_begin_with_is_found() -> None:
    assert shared_start("books/7/", "books/") == "books/"
    assert shared_start("a", "b") == shared_start("", "b") == ""
    assert shared_segments("books/new/", "books/news/") == "books/"
    assert shared_segments("books", "books/") == ""
