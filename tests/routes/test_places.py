from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.urls import get_resolver, include, path, re_path
from django.utils.translation import gettext_lazy

from cycle_inspector.routes import places, walk
from tests.routes.urls import view

SOURCE = """\
from django.urls import include, path, re_path
from django.urls import path as route
from tests.routes.urls import view

inner = [path("inner/", view)]
urlpatterns = [
    path("", view),
    path("one/", view),
    path(
        "two/", view, name="two"
    ),
    path("twice/", view, name="first"),
    path("twice/", view, name="second"),
    path("same/", view), path("same/", view),
    re_path(r"^three/$", view),
    path(route="four/", view=view),
    path(f"{'made'}/", view),
    path("group/", include(inner)),
    path("whole/", include("tests.shelf.elsewhere")),
]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    file = tmp_path / "written_urls.py"
    file.write_text(SOURCE)
    made = ModuleType("written_urls")
    made.__file__ = str(file)
    exec(compile(SOURCE, str(file), "exec"), vars(made))  # noqa: S102
    monkeypatch.setitem(sys.modules, "written_urls", made)
    places._calls.cache_clear()
    return made


def place_of(path: str) -> places.Place | None:
    found = walk.search(get_resolver("written_urls"), path)
    assert found.matched
    return places.place_of(found.tried[-1], "written_urls")


@pytest.mark.parametrize(
    ("path", "line"),
    [("/", 7), ("/one/", 8), ("/two/", 9), ("/three/", 15), ("/four/", 16), ("/group/inner/", 5)],
)
def test_the_line_of_a_pattern_is_found(module: Any, path: str, line: int) -> None:
    assert place_of(path) == places.Place("written_urls", module.__file__, line)


@pytest.mark.parametrize("path", ["/made/", "/same/"])
def test_a_line_that_is_not_certain_is_not_told(module: Any, path: str) -> None:
    assert place_of(path) == places.Place("written_urls", module.__file__, None)


def test_of_two_alike_the_name_tells(module: Any) -> None:
    second = module.urlpatterns[4]

    assert places.place_of([second], "written_urls").line == 13  # type: ignore[union-attr]


def test_a_pattern_of_an_included_module_stands_there(module: Any) -> None:
    found = place_of("/whole/elsewhere/")

    assert found is not None
    assert (found.module, found.line) == ("tests.shelf.elsewhere", 9)
    assert found.path.endswith("shelf/elsewhere.py")  # type: ignore[union-attr]


def test_an_include_stands_in_the_module_that_includes(module: Any) -> None:
    assert places.place_of([module.urlpatterns[-1]], "written_urls").line == 19  # type: ignore[union-attr]


def test_patterns_that_a_program_has_made_stand_nowhere(module: Any) -> None:
    made = path("made-up/", view)

    assert places.place_of([path("x/", include([made])), made], "written_urls") is None


def test_a_translated_route_has_no_line(module: Any) -> None:
    one = path(gettext_lazy("one/"), view)

    assert places.place_of([one], "written_urls").line is None  # type: ignore[union-attr]


@pytest.mark.parametrize("root", [None, "no.such.module", "['a list']"])
def test_without_a_module_there_is_no_place(root: str | None) -> None:
    assert places.place_of([path("a/", view)], root) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.py", "path('one/', ("), ("a.so", "path('one/', view)"), ("gone.py", None)],
)
def test_a_source_that_cannot_be_read_has_no_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None
) -> None:
    module = ModuleType("unread_urls")
    module.__file__ = str(tmp_path / name)
    if content is not None:
        (tmp_path / name).write_text(content)
    monkeypatch.setitem(sys.modules, "unread_urls", module)

    assert places.place_of([path("one/", view)], "unread_urls") == places.Place(
        "unread_urls", module.__file__
    )


def test_a_module_without_a_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_urls", ModuleType("made_urls"))

    assert places.place_of([re_path("a", view)], "made_urls") == places.Place("made_urls")
