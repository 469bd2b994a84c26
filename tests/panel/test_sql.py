from __future__ import annotations

import doctest
import re
from html import unescape

import pytest
import sqlparse

from cycle_inspector.panel import sql

HUGE = "SELECT * FROM t WHERE id IN (" + "%s, " * 250_000 + "%s)"


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(sql)

    assert (failed, tried) == (0, 1)


@pytest.mark.parametrize(
    ("statement", "short"),
    [
        ("SELECT\n  1\n", "SELECT 1"),
        ("SELECT a, b FROM t", "SELECT a, b FROM t"),
        (f"SELECT {'a, ' * 30}b FROM t WHERE x = %s", "SELECT … FROM t WHERE x = %s"),
        (f"select distinct {'a, ' * 30}b from t", "select distinct … FROM t"),
        (f"INSERT INTO t ({'a, ' * 30}b) VALUES (1)", f"INSERT INTO t ({'a, ' * 30}b) VALUES (1)"),
        ("", ""),
    ],
)
def test_a_statement_is_shortened_to_what_tells_it_from_others(statement: str, short: str) -> None:
    assert sql.shorten(statement) == short


def test_a_list_of_columns_ends_at_the_first_from() -> None:
    inner = f"SELECT {'a, ' * 30}b FROM t WHERE id IN (SELECT {'c, ' * 30}d FROM u)"

    assert sql.shorten(inner).startswith("SELECT … FROM t WHERE id IN (SELECT c, c")


@pytest.mark.parametrize("length", [220, 221])
def test_a_long_line_is_cut(length: int) -> None:
    statement = "x" * length

    assert sql.shorten(statement) == ("x" * 220 + "…" if length > 220 else statement)


def test_a_statement_of_a_megabyte_is_shown_as_it_is() -> None:
    assert sql.Formatter().format(HUGE) == HUGE
    assert len(sql.shorten(HUGE)) < 300
    assert "<span" not in sql.highlight(HUGE)


@pytest.mark.parametrize(("length", "is_formatted"), [(6_000, True), (6_001, False)])
def test_a_statement_is_formatted_up_to_a_length(length: int, is_formatted: bool) -> None:
    begin = "select a from t where b = '"
    statement = begin + "x" * (length - len(begin) - 1) + "'"

    assert ("\n" in sql.Formatter().format(statement)) is is_formatted


def test_formatting_stops_when_its_time_is_used_up() -> None:
    statement = "select 1 from t where a and b"

    assert sql.Formatter(budget_seconds=0).format(statement) == statement
    assert sql.Formatter().format(statement) != statement


def test_what_was_not_formatted_says_so() -> None:
    formatter = sql.Formatter()
    for statement in ("select 1 from t where a", HUGE):
        formatter.format(statement)

    assert formatter.is_plain(HUGE)
    assert not formatter.is_plain("select 1 from t where a")


def test_a_statement_is_formatted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sqlparse, "format", lambda given, **_: asked.append(given) or "formatted")
    formatter = sql.Formatter()

    assert [formatter.format(one) for one in ("a", "a", "b")] == ["formatted"] * 3
    assert asked == ["a", "b"]


def test_what_sqlparse_gives_up_on_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise RecursionError

    monkeypatch.setattr(sqlparse, "format", fail)

    assert sql.Formatter().format("select 1") == "select 1"


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("SELECT x", [("word", "SELECT")]),
        ("select x", [("word", "select")]),
        ("selected, offsets", []),
        ("'it''s FROM' x", [("text", "'it''s FROM'")]),
        ('"order" `by` [limit]', [("name", '"order"'), ("name", "`by`"), ("name", "[limit]")]),
        (
            "%s ? :id %(id)s",
            [("given", "%s"), ("given", "?"), ("given", ":id"), ("given", "%(id)s")],
        ),
        ("-- SELECT 1\n", [("comment", "-- SELECT 1")]),
        ("/* 'a' */ '--'", [("comment", "/* 'a' */"), ("text", "'--'")]),
        ("1 2.5 a1", [("number", "1"), ("number", "2.5")]),
    ],
)
def test_words_names_values_and_places_are_marked(
    statement: str, kinds: list[tuple[str, str]]
) -> None:
    marked = re.findall(r'<span class="sql-(\w+)">(.*?)</span>', sql.highlight(statement))

    assert [(kind, unescape(text)) for kind, text in marked] == kinds


@pytest.mark.parametrize(
    "statement", ["<b>", "'<b>'", '"<b>"', "SELECT '<b>' <b> \"<b>\"", "a < %s"]
)
def test_no_part_of_a_statement_is_markup(statement: str) -> None:
    shown = re.sub(r"</?span[^>]*>", "", sql.highlight(statement))

    assert "<" not in shown
    assert "&lt;" in shown


def test_marking_loses_nothing() -> None:
    statement = "SELECT a, 'b' FROM \"c\" WHERE d = %s AND e > 1;"
    shown = re.sub(r"<[^>]*>", "", sql.highlight(statement))

    assert unescape(shown) == statement


@pytest.mark.parametrize(("length", "is_marked"), [(20_000, True), (20_001, False)])
def test_a_statement_is_marked_up_to_a_length(length: int, is_marked: bool) -> None:
    assert ("<span" in sql.highlight("SELECT ".ljust(length, "x"))) is is_marked
