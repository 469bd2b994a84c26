"""Places: stacks that are interned, and what is worked out of them."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest
from django.template import engines

from cycle_inspector.collectors import _places
from cycle_inspector.collectors._places import (
    MOST_FRAMES,
    Place,
    frame_at,
    intern,
    loading_descriptors,
)
from cycle_inspector.records import TemplateLine
from tests.shelf.models import Book


def here() -> None:
    """Stand in as code that was running."""


def place_of(*codes: tuple[CodeType, int], **given: Any) -> Place:
    ids = [part for code, offset in codes for part in (id(code), offset)]
    return intern(ids, list(codes), **given)


def test_equal_stacks_are_one_place() -> None:
    assert place_of((here.__code__, 0)) is place_of((here.__code__, 0))


@pytest.mark.parametrize(
    "given",
    [
        {"name": "shelf/books.html", "line": 3},
        {"descriptor": Book.__dict__["author"], "model": Book},
        {"method": here.__code__},
    ],
)
def test_another_template_line_relation_or_method_is_another_place(given: dict[str, Any]) -> None:
    assert place_of((here.__code__, 0)) is not place_of((here.__code__, 0), **given)


def test_a_place_knows_its_template_line_and_its_relation() -> None:
    place = place_of(name="shelf/books.html", line=3, descriptor=Book.author, model=Book)

    assert place.template == TemplateLine(name="shelf/books.html", line=3)
    assert place.relation() == ("shelf.Book.author", "to_one")


def test_a_place_without_a_relation_has_none() -> None:
    assert place_of((here.__code__, 0)).relation() == (None, None)


def test_a_frame_has_the_line_of_its_instruction() -> None:
    frame = frame_at(here.__code__, 0)

    assert (frame.path, frame.line, frame.function) == (
        __file__,
        here.__code__.co_firstlineno,
        "here",
    )


def test_of_a_recursion_the_innermost_frames_are_kept() -> None:
    stack = [(here.__code__, offset) for offset in range(MOST_FRAMES + 5)]

    assert place_of(*stack).codes == stack[:MOST_FRAMES]


def test_the_table_is_emptied_before_it_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_places, "_places", {})
    monkeypatch.setattr(_places, "_MOST_PLACES", 2)

    kept = [place_of((here.__code__, offset)) for offset in range(3)]

    assert list(_places._places.values()) == kept[2:]


def test_frames_of_an_exception_are_those_it_came_through() -> None:
    def fail() -> None:
        raise ValueError("no shelf")

    with pytest.raises(ValueError, match="no shelf") as caught:
        engines["django"].from_string("{{ x }}").render({"x": fail})
    frames = _places.of_traceback(caught.value)
    assert [frame.function.rpartition(".")[2] for frame in frames] == [
        "fail",
        "test_frames_of_an_exception_are_those_it_came_through",
    ]
    assert frames[0].line == fail.__code__.co_firstlineno + 1


def test_exception_that_was_never_raised_has_no_frames() -> None:
    assert _places.of_traceback(ValueError()) == ()


def test_descriptors_of_generic_relations_load_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_generic = loading_descriptors()
    monkeypatch.setattr(_places.apps, "is_installed", lambda _: False)

    assert len(loading_descriptors()) == len(with_generic) - 1
