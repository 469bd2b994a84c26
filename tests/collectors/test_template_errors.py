"""Errors in templates: the line, and the lines around it, with and without the engine's debug."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Engine, TemplateSyntaxError

from cycle_inspector.collectors import _template_errors

SOURCE = "\n".join(["one", "{% if True %}", "  {{ shelf.fail }}", "{% endif %}", "five"])


class Shelf:
    def fail(self) -> None:
        raise ValueError("no such shelf")


def error_of(engine: Engine, name: str = "shelf.html") -> BaseException:
    with pytest.raises(ValueError, match="shelf") as caught:
        engine.get_template(name).render(Context({"shelf": Shelf()}))
    return caught.value


def told(error: BaseException) -> Any:
    taken = _template_errors.take(error)
    return None if taken is None else _template_errors.told(taken)


@pytest.fixture(params=[True, False], ids=["debug", "no debug"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Engine:
    (tmp_path / "shelf.html").write_text(SOURCE)
    (tmp_path / "base.html").write_text("{% block books %}{% endblock %}")
    (tmp_path / "books.html").write_text(
        '{% extends "base.html" %}\n{% block books %}\n{% include "shelf.html" %}{% endblock %}'
    )
    return Engine(dirs=[str(tmp_path)], debug=request.param)


@pytest.mark.parametrize("name", ["shelf.html", "books.html"])
def test_the_innermost_line_is_told_with_those_around(
    engine: Engine, name: str, tmp_path: Any
) -> None:
    found = told(error_of(engine, name))

    assert (found["name"], found["line"]) == ("shelf.html", 3)
    assert found["path"] == str(tmp_path / "shelf.html")
    assert (found["first"], found["lines"]) == (1, SOURCE.splitlines())


@pytest.mark.parametrize("is_debug", [True, False])
def test_of_a_template_made_of_a_string_the_lines_are_known_in_debug(*, is_debug: bool) -> None:
    engine = Engine(debug=is_debug)
    with pytest.raises(ValueError, match="shelf") as caught:
        engine.from_string(SOURCE).render(Context({"shelf": Shelf()}))

    found = told(caught.value)

    assert found["line"] == 3
    assert ("lines" in found) is is_debug


def test_a_syntax_error_has_its_line_in_debug() -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        Engine(debug=True).from_string("a\n{% no_such_tag %}\nb")

    assert told(caught.value)["lines"] == ["a", "{% no_such_tag %}", "b"]


def test_markup_is_kept_as_it_is() -> None:
    with pytest.raises(ValueError, match="shelf") as caught:
        Engine(debug=True).from_string("<b>{{ shelf.fail }}</b>").render(
            Context({"shelf": Shelf()})
        )

    assert told(caught.value)["lines"] == ["<b>{{ shelf.fail }}</b>"]


@pytest.mark.parametrize(
    "marked", [3, {}, {"line": "three"}, {"line": 3}, {"line": 3, "source_lines": [(3, 4)]}]
)
def test_a_mark_of_another_shape_is_no_trouble(marked: Any) -> None:
    error = ValueError()
    error.template_debug = marked  # type: ignore[attr-defined]

    assert "lines" not in (told(error) or {})


def test_outside_of_a_template_there_is_none() -> None:
    assert told(ValueError()) is None
