"""No rule asks for the opposite of what another has asked for: a mended page has nothing new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.db import connections, transaction

from cycle_inspector import record
from cycle_inspector.records import Cycle
from tests.proof.conftest import Pages
from tests.proof.models import Author, Book, Genre, Tag
from tests.proof.test_fixes import BY_DIFF, BY_WORDS

MANY = 120


@pytest.fixture(autouse=True)
def unchanged(shop: str, settings: Any) -> Any:
    """Take back what a page has written; how fast the machine is says nothing."""
    settings.CYCLE_INSPECTOR = {"THRESHOLDS": {"SLOW_QUERY_MS": 60_000, "SLOW_TEMPLATE_MS": 60_000}}
    with transaction.atomic(using=shop):
        yield
        transaction.set_rollback(True, using=shop)


def codes(cycle: Cycle) -> set[str]:
    assert cycle.failed_rules == ()
    return {one.code for one in cycle.findings}


@pytest.mark.parametrize("page", BY_DIFF)
def test_after_the_printed_change_no_other_rule_speaks(pages: Pages, page: str) -> None:
    before = pages.run(page)
    (diff,) = {one.diff for one in before.findings if one.diff is not None}
    pages.apply(diff)
    after = codes(pages.run(page))
    assert after <= codes(before) - {"CI101"}


@pytest.mark.parametrize("page", BY_WORDS)
def test_after_what_the_words_say_no_other_rule_speaks(pages: Pages, page: str) -> None:
    before = pages.run(page)
    after = codes(pages.run(f"{page}_mended"))
    assert after <= codes(before) - {"CI101", "CI111"}


def counted_by_len() -> None:
    len(Genre.objects.all())


def counted_by_the_database() -> None:
    Genre.objects.count()


def asked_by_if() -> None:
    bool(Genre.objects.all())


def asked_by_exists() -> None:
    Genre.objects.exists()


def counted_and_loaded() -> None:
    genres = Genre.objects.all()
    if genres.count():
        [one.name for one in genres]


def loaded_and_counted() -> None:
    genres = Genre.objects.all()
    if len(genres):
        [one.name for one in genres]


def asked_and_loaded() -> None:
    genres = Genre.objects.all()
    if genres.exists():
        [one.name for one in genres]


def loaded_and_asked() -> None:
    genres = Genre.objects.all()
    if genres:
        [one.name for one in genres]


def a_page_of_a_list() -> None:
    [one.name for one in Paginator(list(Genre.objects.order_by("pk")), 20).get_page(1)]


def a_page() -> None:
    [one.name for one in Paginator(Genre.objects.order_by("pk"), 20).get_page(1)]


def asked_and_sliced() -> None:
    genres = Genre.objects.order_by("pk")
    list(genres[:20] if genres else ())


def asked_at_the_database_and_sliced() -> None:
    genres = Genre.objects.order_by("pk")
    list(genres[:20] if genres.exists() else ())


def a_loop_that_ends_early() -> None:
    for at, _ in enumerate(Genre.objects.order_by("pk")):
        if at == 3:
            break


def a_loop_over_a_slice() -> None:
    [one.name for one in Genre.objects.order_by("pk")[:3]]


def prefetched_and_not_read() -> None:
    [author.name for author in Author.objects.prefetch_related("books")]


def not_prefetched() -> None:
    [author.name for author in Author.objects.all()]


def read_twice() -> None:
    for _ in range(2):
        list(Author.objects.filter(name="author 1"))


def read_once() -> None:
    authors = list(Author.objects.filter(name="author 1"))
    for _ in range(2):
        [author.name for author in authors]


def the_same_row_of_each_object() -> None:
    [Author.objects.get(name="author 1") for _ in Book.objects.all()]


def the_row_before_them() -> None:
    author = Author.objects.get(name="author 1")
    [(book.title, author) for book in Book.objects.all()]


def savepoints() -> None:
    for at in range(30):
        with transaction.atomic(using=Genre.objects.db):
            insert(at)


def no_savepoints() -> None:
    for at in range(30):
        insert(at)


def insert(at: int) -> None:
    with connections[Genre.objects.db].cursor() as cursor:
        cursor.execute("INSERT INTO proof_genre (name) VALUES (%s)", [f"new {at}"])


def tagged_one_by_one() -> None:
    for book in Book.objects.all():
        Tag.objects.filter(object_id=book.pk).update(word="old")


def tagged_at_once() -> None:
    Tag.objects.filter(object_id__in=Book.objects.values("pk")).update(word="old")


def authors(*, is_full: bool, prefetched: bool) -> Callable[[], None]:
    """Return a page that reads the books on some requests only."""

    def page() -> None:
        found = Author.objects.all()
        for author in found.prefetch_related("books") if prefetched else found:
            list(author.books.all() if is_full else ())

    return page


def test_what_some_requests_read_is_asked_for_by_those_alone(shop: str) -> None:
    told = {}
    for is_full in (False, True):
        for prefetched in (False, True):
            with record() as recording:
                authors(is_full=is_full, prefetched=prefetched)()
            told[is_full, prefetched] = recording.cycle.findings

    (n_plus_one,), (unused,) = told[True, False], told[False, True]
    assert (n_plus_one.code, unused.code) == ("CI101", "CI104")
    assert "Where other requests of this view read it, prefetch it for those alone." in unused.fix
    # So both have been done as they say.
    assert told[True, True] == told[False, False] == ()


PAIRS: list[tuple[str, Callable[[], None], Callable[[], None]]] = [
    ("CI102", read_twice, read_once),
    ("CI102", the_same_row_of_each_object, the_row_before_them),
    ("CI104", prefetched_and_not_read, not_prefetched),
    ("CI105", counted_by_len, counted_by_the_database),
    ("CI105", asked_by_if, asked_by_exists),
    ("CI106", counted_and_loaded, loaded_and_counted),
    ("CI106", asked_and_loaded, loaded_and_asked),
    ("CI107", a_page_of_a_list, a_page),
    ("CI107", asked_and_sliced, asked_at_the_database_and_sliced),
    ("CI107", a_loop_that_ends_early, a_loop_over_a_slice),
    ("CI111", tagged_one_by_one, tagged_at_once),
    ("CI203", savepoints, no_savepoints),
]


@pytest.mark.parametrize(("code", "bad", "good"), PAIRS, ids=[bad.__name__ for _, bad, _ in PAIRS])
def test_one_of_two_ways_is_wrong_and_not_both(
    shop: str, code: str, bad: Callable[[], None], good: Callable[[], None]
) -> None:
    Genre.objects.bulk_create(Genre(name=f"one of many {at}") for at in range(MANY))

    with record() as of_bad:
        bad()
    with record() as of_good:
        good()

    assert codes(of_bad.cycle) == {code}
    assert codes(of_good.cycle) == set()
