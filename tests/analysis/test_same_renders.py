"""A template that writes the very same again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.same_renders import find
from cycle_inspector.records import Finding, Severity

SOON = Thresholds(same_renders_ms=10)


def slow() -> str:
    time.sleep(0.006)
    return "menu"


Found = Callable[..., list[Finding]]


@pytest.fixture
def found(serve: Any, settings: Any, tmp_path: Path) -> Found:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    def answer(page: str, part: str, thresholds: Thresholds = SOON) -> list[Finding]:
        (tmp_path / "page.html").write_text(page)
        (tmp_path / "part.html").write_text(part)

        def view(request: HttpRequest) -> HttpResponse:
            return render(request, str(tmp_path / "page.html"), {"slow": slow, "rows": range(5)})

        return list(find(serve(view).get("/").cycle, thresholds))

    return answer


LOOP = '<p>\n{% for row in rows %}{% include "part.html" %}{% endfor %}'


def test_finds_what_a_loop_has_written_again(found: Found) -> None:
    (finding,) = found(LOOP, "{{ slow }}")

    assert (finding.code, finding.severity, finding.count) == ("CI305", Severity.INFO, 5)
    assert finding.title == "part.html wrote the same 5 times"
    assert finding.template is not None
    assert finding.template.line == 2
    assert finding.cost_ns >= 24_000_000  # all but the first
    assert len(finding.evidence) == 5


def test_does_not_find_what_comes_out_otherwise_each_time(found: Found) -> None:
    assert found(LOOP, "{{ slow }}{{ row }}") == []


def test_does_not_find_what_takes_no_time(found: Found) -> None:
    assert found(LOOP, "<svg/>", Thresholds(same_renders_ms=60_000)) == []


def test_does_not_find_two_lines_that_write_the_same(found: Found) -> None:
    assert found('{% include "part.html" %}\n' * 5, "{{ slow }}") == []


def test_what_is_rendered_very_often_is_left_to_the_rule_about_that(found: Found) -> None:
    assert found(LOOP, "{{ slow }}", Thresholds(same_renders_ms=10, repeated_renders=5)) == []
