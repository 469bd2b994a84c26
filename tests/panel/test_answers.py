from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from cycle_inspector.panel.answers import READING, Absent, allow, cycle_of, plain


@allow(*READING)
def view(request: HttpRequest, *, word: str) -> HttpResponse:
    return HttpResponse(word)


def test_view_answers_the_methods_that_it_allows() -> None:
    answer = view(RequestFactory().get("/"), word="read")

    assert answer.content == b"read"


def test_other_methods_are_not_allowed() -> None:
    answer = view(RequestFactory().post("/"), word="read")

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


def test_cycle_that_is_kept_is_found(cycle: Any) -> None:
    assert cycle_of(UUID(cycle.id)) is cycle


def test_cycle_that_is_not_kept_is_absent(history: Any) -> None:
    with pytest.raises(Absent, match="no such cycle"):
        cycle_of(UUID(int=7))


def test_plain_text_is_no_page() -> None:
    answer = plain("<b>no</b>", 403)

    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")
