"""Templates rendered in a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.repeated_renders import find
from cycle_inspector.records import Finding, TemplateLine

TEXTS = {
    "list.html": '<ul>\n{% for at in rows %}\n{% include "_book.html" %}{% endfor %}</ul>',
    "_book.html": "<li>{{ at }}</li>",
    "whole.html": "{% for at in rows %}<li>{{ at }}</li>{% endfor %}",
    "form.html": "{% for form in rows %}{{ form }}{% endfor %}",
}


class Search(forms.Form):
    title = forms.CharField()


@pytest.fixture(autouse=True)
def _templates(settings: Any, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def found(serve: Any, name: str, rows: Any) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, name, {"rows": rows})

    return list(find(serve(view).get("/").cycle, Thresholds()))


def test_finds_a_template_in_a_loop(serve: Any) -> None:
    (finding,) = found(serve, "list.html", range(100))
    assert (finding.code, finding.count) == ("CI301", 100)
    assert finding.cost_ns > 0
    assert finding.template == TemplateLine(name="list.html", line=3)
    assert finding.title == "_book.html was rendered 100 times"


def test_does_not_find_fewer_or_the_mended_loop(serve: Any) -> None:
    assert found(serve, "list.html", range(99)) == []
    assert found(serve, "whole.html", range(1_000)) == []


def test_does_not_find_those_of_forms(serve: Any) -> None:
    assert found(serve, "form.html", [Search() for _ in range(60)]) == []


def test_does_not_find_those_that_code_asks_for(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("".join(render_to_string("_book.html") for _ in range(100)))

    assert list(find(serve(view).get("/").cycle, Thresholds())) == []
