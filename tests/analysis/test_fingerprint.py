"""The shape of a statement."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_inspector.analysis.fingerprint import fingerprint


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        # literals
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b = 'it''s'", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b = ''", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b = '' AND c = ''''", "SELECT a FROM t WHERE b = %s AND c = %s"),
        ("SELECT a FROM t WHERE b = 'two\nlines'", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b = '-- no /* comment'", "SELECT a FROM t WHERE b = %s"),
        ("SELECT a FROM t WHERE b LIKE '%%x'", "SELECT a FROM t WHERE b LIKE %s"),
        ("SELECT 1.5, 2, 1e5, 1.5E-3, 0xFF", "SELECT %s, %s, %s, %s, %s"),
        ("SELECT a FROM t LIMIT 21 OFFSET 40", "SELECT a FROM t LIMIT %s OFFSET %s"),
        # names
        ("SELECT table_2.x1 FROM table_2", "SELECT table_2.x1 FROM table_2"),
        ('SELECT "t1"."x2" FROM "t1" T3', 'SELECT "t1"."x2" FROM "t1" T3'),
        ('SELECT "2024", "a 1", "it\'s 2" FROM t', 'SELECT "2024", "a 1", "it\'s 2" FROM t'),
        ("SELECT `1`.`a'b` FROM t", "SELECT `1`.`a'b` FROM t"),
        # placeholders
        ("SELECT a FROM t WHERE b = %s AND c = ?", "SELECT a FROM t WHERE b = %s AND c = %s"),
        ("SELECT a FROM t WHERE b = %(b)s", "SELECT a FROM t WHERE b = %s"),
        # lists
        ("SELECT a FROM t WHERE b IN (%s)", "SELECT a FROM t WHERE b IN (...)"),
        ("SELECT a FROM t WHERE b IN (1, 2,3 , 4)", "SELECT a FROM t WHERE b IN (...)"),
        ("SELECT a FROM t WHERE b in('x','y')", "SELECT a FROM t WHERE b in(...)"),
        ("SELECT a FROM t WHERE b NOT IN (%s, %s)", "SELECT a FROM t WHERE b NOT IN (...)"),
        (
            "SELECT a FROM t WHERE (b, c) IN ((%s, %s), (%s, %s))",
            "SELECT a FROM t WHERE (b, c) IN ((...))",
        ),
        ("INSERT INTO t (a) VALUES (%s), (%s)", "INSERT INTO t (a) VALUES (%s)"),
        ("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')", "INSERT INTO t (a, b) VALUES (...)"),
        ("SELECT COUNT(%s)", "SELECT COUNT(%s)"),
        ("SELECT a FROM t WHERE b IN (SELECT 1)", "SELECT a FROM t WHERE b IN (SELECT %s)"),
        # spaces and comments
        ("  SELECT\n\ta  FROM t ", "SELECT a FROM t"),
        ("SELECT a FROM t /* traceparent=00-1 */ WHERE b", "SELECT a FROM t WHERE b"),
        ("SELECT a -- why\nFROM t", "SELECT a FROM t"),
        ("/*a*/SELECT/*b*/a", "SELECT a"),
        ("", ""),
    ],
)
def test_shape_is(sql: str, shape: str) -> None:
    assert fingerprint(sql) == shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE b IN (%s)", "SELECT a FROM t WHERE b IN (%s, %s, %s)"),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 22.5"),
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'y''s'"),
        ("INSERT INTO t VALUES (%s, %s)", "INSERT INTO t VALUES (%s, %s), (%s, %s)"),
        ("SELECT a FROM t /* 1 */", "SELECT a FROM t /* 2 */"),
    ],
)
def test_runs_of_one_shape_are_equal(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM table_1", "SELECT a FROM table_2"),
        ('SELECT a FROM "1"', 'SELECT a FROM "2"'),
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE c = %s"),
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE b IN (%s)"),
        ("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b = %s"),
    ],
)
def test_other_shapes_differ(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


_PIECES = ["SELECT", "'", '"', "`", "1", "%s", "(", ")", ",", " ", "\n", "IN", "x", ".", "%(a)s"]


@settings(deadline=None, database=None)
@given(st.text() | st.lists(st.sampled_from(_PIECES)).map("".join))
def test_any_text_has_a_shape_of_one_line(sql: str) -> None:
    shape = fingerprint(sql)
    assert shape == " ".join(shape.split())


@settings(deadline=None, database=None)
@given(st.text(st.characters(exclude_characters="\x00")), st.integers(0), st.floats(0, 1e300))
def test_shape_does_not_depend_on_literals(text: str, number: int, fraction: float) -> None:
    quoted = text.replace("'", "''")
    sql = f"SELECT a FROM t WHERE b = '{quoted}' AND c = {number} AND d = {fraction!r}"
    assert fingerprint(sql) == "SELECT a FROM t WHERE b = %s AND c = %s AND d = %s"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT a FROM t WHERE b IN ({', '.join(['%s'] * 100_000)})",
        f"INSERT INTO t VALUES {', '.join(['(%s, %s)'] * 50_000)}",
        "SELECT " + "'" * 300_001,
        "SELECT " + '"' * 300_001,
        "/*" * 300_000,
        "(" * 300_000,
    ],
    ids=["in", "values", "quotes", "double quotes", "comments", "parentheses"],
)
def test_long_statement_does_not_hang(sql: str) -> None:
    start = time.perf_counter()
    fingerprint(sql)
    assert time.perf_counter() - start < 2
