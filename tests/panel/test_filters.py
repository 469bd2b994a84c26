from __future__ import annotations

import doctest
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from cycle_inspector.panel import filters

MS = 1_000_000
HOSTILE = '"><script>'


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(filters)

    assert (failed, tried) == (0, 7)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ms"),
        (1, "<0.01 ms"),
        (9_999, "<0.01 ms"),
        (10_000, "0.01 ms"),
        (9_994_999, "9.99 ms"),
        (9_995_000, "10.0 ms"),
        (99_949_999, "99.9 ms"),
        (99_950_000, "100 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.00 s"),
        (99_994 * MS, "99.99 s"),
        (99_995 * MS, "100 s"),
        (3_600_000 * MS, "3600 s"),
        (2.5 * MS, "2.50 ms"),
    ],
)
def test_a_duration_has_three_digits(nanoseconds: float, text: str) -> None:
    assert filters.ms(nanoseconds) == text


@pytest.mark.parametrize("value", [None, "", "84", [], {}])
def test_what_is_no_duration_is_left_out(value: Any) -> None:
    assert filters.ms(value) == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1024**2 - 1, "1024.0 KB"),
        (1024**2, "1.0 MB"),
        (5 * 1024**3, "5120.0 MB"),
        (None, ""),
        ("12", ""),
    ],
)
def test_a_size_has_the_unit_that_suits_it(count: Any, text: str) -> None:
    assert filters.size(count) == text


def test_only_one_thing_is_singular() -> None:
    assert [filters.counted(one, "row,rows") for one in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_a_moment_stands_in_the_current_time_zone() -> None:
    instant = datetime(2026, 1, 2, 23, 4, 5, 678901, tzinfo=UTC)

    with timezone.override("Asia/Tokyo"):
        assert filters.moment(instant) == "2026-01-03 08:04:05"
    with timezone.override(UTC):
        assert filters.moment(instant) == "2026-01-02 23:04:05"
    assert filters.moment("2026") == ""


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("views.py", "views.py"),
        ("/views.py", "//views.py"),
        ("/srv/shop/catalog/views.py", "shop/catalog/views.py"),
        ("/env/lib/site-packages/a/b/c/d.py", "a/b/c/d.py"),
        ("<string>", "<string>"),
    ],
)
def test_a_path_is_known_by_its_end(path: str, shown: str) -> None:
    assert filters.short_path(path) == shown


@pytest.mark.parametrize(
    ("dotted", "first", "last"),
    [("a.b.View", "a.b", "View"), ("View", "", "View"), ("", "", "")],
)
def test_a_dotted_name_comes_apart_before_its_last_part(dotted: str, first: str, last: str) -> None:
    assert (filters.origin_of(dotted), filters.tail(dotted)) == (first, last)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", "a\nb"),
        (True, "true"),
        (None, "null"),
        (["é"], '["é"]'),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_short_value_stands_on_one_line(value: Any, text: str) -> None:
    assert filters.plain(value) == text
    assert not filters.is_branched(value)


def test_a_long_value_is_branched_and_a_long_text_is_not() -> None:
    listed = ["x" * 50, "y" * 50]

    assert filters.plain(listed) == f'[\n  "{"x" * 50}",\n  "{"y" * 50}"\n]'
    assert filters.is_branched(listed)
    assert filters.plain("x" * 500) == "x" * 500
    assert not filters.is_branched("x\n" * 500)


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert filters.tree({"at": datetime(2026, 1, 2, tzinfo=UTC)}) == (
        '{\n  "at": "2026-01-02 00:00:00+00:00"\n}'
    )


@pytest.mark.parametrize(
    ("level", "name"), [(-1, 0), (0, 0), (3, 3), (12, 12), (13, 12), (None, 0), ("3", 0)]
)
def test_the_stylesheet_has_a_class_for_every_depth(level: Any, name: int) -> None:
    assert filters.depth(level) == f"depth-{name}"


@pytest.mark.parametrize(
    ("status", "name"), [(200, "2xx"), (404, "4xx"), (None, "none"), ("", "none")]
)
def test_a_status_is_coloured_by_its_hundreds(status: Any, name: str) -> None:
    assert filters.status_class(status) == f"status-{name}"


@pytest.mark.parametrize("value", [None, "", []])
def test_a_fact_without_a_value_has_no_row(value: Any) -> None:
    assert filters.fact("Port", value, "a note") == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (False, "no"), (True, "yes"), ([1, "b"], "1, b"), ("x", "x")]
)
def test_a_fact_with_a_value_has_a_row(value: Any, text: str) -> None:
    row = '<div class="fact"><dt>Port</dt><dd>{}</dd></div>'

    assert filters.fact("Port", value) == row.format(text)


def test_a_note_stands_quietly_beside_its_fact() -> None:
    assert ' <span class="quiet">good up to 0.1</span></dd>' in filters.fact(
        "Layout shift", "0.3", "good up to 0.1"
    )


def test_no_part_of_a_fact_is_markup() -> None:
    row = filters.fact(HOSTILE, [HOSTILE], HOSTILE)

    assert HOSTILE not in row
    assert row.count("&lt;script&gt;") == 3


def test_sql_is_coloured_and_escaped() -> None:
    assert filters.colour_sql("SELECT '<b>'") == (
        '<span class="sql-word">SELECT</span> <span class="sql-text">&#x27;&lt;b&gt;&#x27;</span>'
    )


@pytest.mark.parametrize("project", [True, False])
def test_line_of_a_file_is_shown_by_the_end_of_its_path(*, project: bool) -> None:
    shown = filters.place("/srv/shop/catalog/views.py", 22, "book_list", project)

    assert shown == (
        f'<span class="{"place" if project else "place foreign"}"'
        ' title="/srv/shop/catalog/views.py:22">'
        'shop/catalog/views.py:22 <span class="function">book_list</span></span>'
    )


def test_line_of_a_file_is_a_link_where_there_is_an_editor(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}

    assert filters.place("/srv/shop/views.py", 22) == (
        '<a class="place" href="vscode://file/srv/shop/views.py:22"'
        ' title="/srv/shop/views.py:22: open in your editor">SHORT:22</a>'
    ).replace("SHORT", filters.short_path("/srv/shop/views.py"))


def test_file_without_a_line_has_none() -> None:
    assert filters.place("/srv/shop/views.py") == (
        '<span class="place" title="/srv/shop/views.py">SHORT</span>'
    ).replace("SHORT", filters.short_path("/srv/shop/views.py"))
    assert filters.place("") == ""


def test_no_part_of_a_place_is_markup(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}
    row = filters.place(f"/{HOSTILE}", HOSTILE, HOSTILE)

    assert HOSTILE not in row
    assert "<script" not in row
