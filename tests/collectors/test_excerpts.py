"""Lines of source: the right ones, not too long, and without secrets that are spelled out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cycle_inspector.collectors._excerpts import around, columns, excerpt, shown

LINES = [f"line {number}\n" for number in range(1, 11)]


@pytest.mark.parametrize(("line", "first", "count"), [(5, 2, 7), (1, 1, 4), (10, 7, 4), (2, 1, 5)])
def test_the_lines_around_are_told_as_far_as_there_are_any(
    line: int, first: int, count: int
) -> None:
    found = excerpt(LINES, line, 3)

    assert found["first"] == first
    assert found["lines"] == [f"line {number}" for number in range(first, first + count)]


@pytest.mark.parametrize("line", [0, 11, -3])
def test_a_line_that_is_not_there_has_none_around(line: int) -> None:
    assert excerpt(LINES, line, 3) == {}


def test_a_file_is_read_in_the_charset_it_says(tmp_path: Path) -> None:
    path = tmp_path / "shelf.py"
    path.write_bytes("# coding: latin-1\nshelf = 'é'\n".encode("latin-1"))

    assert around(str(path), 2, 1)["lines"] == ["# coding: latin-1", "shelf = 'é'"]


@pytest.mark.parametrize("path", ["<string>", "", "conftest.py", "/no/such/file.py", "/"])
def test_what_is_no_file_has_no_lines(path: str) -> None:
    assert around(path, 1, 3) == {}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('connect(user="ada", password="hunter2")', 'connect(user="ada", password="*")'),
        ("API_KEY = 'hunter2'  # 'quoted'", "API_KEY = '*'  # 'quoted'"),
        ("headers['x-api-key'] = b'hunter2'", "headers['x-api-key'] = b'*'"),
        ('body = \'{"token": "hunter2", "page": 3}\'', 'body = \'{"token": "*", "page": 3}\''),
        ('password = "hun\\"ter2", "b"', 'password = "*", "b"'),
        ('password = "hunter2', 'password = "*'),
        ('title = "hunter2"', 'title = "hunter2"'),
        ('password = request.POST["title"]', 'password = request.POST["title"]'),
    ],
)
def test_a_secret_that_is_spelled_out_is_hidden(line: str, expected: str) -> None:
    assert shown(line) == expected.replace("*", "*" * 20)


def test_a_long_line_is_cut() -> None:
    assert len(shown("a" * 10_000)) < 250


def test_the_failing_part_of_a_line_is_told_in_characters() -> None:
    def fail() -> float:
        é = 0
        return 1 + (2 / é)

    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    entry = caught.tb.tb_next
    assert entry is not None
    code, line = entry.tb_frame.f_code, entry.tb_lineno

    found = columns(code, entry.tb_lasti, line)

    assert found is not None
    source = Path(__file__).read_text(encoding="utf-8").splitlines()[line - 1]
    assert source[found[0] : found[1]] == "2 / é"
    assert columns(code, entry.tb_lasti, line + 1) is None
    assert columns(code, 10_000, line) is None


def test_where_all_of_a_line_failed_nothing_is_told() -> None:
    def fail() -> None:
        int("no number")

    with pytest.raises(ValueError, match="no number") as caught:
        fail()
    entry = caught.tb.tb_next
    assert entry is not None

    assert columns(entry.tb_frame.f_code, entry.tb_lasti, entry.tb_lineno) is None
