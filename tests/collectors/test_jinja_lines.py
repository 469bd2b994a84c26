"""The line of a Jinja2 template for a line of the code it is compiled to."""

from __future__ import annotations

import sys

from jinja2 import Environment

from cycle_inspector.collectors import _jinja_lines, _sources
from cycle_inspector.records import TemplateLine


def test_code_of_a_template_is_told_by_the_line_of_the_template() -> None:
    found: list[TemplateLine | None] = []
    template = Environment(autoescape=True).from_string("a\n{{ look() }}\n\n{{ look() }}")
    path = template.root_render_func.__code__.co_filename
    before = _sources.RULES.get(path)
    _sources.read_as_jinja(template.root_render_func.__code__)

    def look() -> str:
        found.append(_jinja_lines.jinja_line(sys._getframe()))
        return ""

    try:
        template.render(look=look)
    finally:
        _sources.RULES.pop(path)
        if before is not None:
            _sources.RULES[path] = before

    assert found == [TemplateLine(name="", line=2), TemplateLine(name="", line=4)]


def test_other_code_has_no_such_line() -> None:
    assert _jinja_lines.jinja_line(sys._getframe()) is None
