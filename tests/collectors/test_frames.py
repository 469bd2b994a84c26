"""Who asked: the frames above a line of code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import django
import pytest
from asgiref.sync import SyncToAsync
from django.template import engines

from cycle_inspector.collectors import _frames, _sources
from cycle_inspector.records import TemplateLine

HERE = os.path.abspath(__file__)


class Shelf:
    def look_up(self) -> Any:
        return _frames.look_up(sys._getframe())


@pytest.fixture
def stop_here() -> Iterator[Callable[[Any], None]]:
    """Let walks end at a function of a test; give the files' rules back afterwards."""
    rules, roles = dict(_sources.RULES), dict(_frames._roles)
    yield lambda function: _frames.stop_at(function.__code__)
    _sources.RULES.clear()
    _sources.RULES.update(rules)
    _frames._roles.clear()
    _frames._roles.update(roles)


def compiled(source: str, path: str) -> dict[str, Any]:
    names: dict[str, Any] = {"look_up": _frames.look_up, "sys": sys}
    exec(compile(source, path, "exec"), names)  # noqa: S102
    return names


def deep(levels: int) -> Any:
    return _frames.look_up(sys._getframe()) if levels == 0 else deep(levels - 1)


def test_frames_come_innermost_first_with_file_line_and_qualified_name() -> None:
    frames = Shelf().look_up().frames()
    line = Shelf.look_up.__code__.co_firstlineno + 1
    assert (frames[0].path, frames[0].line, frames[0].function) == (HERE, line, "Shelf.look_up")
    assert (
        frames[1].function == "test_frames_come_innermost_first_with_file_line_and_qualified_name"
    )
    assert frames[0].is_project


def test_place_of_a_loop_is_one_object() -> None:
    places = {id(Shelf().look_up()) for _ in range(5)}
    assert len(places) == 1


def test_places_of_two_lines_differ() -> None:
    one = Shelf().look_up()
    other = Shelf().look_up()
    assert one is not other
    assert one.frames() != other.frames()


def test_django_and_the_standard_library_are_left_out() -> None:
    found: list[Any] = []
    engine = engines["django"]
    engine.from_string("{{ look }}").render({"look": lambda: found.append(Shelf().look_up())})
    paths = [frame.path for frame in found[0].frames()]
    django_root = os.path.dirname(django.__file__) + os.sep
    assert paths[0] == HERE
    assert not any(path.startswith(django_root) for path in paths)


def test_innermost_line_of_a_template_is_seen() -> None:
    found: list[Any] = []
    engine = engines["django"]
    template = engine.from_string("first\n{% if 1 %}\n{{ look }}{% endif %}")
    template.render({"look": lambda: found.append(Shelf().look_up())})
    assert found[0].template == TemplateLine(name="<unknown source>", line=3)


def test_no_template_is_seen_outside_of_one() -> None:
    assert Shelf().look_up().template is None


def test_walk_ends_at_our_own_middleware(stop_here: Callable[[Any], None]) -> None:
    names = compiled("def server(inside):\n    return inside()\n", "/srv/our/middleware.py")
    inside: list[Any] = []

    def outer() -> None:
        names["server"](lambda: inside.append(deep(0)))

    stop_here(names["server"])
    outer()
    assert [frame.function.rpartition(".")[2] for frame in inside[0].frames()] == [
        "deep",
        "<lambda>",
    ]


def test_deep_recursion_keeps_the_innermost_frames() -> None:
    frames = deep(200).frames()
    assert len(frames) == 40
    assert {frame.function for frame in frames} == {"deep"}


def test_generated_code_is_left_out() -> None:
    names = compiled("def look():\n    return look_up(sys._getframe())\n", "<generated>")
    assert all(not frame.path.startswith("<") for frame in names["look"]().frames())


def test_line_of_a_statement_over_several_lines_is_that_of_the_call() -> None:
    place = (
        Shelf()
        .look_up()
    )  # fmt: skip
    start = test_line_of_a_statement_over_several_lines_is_that_of_the_call.__code__.co_firstlineno
    assert place.frames()[1].line in (start + 2, start + 3)


def test_code_objects_of_places_are_kept_alive() -> None:
    # The table of places goes by ids, which would be used again.
    names = compiled("def look():\n    return look_up(sys._getframe())\n", "/srv/shop/once.py")
    place = names["look"]()
    code: CodeType = names["look"].__code__
    del names
    assert any(one is code for one, _ in place.codes)


class Rendering:
    """As an open render."""

    def __init__(self) -> None:
        self.above: Any = None


RUN = "def run(inside):\n    return [look_up(sys._getframe(), inside) for _ in range(3)]\n"


def test_what_stands_above_a_render_is_walked_once(stop_here: Callable[[Any], None]) -> None:
    run, render = compiled(RUN, "/srv/our/templates.py")["run"], Rendering()
    _frames.render_in(run.__code__)

    places = run(render)

    assert len({id(place) for place in places}) == 1
    assert places[0].frames() == render.above.frames()
    assert render.above.frames()[0].function == "test_what_stands_above_a_render_is_walked_once"


def test_above_what_is_no_render_the_walk_goes_on(stop_here: Callable[[Any], None]) -> None:
    run = compiled(RUN, "/srv/our/templates.py")["run"]
    _frames.render_in(run.__code__)

    frames = run(object())[0].frames()

    assert frames[0].function == "test_above_what_is_no_render_the_walk_goes_on"


def test_a_hand_over_that_another_tool_wraps_later_stays_wrapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SyncToAsync, "__call__", SyncToAsync.__call__)  # put back in the end

    def theirs(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError

    with _frames.collect():
        SyncToAsync.__call__ = theirs  # type: ignore[method-assign]

    assert SyncToAsync.__call__ is theirs
