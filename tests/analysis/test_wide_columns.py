"""Text that was loaded for a response that cannot hold it, on real rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.wide_columns import find
from cycle_inspector.records import Finding, Severity
from tests.shelf.models import Book

SOON = Thresholds(wide_kb=100)


@pytest.fixture
def found(serve: Any, transactional_db: None) -> Callable[..., list[Finding]]:
    Book.objects.bulk_create(Book(title=str(at), blurb="word " * 1_000) for at in range(40))

    def answer(view: Callable[[], Any]) -> list[Finding]:
        return list(find(serve(lambda request: view()).get("/").cycle, SOON))

    return answer


def titles(books: Any) -> str:
    return ",".join(one.title for one in books)


def test_finds_text_that_the_response_cannot_hold(found: Any) -> None:
    (finding,) = found(lambda: HttpResponse(titles(Book.objects.all())))

    assert (finding.code, finding.severity) == ("CI108", Severity.INFO)
    assert finding.title.startswith("40 rows of shelf.Book brought about 195 KB in blurb")
    assert '.defer("blurb")' in finding.fix
    assert finding.caller is not None


@pytest.mark.parametrize(
    "books",
    [
        lambda: Book.objects.defer("blurb"),
        lambda: Book.objects.only("title"),
        lambda: Book.objects.all()[:9],
        lambda: Book.objects.filter(title__lt="2"),
    ],
)
def test_does_not_find_what_was_left_out_or_is_little(found: Any, books: Callable[[], Any]) -> None:
    assert found(lambda: HttpResponse(titles(books()))) == []


def test_does_not_find_text_that_the_response_shows(found: Any) -> None:
    def shown() -> HttpResponse:
        return HttpResponse("".join(one.blurb for one in Book.objects.all()))

    assert found(shown) == []


def test_does_not_find_where_the_page_is_no_success(found: Any) -> None:
    assert found(lambda: HttpResponse(titles(Book.objects.all()), status=500)) == []
