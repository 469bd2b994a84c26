"""Templates that take long by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cycle_inspector import span
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.slow_template import find
from cycle_inspector.records import Finding, Severity
from tests.shelf.models import Book

SOON = Thresholds(slow_template_ms=180)


def works() -> str:
    time.sleep(0.2)
    return "worked"


def asks() -> str:
    with connection.cursor() as cursor:
        cursor.connection.create_function("pause", 0, works)
        cursor.execute("SELECT pause()")
    return "asked"


def is_marked() -> str:
    with span("work"):
        return works()


class Given:
    """Answers with what is found of templates that are written as they are needed."""

    def __init__(self, serve: Any, settings: Any, directory: Path) -> None:
        self.serve, self.directory = serve, directory
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [directory]}]

    def found(self, text: str, use: Callable[[], Any], name: str = "page.html") -> list[Finding]:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

        def view(request: HttpRequest) -> HttpResponse:
            return render(request, str(path), {"use": use})

        return list(find(self.serve(view).get("/").cycle, SOON))

    def is_silent(self, *args: Any) -> bool:
        # On a busy machine one page may be held up; not each of them.
        return any(self.found(*args) == [] for _ in range(5))


@pytest.fixture
def given(serve: Any, settings: Any, tmp_path: Path) -> Given:
    return Given(serve, settings, tmp_path)


def test_finds_a_template_that_works_long(given: Given) -> None:
    (finding,) = given.found("{{ use }}", works)
    assert (finding.code, finding.severity, finding.count) == ("CI304", Severity.WARNING, 1)
    assert "page.html took " in finding.title
    assert finding.cost_ns >= 200_000_000
    assert len(finding.evidence) == 1


def test_finds_a_part_by_the_line_that_includes_it(given: Given) -> None:
    (given.directory / "part.html").write_text("{{ use }}")
    (finding,) = given.found('<p>\n{% include "part.html" %}', works)
    assert finding.title.startswith("part.html took ")
    assert finding.template is not None
    assert finding.template.line == 2


def test_finds_a_part_that_is_slow_in_several_renders_together(given: Given) -> None:
    (given.directory / "part.html").write_text("{{ use }}")
    text = '{% for at in "abc" %}{% include "part.html" %}{% endfor %}'
    (finding,) = given.found(text, lambda: time.sleep(0.07))
    assert finding.count == 3
    assert finding.title.endswith(" of its own in 3 renders")


@pytest.mark.parametrize("use", [asks, is_marked])
def test_does_not_find_a_template_that_waits(given: Given, use: Callable[[], Any]) -> None:
    assert given.is_silent("{{ use }}", use)


def test_does_not_find_a_template_that_waits_for_another_server(
    given: Given, elsewhere: str
) -> None:
    url = f"{elsewhere}/wait/200"
    assert given.is_silent("{{ use }}", lambda: requests.get(url, timeout=5))


def test_does_not_find_a_template_that_makes_objects_of_many_rows(given: Given) -> None:
    def rows() -> str:
        for at in range(11):
            Book.objects.filter(pk=at).first()
        return works()

    assert given.is_silent("{{ use }}", rows)


def test_does_not_find_a_quick_one(given: Given) -> None:
    assert given.is_silent("{{ use }}", lambda: "quick")


def test_does_not_find_those_of_packages(given: Given) -> None:
    assert given.is_silent("{{ use }}", works, "lib/site-packages/shop/page.html")
