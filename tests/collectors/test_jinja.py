"""Jinja2: a tree of renders as for Django's own templates, each with its line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.template.backends.jinja2 import Jinja2
from jinja2 import DictLoader, Environment, StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from cycle_inspector import record
from cycle_inspector.collectors import _jinja, templates
from cycle_inspector.records import HIDDEN, Cycle, Stage, TemplateLine
from tests.shelf.models import Book

BACKEND = {"BACKEND": "django.template.backends.jinja2.Jinja2", "OPTIONS": {}}
LOADED = {
    "base.html": "<body>\n{% block a %}{% endblock %}</body>",
    "mid.html": "{% extends 'base.html' %}{% block a %}{% block b %}{% endblock %}{% endblock %}",
    "leaf.html": "{% extends 'mid.html' %}\n{% block b %}\n{% include 'part.html' %}{% endblock %}",
    "part.html": "part",
    "loop.html": "{% for one in [1, 2, 3] %}\n{% include 'part.html' %}{% endfor %}",
    "macros.html": "{% macro card() %}card{% endmacro %}",
    "imports.html": "{% import 'macros.html' as m %}{{ m.card() }}",
    "books.html": "<p>\n\n{% for book in books %}{{ book.pk }}{% endfor %}",
    "broken.html": "{% include 'part.html' %}\n{{ 1 / 0 }}",
}


@pytest.fixture(autouse=True)
def hooked(settings: Any) -> Iterator[None]:
    settings.TEMPLATES = [*settings.TEMPLATES, BACKEND]
    with _jinja.collect(templates._render_jinja):
        yield


def environment(kind: type[Environment] = Environment, **options: Any) -> Environment:
    return kind(loader=DictLoader(LOADED), **options)


def recorded(work: Callable[[], Any]) -> Cycle:
    with record() as recording:
        work()
    return recording.cycle


def tree(cycle: Cycle) -> list[tuple[int, str, str]]:
    depths: dict[int | None, int] = {None: -1}
    for one in sorted(cycle.renders, key=lambda one: one.id):
        depths[one.id] = depths[one.parent] + 1
    return [
        (depths[one.id], one.name, one.how) for one in sorted(cycle.renders, key=lambda one: one.id)
    ]


def test_parents_and_includes_are_a_tree_with_lines() -> None:
    template = environment().get_template("leaf.html")

    cycle = recorded(template.render)

    assert tree(cycle) == [
        (0, "leaf.html", "template"),
        (1, "mid.html", "extends"),
        (2, "base.html", "extends"),
        (3, "part.html", "template"),
    ]
    asked = {one.name: one.template for one in cycle.renders}
    assert asked["mid.html"] == TemplateLine(name="leaf.html", line=1)
    assert asked["part.html"] == TemplateLine(name="leaf.html", line=3)


@pytest.mark.parametrize(
    ("name", "count"), [("loop.html", 4), ("imports.html", 2), ("part.html", 1)]
)
def test_includes_and_imports_are_renders(name: str, count: int) -> None:
    template = environment().get_template(name)

    assert len(recorded(template.render).renders) == count


@pytest.mark.parametrize("name", sorted(set(LOADED) - {"broken.html"}))
@pytest.mark.parametrize("kind", [Environment, NativeEnvironment])
def test_what_is_rendered_is_the_same(name: str, kind: type[Environment]) -> None:
    template = environment(kind).get_template(name)
    plain = template.render()

    with record():
        assert template.render() == plain


@pytest.mark.django_db
def test_a_query_names_the_template_and_the_line() -> None:
    template = environment().get_template("books.html")

    cycle = recorded(lambda: template.render(books=Book.objects.all()))

    (query,) = cycle.queries
    assert query.template == TemplateLine(name="books.html", line=3)
    assert query.parent == cycle.renders[0].id


def test_a_template_that_raises_is_kept_and_raises_the_same() -> None:
    template = environment().get_template("broken.html")

    with record() as recording, pytest.raises(ZeroDivisionError):
        template.render()

    assert {one.name: one.error for one in recording.cycle.renders} == {
        "broken.html": "ZeroDivisionError",
        "part.html": None,
    }


def given(work: Callable[[], Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what the renders were given: type and text of each name, by template."""
    facts = recorded(work).stage(Stage.TEMPLATES).facts["contexts"]
    return {
        one["name"]: {name: (kind, shown) for name, kind, shown in one["names"]} for one in facts
    }


