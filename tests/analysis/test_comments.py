"""`# cycle: ignore` at a line of code or of a template."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.analysis._comments import codes_at, is_silenced
from cycle_inspector.records import TemplateLine
from tests.factories import make_cycle, make_finding, make_frame, make_render


@pytest.fixture
def view(tmp_path: Path) -> str:
    path = tmp_path / "views.py"
    path.write_text(
        "names = [b.author for b in books]  # cycle: ignore CI101\n"
        "other = 1\n"
        "# cycle: ignore CI102 , CI103\n"
        "total = 2\n"
        "x = 1  #cycle:ignore CI101, CI201 because\n"
    )
    return str(path)


def found(path: str, line: int, **given: Any) -> bool:
    place = make_frame(path=path, line=line, **given)
    finding = make_finding(caller=place, template=None)
    return is_silenced(finding, make_cycle())


def test_the_comment_at_the_line_silences_its_code(view: str) -> None:
    assert found(view, 1)
    assert codes_at(view, 5) == {"CI101", "CI201"}


def test_other_lines_and_codes_are_heard(view: str) -> None:
    assert not found(view, 2)
    assert not found(view, 4)


def test_a_comment_that_fills_a_line_is_about_the_next(view: str) -> None:
    assert codes_at(view, 4) == {"CI102", "CI103"}
    assert codes_at(view, 3) == frozenset()


def test_the_line_to_be_mended_counts_as_well(view: str) -> None:
    finding = make_finding(caller=None, template=None, mend=make_frame(path=view, line=1))
    assert is_silenced(finding, make_cycle())


def test_files_of_others_are_not_read(view: str) -> None:
    assert not found(view, 1, is_project=False)


@pytest.mark.parametrize("path", ["/no/such/file.py", "<string>", "a\0b", ""])
def test_a_file_that_is_not_there_silences_nothing(path: str) -> None:
    assert codes_at(path, 1) == frozenset()


def test_a_changed_file_is_read_again(view: str) -> None:
    assert codes_at(view, 2) == frozenset()
    path = Path(view)
    path.write_text("a = 1\nb = 2  # cycle: ignore CI777\n")
    os.utime(path, ns=(1, 1))
    assert codes_at(view, 2) == {"CI777"}


def test_a_template_is_found_by_what_was_rendered(tmp_path: Path) -> None:
    origin = tmp_path / "list.html"
    origin.write_text(
        "<ul>\n{{ book.author }}{# cycle: ignore CI101 #}\n"
        "{# cycle: ignore CI101 #}\n{{ book.author }}\n{# cycle: ignore CI101 #}{{ book.author }}"
    )
    cycle = make_cycle(renders=(make_render(name="list.html", origin=str(origin)),))

    def at(line: int, name: str = "list.html") -> bool:
        finding = make_finding(caller=None, template=TemplateLine(name=name, line=line))
        return is_silenced(finding, cycle)

    assert [at(line) for line in range(1, 6)] == [False, True, False, True, True]
    assert not at(2, "other.html")
