"""The templates stage: a tree of renders, each with its line, origin and time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import django
import pytest
from django import forms
from django.template import (
    Context,
    Engine,
    Origin,
    RequestContext,
    Template,
    TemplateDoesNotExist,
)
from django.template.loader import render_to_string
from django.template.loaders import locmem
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe

from cycle_inspector import record
from cycle_inspector.records import Cycle, Render, Stage
from tests.shelf.models import Book

LOADED = {
    "base.html": "<body>{% block a %}{% endblock %}</body>",
    "mid.html": "{% extends 'base.html' %}{% block a %}{% block b %}{% endblock %}{% endblock %}",
    "leaf.html": "{% extends 'mid.html' %}\n{% block b %}{% include 'part.html' %}{% endblock %}",
    "part.html": "part",
    "page.html": "{% partialdef card %}card{% endpartialdef %}{% partial card %}",
    "loop.html": "{% for one in numbers %}\n{% include 'part.html' %}{% endfor %}",
    "broken.html": "{% include 'part.html' %}{{ boom }}",
    "absent-part.html": "{% include 'no-such.html' %}",
    "absent-parent.html": "{% extends 'no-such.html' %}",
    "dynamic.html": "{% extends parent %}",
    "either.html": "\n{% include names %}",
    "tagged.html": "{% load shelf %}\n{% shelf_label 'a' %}",
    "shelf/label.html": "<b>{{ text }}</b>",
}
ENGINE = Engine(
    loaders=[("django.template.loaders.locmem.Loader", LOADED)],
    libraries={"shelf": "tests.shelf.templatetags.shelf"},
    debug=True,
)


def recorded(work: Callable[[], Any]) -> Cycle:
    with record() as recording:
        work()
    return recording.cycle


def render(name: str, **context: Any) -> tuple[Render, ...]:
    template = ENGINE.get_template(name)
    return recorded(lambda: template.render(Context(context))).renders


def tree(renders: tuple[Render, ...]) -> list[tuple[int, str, str]]:
    depths: dict[int | None, int] = {None: -1}
    for one in renders:
        depths[one.id] = depths.get(one.parent, -1) + 1
    return [(depths[one.id], one.name, one.how) for one in renders]


def test_extends_over_three_levels_is_a_chain() -> None:
    renders = render("leaf.html")

    assert tree(renders) == [
        (0, "leaf.html", "template"),
        (1, "mid.html", "extends"),
        (2, "base.html", "extends"),
        (3, "part.html", "template"),
    ]
    assert [(one.template.name, one.template.line) for one in renders if one.template] == [
        ("leaf.html", 1),
        ("mid.html", 1),
        ("leaf.html", 2),
    ]


def test_each_include_of_a_loop_is_a_render() -> None:
    renders = render("loop.html", numbers=range(4))

    assert [one.name for one in renders] == ["loop.html"] + ["part.html"] * 4
    assert {one.template.line for one in renders if one.template} == {2}


def test_an_inclusion_tag_is_a_render_with_its_line() -> None:
    renders = render("tagged.html")

    assert tree(renders) == [(0, "tagged.html", "template"), (1, "shelf/label.html", "template")]
    assert renders[1].template is not None
    assert (renders[1].template.name, renders[1].template.line) == ("tagged.html", 2)


TREES = {
    "part.html": [(0, "part.html", "template")],
    "mid.html": [(0, "mid.html", "template"), (1, "base.html", "extends")],
}
if django.VERSION >= (6, 0):
    TREES["page.html"] = [(0, "page.html", "template"), (1, "card", "partial")]
    TREES["page.html#card"] = [(0, "card", "partial")]


@pytest.mark.parametrize("name", TREES)
def test_every_way_to_render_is_told_apart(name: str) -> None:
    renders = render(name)

    assert tree(renders) == TREES[name]
    assert all(one.origin == "page.html" for one in renders if one.how == "partial")


def test_own_times_add_up_to_the_whole() -> None:
    cycle = recorded(lambda: ENGINE.get_template("leaf.html").render(Context()))

    outermost = cycle.renders[0]
    assert sum(one.own_ns for one in cycle.renders) == outermost.duration_ns
    assert cycle.stage(Stage.TEMPLATES).duration_ns == outermost.duration_ns
    assert cycle.stage(Stage.TEMPLATES).count == 4


def test_a_missing_template_is_told_with_all_places_tried() -> None:
    with record() as recording, pytest.raises(TemplateDoesNotExist):
        render_to_string("shelf/absent.html")

    assert recording.cycle.renders == ()


def test_a_missing_template_of_a_page_is_kept_with_all_places(serve: Any) -> None:
    def view(request: Any) -> TemplateResponse:
        return TemplateResponse(request, ["shelf/absent.html", "shelf/neither.html"])

    answer = serve(view).get("/")

    assert answer.status == 500
    (missing,) = answer.cycle.stage(Stage.TEMPLATES).facts["missing"]
    assert missing["name"] == "shelf/absent.html, shelf/neither.html"
    places = [place for place, reason in missing["tried"]]
    assert any(place.endswith("shelf/templates/shelf/absent.html") for place in places)
    assert any(place.endswith("shelf/templates/shelf/neither.html") for place in places)
    assert {reason for place, reason in missing["tried"]} == {"Source does not exist"}


@pytest.mark.parametrize("name", ["absent-part.html", "absent-parent.html"])
def test_a_missing_part_is_raised_on_and_its_page_marked(name: str) -> None:
    with record() as recording, pytest.raises(TemplateDoesNotExist):
        ENGINE.get_template(name).render(Context())

    assert {one.error for one in recording.cycle.renders} == {"TemplateDoesNotExist"}


def test_a_template_that_raises_half_way_is_kept_with_what_came_before() -> None:
    class Boom:
        def __str__(self) -> str:
            raise ZeroDivisionError

    with record() as recording, pytest.raises(ZeroDivisionError):
        ENGINE.get_template("broken.html").render(Context({"boom": Boom()}))

    assert [(one.name, one.error) for one in recording.cycle.renders] == [
        ("broken.html", "ZeroDivisionError"),
        ("part.html", None),
    ]


def test_the_names_of_the_outermost_context_are_kept() -> None:
    cycle = recorded(lambda: ENGINE.get_template("loop.html").render(Context({"numbers": [1]})))

    context, _ = cycle.stage(Stage.TEMPLATES).facts["contexts"]
    assert context == {
        "render": cycle.renders[0].id,
        "name": "loop.html",
        "names": [["numbers", "list", "of 1"]],
        "left_out": 0,
        "alike": 1,
    }


def test_values_of_a_context_are_not_touched() -> None:
    class Untouchable:
        def __str__(self) -> str:
            raise AssertionError

        __repr__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __str__  # type: ignore[assignment]

    context = Context(
        {
            "untouchable": Untouchable(),
            "lazy": SimpleLazyObject(lambda: 1 / 0),
            "books": Book.objects.all(),
            "safe": mark_safe("<b>"),
        }
    )

    cycle = recorded(lambda: ENGINE.get_template("part.html").render(context))

    assert cycle.queries == ()
    assert cycle.dropped == {}
    (kept,) = cycle.stage(Stage.TEMPLATES).facts["contexts"]
    assert kept["names"] == [
        ["untouchable", "Untouchable", ""],
        ["lazy", "SimpleLazyObject", ""],
        ["books", "QuerySet", "of Book, not evaluated"],
        ["safe", "SafeString", "<b>"],
    ]


def test_a_context_that_is_no_dict_does_no_harm() -> None:
    class OnlyAsked:
        def __contains__(self, key: str) -> bool:
            return key == "boom"

        def __getitem__(self, key: str) -> str:
            return "found"

    context = Context()
    context.dicts.append(OnlyAsked())
    context.dicts.append(SimpleLazyObject(dict))

    cycle = recorded(lambda: ENGINE.get_template("broken.html").render(context))

    assert cycle.dropped == {}
    assert len(cycle.renders) == 2


def contexts_of(cycle: Cycle) -> dict[str, dict[str, tuple[str, Any]]]:
    return {
        one["name"]: {name: (kind, shown) for name, kind, shown in one["names"]}
        for one in cycle.stage(Stage.TEMPLATES).facts["contexts"]
    }


def test_a_context_is_kept_once_for_a_template_and_line() -> None:
    template = ENGINE.get_template("part.html")

    cycle = recorded(lambda: [template.render(Context({"a": 1})) for _ in range(300)])

    assert len(cycle.renders) == 300
    (context,) = cycle.stage(Stage.TEMPLATES).facts["contexts"]
    assert context["alike"] == 300


def test_a_page_of_many_parts_does_not_fill_the_cycle() -> None:
    parts = [Template("a", name=f"{number}.html", engine=ENGINE) for number in range(300)]

    cycle = recorded(lambda: [part.render(Context({"a": 1})) for part in parts])

    facts = cycle.stage(Stage.TEMPLATES).facts
    assert (len(facts["contexts"]), facts["contexts_left_out"]) == (30, 270)


class Fields(forms.Form):
    first = forms.CharField()
    second = forms.ChoiceField(choices=[("a", "a"), ("b", "b")])


def test_templates_of_forms_are_folded_into_one() -> None:
    template = Template("{{ form }}\n{{ form.first }}{% include 'part.html' %}", engine=ENGINE)

    renders = recorded(lambda: template.render(Context({"form": Fields()}))).renders

    assert [one.how for one in renders] == ["template", "folded", "template"]
    assert renders[1].count > 5
    assert renders[1].duration_ns >= renders[1].own_ns > 0


@pytest.mark.django_db
def test_what_happens_in_a_folded_render_belongs_to_the_one_that_is_kept() -> None:
    class Choice(forms.Form):
        book = forms.ModelChoiceField(Book.objects.all())

    template = Template("{{ form }}{{ form }}{{ form }}", engine=ENGINE)

    cycle = recorded(lambda: template.render(Context({"form": Choice()})))

    (folded,) = [one for one in cycle.renders if one.how == "folded"]
    assert len(cycle.queries) == 3
    assert {query.parent for query in cycle.queries} == {folded.id}


def test_two_threads_that_render_at_once_do_not_mix() -> None:
    inside = threading.Barrier(2, timeout=10)
    cycles: dict[str, Cycle] = {}

    class Meeting:
        def __str__(self) -> str:
            inside.wait()
            return "met"

    def work(name: str, parts: int) -> None:
        source = "{{ meeting }}" + "{% include 'part.html' %}" * parts + "{{ meeting }}"
        template = Template(source, name=name, engine=ENGINE)
        cycles[name] = recorded(lambda: template.render(Context({"meeting": Meeting()})))

    threads = [threading.Thread(target=work, args=(f"{n}.html", n)) for n in (1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for count in (1, 5):
        renders = cycles[f"{count}.html"].renders
        assert [one.name for one in renders] == [f"{count}.html"] + ["part.html"] * count
        assert {one.parent for one in renders[1:]} == {renders[0].id}


def test_the_test_runners_own_hook_still_works(client: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.shelf.urls"
    with record():
        response = client.get("/form/")

    assert "shelf/form.html" in [one.name for one in response.templates]


def test_context_processors_are_run_as_often_as_ever() -> None:
    calls: list[int] = []
    context = RequestContext(
        RequestFactory().get("/"), processors=[lambda _: calls.append(1) or {}]
    )

    recorded(lambda: ENGINE.get_template("leaf.html").render(context))

    assert calls == [1]


def test_a_block_that_renders_nothing_has_no_renders() -> None:
    cycle = recorded(lambda: None)

    assert cycle.renders == ()
    assert cycle.stage(Stage.TEMPLATES).facts == {
        "missing": [],
        "contexts": [],
        "processors": [],
    }


def test_a_parent_that_is_found_as_the_page_is_rendered_has_its_name() -> None:
    template = ENGINE.get_template("dynamic.html")

    renders = recorded(lambda: template.render(Context({"parent": "mid.html"}))).renders

    assert [(one.name, one.how) for one in renders] == [
        ("dynamic.html", "template"),
        ("mid.html", "extends"),
        ("base.html", "extends"),
    ]


class OwnLoader(locmem.Loader):
    """A loader of a project's own, with names of its own."""

    def get_template_sources(self, template_name: str) -> Any:
        yield Origin(name=f"shelf:{template_name}", template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        try:
            return LOADED[origin.template_name]  # type: ignore[index]
        except KeyError:
            raise TemplateDoesNotExist(origin) from None  # type: ignore[arg-type]


@pytest.mark.parametrize("is_cached", [False, True])
def test_loaders_of_a_project_name_their_places(is_cached: bool) -> None:
    own: Any = (f"{__name__}.OwnLoader", {})
    cached: Any = ("django.template.loaders.cached.Loader", [own])
    engine = Engine(loaders=[cached if is_cached else own])

    def work() -> None:
        engine.select_template(["no-such.html", "part.html"]).render(Context())

    for _ in range(2):  # the second time the cache knows
        cycle = recorded(work)

        assert cycle.renders[0].origin == "shelf:part.html"
        (missing,) = cycle.stage(Stage.TEMPLATES).facts["missing"]
        assert missing["name"] == "no-such.html"
    if not is_cached:
        assert missing["tried"] == [["shelf:no-such.html", "Source does not exist"]]
