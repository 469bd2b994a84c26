"""Context processors that ask queries or take long."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.heavy_processor import find
from cycle_inspector.records import Finding, Severity
from tests.shelf.models import Author, Book

NEVER = Thresholds(slow_processor_ms=60_000)


def _count() -> int:
    return Book.objects.count()


def asks(request: HttpRequest) -> dict[str, Any]:
    authors = Author.objects.count()
    return {"books": _count(), "authors": authors, "has_books": Book.objects.exists()}


def asks_once(request: HttpRequest) -> dict[str, Any]:
    return {"books": _count()}


def is_lazy(request: HttpRequest) -> dict[str, Any]:
    return {
        "books": _count,
        "authors": SimpleLazyObject(Author.objects.count),
        "has_books": Book.objects.all(),
    }


def sleeps(request: HttpRequest) -> dict[str, Any]:
    time.sleep(0.3)
    return {}


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html")


def rows(request: HttpRequest) -> HttpResponse:
    return HttpResponse("".join(render_to_string("row.html", {}, request) for _ in range(3)))


class Given:
    """Answers with what is found under context processors of this file."""

    def __init__(self, serve: Any, settings: Any, directory: Path) -> None:
        self.serve, self.settings, self.directory = serve, settings, directory
        (directory / "page.html").write_text("<p>Nothing of it is used.</p>")
        (directory / "row.html").write_text("a row")

    def found(
        self, *processors: Any, view: Any = page, thresholds: Thresholds = NEVER
    ) -> list[Finding]:
        names = [f"{__name__}.{one.__name__}" for one in processors]
        templates = self.settings.TEMPLATES[0]
        before = templates["OPTIONS"]["context_processors"]
        self.settings.TEMPLATES = [
            {
                **templates,
                "DIRS": [self.directory],
                "OPTIONS": {"context_processors": [*before, *names]},
            }
        ]
        return list(find(self.serve(view).get("/").cycle, thresholds))


@pytest.fixture
def given(serve: Any, settings: Any, tmp_path: Path) -> Given:
    return Given(serve, settings, tmp_path)


def test_finds_a_processor_that_asks_many_queries(given: Given) -> None:
    (finding,) = given.found(asks)
    assert (finding.code, finding.severity, finding.count) == ("CI303", Severity.WARNING, 3)
    assert finding.title == "The context processor asks asked 3 queries"
    assert finding.caller is not None
    assert (finding.caller.path, finding.caller.function) == (__file__, "asks")
    assert len(finding.evidence) == 3
    assert "SimpleLazyObject" in finding.fix


def test_finds_a_processor_that_asks_in_each_of_several_renders(given: Given) -> None:
    (finding,) = given.found(asks_once, view=rows)
    assert finding.title == "The context processor asks_once asked 3 queries in 3 renders"
    assert "without one" in finding.fix


def test_finds_a_processor_that_takes_long(given: Given) -> None:
    (finding,) = given.found(sleeps, thresholds=Thresholds(slow_processor_ms=250))
    assert finding.title.startswith("The context processor sleeps took ")
    assert finding.cost_ns >= 300_000_000


def test_finds_the_slow_one_of_several(given: Given) -> None:
    (finding,) = given.found(
        asks_once, sleeps, is_lazy, thresholds=Thresholds(slow_processor_ms=250)
    )
    assert finding.title.startswith("The context processor sleeps took ")


def test_does_not_find_a_processor_that_adds_what_asks_later(given: Given) -> None:
    assert given.found(is_lazy) == []


def test_does_not_find_a_processor_that_asks_one_query(given: Given) -> None:
    assert given.found(asks_once) == []


def test_does_not_find_those_of_django(given: Given) -> None:
    assert given.found(thresholds=Thresholds(slow_processor_ms=0)) == []
