"""The change that a finding prints, made in real code: the finding is gone, and so are its queries.

Where the fix is in words, the mended page stands beside the other in `tests.proof.pages`; the words
have to name what it does.
"""

from __future__ import annotations

import re
from typing import Any

import django
import pytest
from django.db import transaction

from cycle_inspector.records import Cycle, Finding
from tests.proof.conftest import Pages

BOOKS, AUTHORS = 6, 4


def loops(cycle: Cycle) -> list[Finding]:
    return [one for one in cycle.findings if one.code in ("CI101", "CI111")]


@pytest.fixture(autouse=True)
def unchanged(shop: str) -> Any:
    """Take back what a page has written."""
    with transaction.atomic(using=shop):
        yield
        transaction.set_rollback(True, using=shop)


BY_DIFF = {
    # page: model and field, how often, the call that is added, the queries of the mended page
    "forward": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_by_a_name": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_in_lines": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_of_a_manager": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_in_a_shortcut": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_across_functions": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_in_template": ("Book.author", BOOKS, '.select_related("author")', 1),
    "forward_of_a_page": ("Book.author", 4, '.select_related("author")', 2),
    "key_of_another_name": ("Book.publisher", BOOKS, '.select_related("publisher")', 1),
    "nullable": ("Book.editor", BOOKS, '.select_related("editor")', 1),
    "one_to_one": ("Cover.book", BOOKS, '.select_related("book")', 1),
    "one_to_one_reverse": ("Book.cover", BOOKS, '.select_related("cover")', 1),
    "chain": ("Author.country", BOOKS, '.select_related("author__country")', 1),
    "chain_of_joined": ("Author.country", BOOKS, '("author", "author__country")', 1),
    "chain_of_prefetched": ("Book.publisher", BOOKS, '("books", "books__publisher")', 3),
    "several": (
        "Book.author",
        BOOKS,
        '.select_related("author", "publisher").prefetch_related("genres")',
        2,
    ),
    "reverse": ("Author.books", AUTHORS, '.prefetch_related("books")', 2),
    "reverse_in_template": ("Author.books", AUTHORS, '.prefetch_related("books")', 2),
    "reverse_in_a_method": ("Author.books", AUTHORS, '.prefetch_related("books")', 2),
    "reverse_of_an_iterator": (
        "Author.books",
        AUTHORS,
        '.prefetch_related("books").iterator(chunk_size=2000)',
        2,
    ),
    "reverse_of_coroutines": ("Author.books", AUTHORS, '.prefetch_related("books")', 2),
    "reverse_without_name": (
        "Publisher.book_set",
        BOOKS,
        '.prefetch_related("publisher__book_set")',
        2,
    ),
    "many_to_many": ("Book.genres", BOOKS, '.prefetch_related("genres")', 2),
    "many_to_many_reverse": ("Genre.books", BOOKS, '.prefetch_related("books")', 2),
    "generic_key": ("Tag.subject", BOOKS, '.prefetch_related("subject")', 2),
    "generic_relation": ("Book.tags", BOOKS, '.prefetch_related("tags")', 2),
    "of_related": ("Book.publisher", 3, '.select_related("publisher")', 2),
    "deferred": ("Book.blurb", BOOKS, "Book.objects.all()", 1),
    "deferred_among_others": ("Book.blurb", BOOKS, '.defer("price")', 1),
    "not_among_only": ("Book.blurb", BOOKS, '.only("title", "blurb")', 1),
}


@pytest.mark.parametrize("page", BY_DIFF)
def test_the_printed_change_mends_the_page(pages: Pages, page: str) -> None:
    field, count, call, queries = BY_DIFF[page]

    found = loops(pages.run(page))

    (finding,) = [one for one in found if f"proof.{field}" in one.title]
    assert finding.title == f"N+1: {count} × proof.{field}"
    assert finding.diff is not None
    assert {one.diff for one in found} == {finding.diff}  # one change for all of them
    assert call in re.sub(r"\n\+\s*", "", finding.diff)
    pages.apply(finding.diff)
    after = pages.run(page)
    assert loops(after) == []
    assert len(after.statements) == queries


