"""Names of templates that are tried in vain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import select_template

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.missed_templates import find
from cycle_inspector.records import Finding, Severity


@pytest.fixture
def templates(settings: Any, tmp_path: Path) -> Path:
    """Give a directory of templates of the project."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "row.html").write_text("a row")
    (tmp_path / "list.html").write_text("{% for names in rows %}{% include names %}{% endfor %}")
    return tmp_path


def found(serve: Any, view: Callable[[HttpRequest], HttpResponse]) -> list[Finding]:
    return list(find(serve(view).get("/").cycle, Thresholds()))


def test_finds_names_that_a_view_makes_of_each_row(serve: Any, templates: Path) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        parts = [select_template([f"row_{at}.html", "row.html"]).render() for at in range(20)]
        return HttpResponse("".join(parts))

    (finding,) = found(serve, view)
    assert (finding.code, finding.severity, finding.count) == ("CI302", Severity.INFO, 20)
    assert finding.title == "20 names of templates were tried in vain, such as row_0.html"
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_finds_names_that_a_template_is_given_for_each_row(serve: Any, templates: Path) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return render(
            request, "list.html", {"rows": [(f"row_{at}.html", "row.html") for at in range(20)]}
        )

    (finding,) = found(serve, view)
    assert finding.template is not None
    assert (finding.template.name, finding.template.line) == ("list.html", 1)


def test_does_not_find_how_a_template_is_overridden(serve: Any, templates: Path) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        kinds = [f"row_{at % 3}.html" for at in range(60)]
        return HttpResponse("".join(select_template([kind, "row.html"]).render() for kind in kinds))

    assert found(serve, view) == []


def test_does_not_find_names_that_are_there(serve: Any, templates: Path) -> None:
    for at in range(20):
        (templates / f"row_{at}.html").write_text("a row of its own")

    def view(request: HttpRequest) -> HttpResponse:
        parts = [select_template([f"row_{at}.html", "row.html"]).render() for at in range(20)]
        return HttpResponse("".join(parts))

    assert found(serve, view) == []
