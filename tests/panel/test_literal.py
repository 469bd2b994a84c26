from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from cycle_inspector.panel.literal import in_full
from cycle_inspector.records import HIDDEN
from tests.factories import make_query


def filled(sql: str, params: Any, vendor: str = "sqlite") -> str:
    return in_full(make_query(sql=sql, params=params, vendor=vendor))


@pytest.mark.parametrize(
    ("value", "sqlite", "postgresql", "mysql"),
    [
        (None, "NULL", "NULL", "NULL"),
        (True, "1", "TRUE", "1"),
        (False, "0", "FALSE", "0"),
        (7, "7", "7", "7"),
        (-1.5, "-1.5", "-1.5", "-1.5"),
        ("it's", "'it''s'", "'it''s'", "'it''s'"),
        ("a\\'b", "'a\\''b'", "'a\\''b'", "'a\\\\''b'"),
        ({"a": "it's"}, "'{\"a\": \"it''s\"}'", "'{\"a\": \"it''s\"}'", "'{\"a\": \"it''s\"}'"),
        ([1, "a"], "(1, 'a')", "ARRAY[1, 'a']", "(1, 'a')"),
        ([], "(NULL)", "'{}'", "(NULL)"),
        ("100%s", "'100%s'", "'100%s'", "'100%s'"),
    ],
)
def test_a_value_is_quoted_as_its_database_wants_it(
    value: Any, sqlite: str, postgresql: str, mysql: str
) -> None:
    vendors = ("sqlite", "postgresql", "mysql")

    assert [filled("%s", (value,), one) for one in vendors] == [sqlite, postgresql, mysql]


@pytest.mark.parametrize(
    "text", ["", "it's", "\\", "\\'", "a\nb", "a\0b", "--", "/* */", "%s", "é"]
)
def test_sqlite_reads_the_text_that_was_given(text: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        found = connection.execute(filled("SELECT %s", (text,))).fetchone()
    connection.close()

    assert found == (text,)


def test_a_list_after_in_stands_in_parentheses() -> None:
    assert filled("a IN %s", ([1, 2],), "postgresql") == "a IN (1, 2)"
    assert filled("a = ANY(%s)", ([1, 2],), "postgresql") == "a = ANY(ARRAY[1, 2])"


def test_parameters_are_taken_by_name_and_by_position() -> None:
    assert filled("%(b)s, %(a)s, %(b)s", {"a": 1, "b": 2}) == "2, 1, 2"
    assert filled("%s, %s", (1, 2)) == "1, 2"


def test_two_percent_signs_are_one_where_parameters_were_given() -> None:
    assert filled("a LIKE 'x%%' AND b = %s", (1,)) == "a LIKE 'x%' AND b = 1"
    assert filled("a LIKE 'x%%'", ()) == "a LIKE 'x%'"
    assert filled("a LIKE 'x%%' AND b = '%s'", None) == "a LIKE 'x%%' AND b = '%s'"


def test_a_minus_before_a_negative_number_begins_no_comment() -> None:
    assert filled("SELECT 1 -%s", (-1,)) == "SELECT 1 -(-1)"
    assert filled("SELECT 1 -%s", (1,)) == "SELECT 1 -1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (HIDDEN, "NULL /* hidden */"),
        ("ab… (9 more characters)", "'ab… (9 more characters)' /* cut */"),
        ("b'ab'… (9 bytes)", "'b''ab''… (9 bytes)' /* cut */"),
        ([1, "… 9 more"], "(1, '… 9 more' /* cut */)"),
        ("and so on…", "'and so on…'"),
    ],
)
def test_a_value_that_is_not_known_says_so(value: Any, shown: str) -> None:
    assert filled("%s", (value,)) == shown


@pytest.mark.parametrize(
    ("sql", "params", "shown"),
    [
        ("%s, %s", (1,), "1, %s /* not recorded */"),
        ("%(a)s", {}, "%(a)s /* not recorded */"),
        ("%(a)s", (1,), "%(a)s /* not recorded */"),
        ("%s", {"a": 1}, "%s /* not recorded */"),
    ],
)
def test_a_place_without_a_value_stays(sql: str, params: Any, shown: str) -> None:
    assert filled(sql, params) == shown