def test_what_a_template_was_given_is_told_as_of_djangos_own() -> None:
    template = environment().get_template("part.html")

    told = given(lambda: template.render(book=Book(pk=7), count=3, api_token="abc"))

    assert told == {
        "part.html": {
            "book": ("Book", "id=7"),
            "count": ("int", "3"),
            "api_token": ("str", HIDDEN),
        }
    }


def test_what_the_environment_gives_to_each_is_left_out() -> None:
    own = environment()
    own.globals["shop"] = "The Little Bookshop"
    template = own.get_template("part.html")

    assert given(lambda: template.render(a=1)) == {"part.html": {"a": ("int", "1")}}
    other = given(lambda: template.render(shop="Another"))
    assert other == {"part.html": {"shop": ("str", "Another")}}


def test_a_part_tells_only_what_is_new_in_it() -> None:
    template = environment().get_template("loop.html")

    cycle = recorded(lambda: template.render(title="t"))

    whole, part = cycle.stage(Stage.TEMPLATES).facts["contexts"]
    assert [name for name, _, _ in whole["names"]] == ["title"]
    assert ["one", "int", "1"] in part["names"]
    assert "title" not in [name for name, _, _ in part["names"]]
    assert part["alike"] == 3


def test_a_parent_has_the_context_of_its_child() -> None:
    template = environment().get_template("leaf.html")

    assert set(given(lambda: template.render(a=1))) == {"leaf.html", "part.html"}


def test_no_code_of_what_was_given_is_run() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

        def __str__(self) -> str:
            raise AssertionError

    template = environment().get_template("loop.html")

    assert given(lambda: template.render(odd=Odd()))["loop.html"]["odd"] == ("Odd", "")


def test_a_template_that_is_rendered_again_counts() -> None:
    template = environment().get_template("part.html")

    def work() -> None:
        for number in range(3):
            template.render(number=number)

    (told,) = recorded(work).stage(Stage.TEMPLATES).facts["contexts"]
    assert (told["alike"], told["names"]) == (3, [["number", "int", "0"]])


def test_a_stream_is_left_to_its_reader() -> None:
    template = environment(undefined=StrictUndefined).from_string("a{{ boom() }}")
    ran: list[int] = []

    with record() as recording:
        stream = template.generate(boom=lambda: ran.append(1))
        assert (next(stream), ran) == ("a", [])

    assert recording.cycle.renders == ()


def test_an_async_environment_works_as_ever() -> None:
    template = environment(enable_async=True).get_template("leaf.html")

    with record() as recording:
        assert "part" in asyncio.run(template.render_async())

    assert recording.cycle.renders == ()


def test_a_template_of_djangos_backend_has_its_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ a }}")
    engine = Jinja2({"NAME": "j", "DIRS": [tmp_path], "APP_DIRS": False, "OPTIONS": {}})
    template = engine.get_template("page.html")

    (one,) = recorded(lambda: template.render({"a": 1})).renders

    assert (one.name, one.origin) == ("page.html", str(tmp_path / "page.html"))


def test_without_a_recording_nothing_is_added() -> None:
    template = environment().get_template("loop.html")

    assert template.render() == environment().get_template("loop.html").render()


def test_without_such_an_engine_nothing_is_hooked(settings: Any) -> None:
    settings.TEMPLATES = settings.TEMPLATES[:-1]

    @contextmanager
    def hooks() -> Iterator[None]:
        with _jinja.collect(templates._render_jinja):
            yield

    before = vars(__import__("jinja2").Template)["_from_namespace"]
    with hooks():
        assert vars(__import__("jinja2").Template)["_from_namespace"] is before
