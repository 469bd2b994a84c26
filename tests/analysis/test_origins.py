"""Where the rows of a loop come from in the project's source."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._loops import loops_of
from cycle_inspector.analysis._origins import Place, Places, function_of, name_of, spot
from cycle_inspector.analysis._schema import schema_of
from cycle_inspector.analysis._sources import sources_of
from cycle_inspector.records import Cycle, Frame, Stage, TemplateLine
from tests.analysis.shop import PATH, authors, listed, make_loop
from tests.factories import make_frame, make_stage

VIEW = """\
def book_list(request):
    books = Book.objects.all()
    for book in books:
        book.author"""


def place_of(cycle: Cycle) -> Place:
    schema = schema_of(cycle)
    (loop,) = loops_of(cycle.statements, 2, schema)
    assert loop.origin is not None
    return Places(cycle, schema, sources_of(cycle)).of(loop.origin)


def test_the_line_that_made_the_queryset() -> None:
    place = place_of(make_loop(listed(), authors(), source=VIEW))
    assert place.queryset is not None
    assert place.frame == make_frame(path=PATH, line=2)
    assert place.words == "the queryset at catalog/views.py:2, in book_list"


def test_without_its_source_the_line_that_ran_it() -> None:
    place = place_of(make_loop(listed(), authors()))
    assert place.queryset is None
    assert place.words == "the queryset at catalog/views.py:3, in book_list"


def test_source_that_is_not_what_ran_is_not_changed() -> None:
    source = VIEW.replace("book_list", "other")
    assert place_of(make_loop(listed(), authors(), source=source)).queryset is None


def test_without_a_line_of_the_project() -> None:
    place = place_of(make_loop(listed(frames=()), authors()))
    assert place.frame is None
    assert place.words == "the queryset that the rows come from"


def in_class(body: str, template: TemplateLine | None = None, **view: Any) -> Place:
    """Return the place in a class whose rows were read by Django's own code."""
    source = "\n".join(["class BookList(ListView):", *(f"    {line}" for line in body.split("\n"))])
    cycle = make_loop(listed(frames=(), template=template), authors(), source=source)
    facts = {"path": PATH, "line": 1, "name": "shop.BookList", "bases": ["x.ListView"], **view}
    stages = tuple(
        make_stage(Stage.VIEW, facts=facts) if one.stage is Stage.VIEW else one
        for one in cycle.stages
    )
    return place_of(_with(cycle, stages))


def _with(cycle: Cycle, stages: Any) -> Cycle:
    from dataclasses import replace

    return replace(cycle, stages=stages)


def test_the_queryset_of_a_generic_view() -> None:
    place = in_class("queryset = Book.objects.all()")
    assert place.queryset is not None
    assert place.frame == Frame(path=PATH, line=2, function="BookList", is_project=True)
    assert place.words == ("`queryset` or get_queryset() of the view BookList (catalog/views.py:1)")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"kind": "admin view"}, "by list_select_related or get_queryset()"),
        ({"bases": ["rest_framework.viewsets.ModelViewSet"]}, "`queryset` or get_queryset() of B"),
    ],
)
def test_the_words_of_each_kind_of_class(view: dict[str, Any], words: str) -> None:
    assert words in in_class("pass", **view).words


def test_a_class_that_says_nothing_has_no_queryset() -> None:
    place = in_class("pass")
    assert place.queryset is None
    assert place.frame is not None
    assert place.frame.line == 1


def test_a_template_that_goes_over_something_else_leads_to_no_queryset() -> None:
    template = TemplateLine(name="x.html", line=1)
    assert in_class("queryset = Book.objects.all()", template).queryset is None


def test_names() -> None:
    frame = make_frame(function="Books.names.<locals>.<listcomp>", path="/a/b/c.py", line=3)
    assert function_of(frame) == "names"
    assert name_of(frame) == "Books.names"
    assert spot(frame) == "b/c.py:3"
    assert function_of(make_frame(function="<lambda>")) == ""
