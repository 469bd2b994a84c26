"""A statement cut into tokens, as each database reads it."""

from __future__ import annotations

import doctest

import pytest

from cycle_inspector.analysis import _tokens
from cycle_inspector.analysis._tokens import tokens

VENDORS = ("sqlite", "postgresql", "mysql", "oracle")


def kinds(sql: str, vendor: str = "sqlite") -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in tokens(sql, vendor)]


def test_the_example_holds() -> None:
    assert doctest.testmod(_tokens).failed == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_every_database_reads_alike(vendor: str) -> None:
    assert kinds(
        "SELECT x1, 'a''b' /* ; */ FROM t\n-- ;\nWHERE c >= 1.5e3 AND d = %(e)s", vendor
    ) == [
        ("word", "SELECT"),
        ("word", "x1"),
        ("mark", ","),
        ("text", "'a''b'"),
        ("word", "FROM"),
        ("word", "t"),
        ("word", "WHERE"),
        ("word", "c"),
        ("mark", ">="),
        ("number", "1.5e3"),
        ("word", "AND"),
        ("word", "d"),
        ("mark", "="),
        ("given", "%(e)s"),
    ]


@pytest.mark.parametrize(
    ("vendor", "sql", "told"),
    [
        ("mysql", '"a"', ("text", '"a"')),
        ("sqlite", '"a"', ("name", '"a"')),
        ("postgresql", '"a""b"', ("name", '"a""b"')),
        ("mysql", "`a``b`", ("name", "`a``b`")),
        ("sqlite", "`a`", ("name", "`a`")),
        ("sqlite", "[a b]", ("name", "[a b]")),
        ("mysql", r"'it\'s; '", ("text", r"'it\'s; '")),
        ("postgresql", r"E'it\'s; '", ("text", r"E'it\'s; '")),
        ("postgresql", r"'\'", ("text", r"'\'")),
        ("postgresql", "$$a;'b$$", ("text", "$$a;'b$$")),
        ("postgresql", "$x$a$$b$x$", ("text", "$x$a$$b$x$")),
    ],
)
def test_what_a_quote_means_depends_on_the_database(
    vendor: str, sql: str, told: tuple[str, str]
) -> None:
    assert kinds(sql, vendor) == [told]


def test_marks_that_begin_a_comment_in_one_database_alone() -> None:
    assert kinds("1 # 2", "mysql") == [("number", "1")]
    assert kinds("1 # 2", "postgresql")[1:] == [("mark", "#"), ("number", "2")]
    assert kinds("1--2", "mysql")[1:] == [("mark", "-"), ("mark", "-"), ("number", "2")]
    assert kinds("1--2", "sqlite") == [("number", "1")]


@pytest.mark.parametrize("sql", ["'a", '"a', "/* a", "`a"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_does_not_end_is_broken(sql: str, vendor: str) -> None:
    assert kinds(sql, vendor)[0][0] == "broken"


@pytest.mark.parametrize("sql", ["/*! DELETE */", "/*M!100100 DELETE */"])
def test_a_comment_that_is_run_is_none(sql: str) -> None:
    assert ("word", "DELETE") in kinds(sql, "mysql")
    assert kinds(sql, "mysql")[0] == ("broken", sql[: sql.index("!") + 1])


def test_names_are_told_without_quotes() -> None:
    (one,) = tokens('"a""b"', "sqlite")
    assert one.name == 'a"b'
    (one,) = tokens("[a b]", "sqlite")
    assert one.name == "a b"
    (one,) = tokens("select", "sqlite")
    assert (one.name, one.upper) == ("select", "SELECT")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_long_statement_is_read_once(vendor: str) -> None:
    dollars = " ".join(f"$a{at}$" for at in range(20_000))
    for text in (
        "(" * 99_999,
        "'" * 99_999,
        '"' * 99_999,
        "%s, " * 30_000,
        "/* " * 30_000,
        "[" * 99_999,
        dollars,
    ):
        assert tokens(f"SELECT {text}", vendor)