BY_WORDS = {
    # page: how it is called, words of the fix, the queries of the mended page
    "counted": ("N+1: 4 × proof.Author.books", '.annotate(books_count=Count("books"', 1),
    "many_counted": ("N+1: 6 × proof.Book.genres", '.annotate(genres_count=Count("genres"', 1),
    "existing": (
        "N+1: 4 × proof.Author.books",
        '.annotate(has_books=Exists(Book.objects.filter(author=OuterRef("pk"))))',
        1,
    ),
    "aggregated": (
        "N+1: 4 × proof.Author.books",
        '.annotate(books_sum=Sum("books__price"))',
        1,
    ),
    "filtered": (
        "N+1: 4 × proof.Author.books",
        'Prefetch("books", queryset=Book.objects.filter(...), to_attr="chosen_books")',
        2,
    ),
    "first_of_each": ("N+1: 4 × proof.Author.books", "queryset=Book.objects.filter(...)[:1]", 2),
    "past_a_prefetch": (
        "N+1: 4 × proof.Author.books, past its prefetch",
        "Choose among .books.all() in Python",
        2,
    ),
    "by_key": ("N+1: 6 × proof.Book by id", "Book.objects.in_bulk(keys)", 2),
    "by_column": ("N+1: 4 × proof.Book by title", "Book.objects.filter(title__in=[...])", 1),
    "by_cursor": ("N+1: 4 × proof_book", "one statement with WHERE ... IN (...)", 1),
    "updated": ("One write for each row: 6 × save() of proof.Book", "filter(...).update(...)", 1),
    "created": (
        "One write for each row: 4 × save() of proof.Genre",
        "Genre.objects.bulk_create",
        1,
    ),
    "deleted": (
        "One write for each row: 6 × delete() of proof.Tag",
        "on the queryset that the loop goes over",
        1,
    ),
    "got_or_created": (
        "One write for each row: 4 × get_or_create() of proof.Genre",
        "bulk_create([...], ignore_conflicts=True)",
        1,
    ),
    "added": ("One write for each row: 6 × add() of proof.Book.genres", ".add(*objects)", 4),
}


@pytest.mark.parametrize("page", BY_WORDS)
def test_the_words_of_a_fix_mend_the_page(pages: Pages, page: str) -> None:
    title, words, queries = BY_WORDS[page]

    (finding,) = loops(pages.run(page))
    after = pages.run(f"{page}_mended")

    assert finding.title == title
    assert words in finding.fix
    assert finding.diff is None
    assert loops(after) == []
    assert len(after.statements) <= queries


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django 6.1 has fetch modes")
def test_fetch_peers_is_named_where_it_helps(pages: Pages) -> None:
    for page in ("forward", "one_to_one_reverse", "generic_key", "deferred"):
        (finding,) = loops(pages.run(page))
        assert ".fetch_mode(models.FETCH_PEERS)" in finding.fix


@pytest.mark.parametrize("page", ["forward_of_a_manager", "chain_of_joined", "reverse"])
def test_fetch_peers_is_not_named_where_it_does_not(pages: Pages, page: str) -> None:
    (finding,) = loops(pages.run(page))
    assert "FETCH_PEERS" not in finding.fix


def test_the_way_to_the_line_that_asks_is_told(pages: Pages) -> None:
    (finding,) = loops(pages.run("forward_across_functions"))

    assert re.search(r"Asked by name_of \(\S+pages.py:\d+\), called by names_of \(", finding.fix)


def test_the_line_of_the_template_is_told(pages: Pages) -> None:
    (finding,) = loops(pages.run("forward_in_template"))

    assert finding.template is not None
    assert finding.template == ("proof/authors.html", 3)
