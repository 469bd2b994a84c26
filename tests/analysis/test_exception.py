"""CI001, an exception that became a response."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds, exception
from cycle_inspector.records import Finding, Severity, TemplateLine
from tests.factories import make_cycle, make_event, make_frame


def find(**event: Any) -> list[Finding]:
    return list(exception.find(make_cycle(events=(make_event(**event),)), Thresholds()))


def test_finds_an_exception_with_the_line_that_raised_it() -> None:
    (finding,) = find(attributes={"message": "no such shelf", "handled_as": "500"})
    assert finding.code == "CI001"
    assert finding.severity is Severity.ERROR
    assert finding.title == "ValueError: no such shelf"
    assert finding.caller == make_frame()
    assert finding.evidence == (4,)
    assert finding.fix == "It was raised at /srv/shop/catalog/views.py:22, in book_list."


def test_finds_the_line_of_the_template_it_came_out_of() -> None:
    (finding,) = find(attributes={"template": {"name": "shop/a.html", "line": 3}})
    assert finding.template == TemplateLine(name="shop/a.html", line=3)


@pytest.mark.parametrize("template", [None, "shop/a.html", {}, {"name": "a", "line": "b"}])
def test_does_not_find_a_template_where_none_is_known(template: Any) -> None:
    (finding,) = find(attributes={"template": template})
    assert finding.template is None


def test_finds_an_exception_that_ended_a_block() -> None:
    (finding,) = find(attributes={"message": "no such shelf"}, parent=None)
    assert finding.severity is Severity.ERROR
    assert finding.evidence == ()


@pytest.mark.parametrize("handled_as", ["403", "400", "302, by a middleware"])
def test_finds_an_exception_that_is_an_answer_as_a_remark(handled_as: str) -> None:
    (finding,) = find(attributes={"handled_as": handled_as})
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    ("name", "message", "title"),
    [
        ("django.db.utils.OperationalError", "locked", "OperationalError: locked"),
        ("ValueError", "", "ValueError"),
        ("ValueError", "  \n ", "ValueError"),
        ("KeyError", 0, "KeyError: 0"),
        ("ValueError", "first\nsecond", "ValueError: first"),
        ("ValueError", "x" * 500, f"ValueError: {'x' * 200}…"),
    ],
)
def test_title_is_one_short_line(name: str, message: Any, title: str) -> None:
    (finding,) = find(name=name, attributes={"message": message})
    assert finding.title == title


def test_title_without_a_message_is_the_name() -> None:
    (finding,) = find(attributes={})
    assert finding.title == "ValueError"


def test_caller_is_the_innermost_frame_of_the_project() -> None:
    library = make_frame(path="/site-packages/rest/views.py", is_project=False)
    (finding,) = find(frames=(library, make_frame(line=7), make_frame(line=8)))
    assert finding.caller == make_frame(line=7)


def test_fix_without_a_frame_of_the_project_says_so() -> None:
    (finding,) = find(frames=(make_frame(is_project=False),))
    assert finding.caller is None
    assert "outside of the project's own code" in finding.fix


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        ([["/a/x.html", "no file"], ["/b/x.html", "no file"]], "in one of the 2 places tried"),
        ([["/a/x.html", "no file"]], "at the place tried"),
        ([], "none had a place to look"),
    ],
)
def test_fix_of_a_missing_template_names_it(tried: list[list[str]], words: str) -> None:
    (finding,) = find(attributes={"missing_template": {"name": "x.html", "tried": tried}})
    assert "'x.html'" in finding.fix
    assert words in finding.fix


@pytest.mark.parametrize("kind", ["not_found", "fault", "hop"])
def test_does_not_find_other_events(kind: str) -> None:
    assert find(kind=kind) == []
