"""What a render is called, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.template import Context, Template
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from tests.collectors.test_templates import ENGINE, recorded


def test_a_template_made_of_a_string_has_no_name() -> None:
    template = Template("{{ a }}", engine=ENGINE)

    (render_of_it,) = recorded(lambda: template.render(Context({"a": 1}))).renders

    assert (render_of_it.name, render_of_it.origin) == ("", "")


def test_a_template_may_be_named_by_anything_that_has_a_text() -> None:
    def name(given: Any) -> str:
        template = Template("a", name=given, engine=ENGINE)
        (one,) = recorded(lambda: template.render(Context())).renders
        return one.name

    assert name(mark_safe("a.html")) == "a.html"
    assert name(Path("a.html")) == "a.html"
    assert name(lazystr("a.html")) == "<django.utils.functional.lazy.<locals>.__proxy__>"
