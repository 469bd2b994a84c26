"""Which statements are explained, and which are refused in words."""

from __future__ import annotations

import pytest

from cycle_inspector.explain import statements
from cycle_inspector.explain.statements import Refused

VENDORS = ("sqlite", "postgresql", "mysql")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "a"."b" FROM "a" WHERE "a"."b" = %s',
        "  -- why\n/* and how */ select 1 ;",
        "(SELECT 1) UNION (SELECT 2)",
        "VALUES (1), (2)",
        "WITH one AS (SELECT 1) SELECT * FROM one",
        "SELECT 'DELETE; INTO' AS \"update\"",
        "SELECT REPLACE(title, %s, %s), SUBSTRING(title FROM 1 FOR 2) FROM book",
        "SELECT 'it''s; DELETE'",
    ],
)
def test_a_statement_that_reads_is_explained(sql: str, vendor: str) -> None:
    assert statements.check(sql, vendor)
    assert statements.begins_as_read(sql)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM book", "Only a statement that reads"),
        ("/* SELECT */ UPDATE book SET a = 1", "Only a statement that reads"),
        ("-- SELECT 1\nINSERT INTO book VALUES (1)", "Only a statement that reads"),
        ("", "Only a statement that reads"),
        ("<psycopg.sql.Composed>", "Only a statement that reads"),
        ("EXPLAIN ANALYZE SELECT 1", "Only a statement that reads"),
        ("WITH gone AS (DELETE FROM book RETURNING *) SELECT * FROM gone", "There is DELETE"),
        ("WITH gone AS (/* */ delete FROM book RETURNING *) SELECT 1", "There is DELETE"),
        ("WITH one AS (SELECT 1) INSERT INTO book SELECT * FROM one", "There is INSERT"),
        ("SELECT * INTO other FROM book", "writes what it reads"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "writes what it reads"),
        ("SELECT * FROM book FOR UPDATE", "locks"),
        ("SELECT * FROM book FOR NO KEY UPDATE", "locks"),
        ("SELECT * FROM book FOR /* x */ SHARE", "locks"),
        ("SELECT * FROM book LOCK IN SHARE MODE", "locks"),
        ("SELECT 1; DELETE FROM book", "several statements"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("SELECT '", "where a text"),
        ("SELECT /* DELETE", None),
        ("SELECT '\\'; DELETE FROM book; --'", None),
        ("SELECT 1 /*! INTO OUTFILE '/tmp/x' */", "run by the database"),
        ("SELECT /* /* */ 1 /* */ */", "differently"),
        ("SELECT $$ ' $$", None),
        ("SELECT E'\\' OR '; DELETE FROM book; --'", "backslash"),
        ("SELECT 1 WHERE a LIKE b ESCAPE E'\\' OR '; DELETE FROM book; --'", "backslash"),
        ("SELECT 1… (3 more characters)", "too long"),
    ],
)
def test_any_other_is_refused_with_a_reason(sql: str, reason: str | None, vendor: str) -> None:
    if (sql, vendor) == ("SELECT /* DELETE", vendor):
        reason = "There is DELETE"
    with pytest.raises(Refused, match=reason):
        statements.check(sql, vendor)


def test_a_backslash_alone_in_a_text_is_djangos_own_escape_but_not_on_mysql() -> None:
    sql = "SELECT 1 FROM book WHERE title LIKE %s ESCAPE '\\'"

    assert statements.check(sql, "sqlite")
    assert statements.check(sql, "postgresql")
    with pytest.raises(Refused, match="backslash"):
        statements.check(sql, "mysql")


@pytest.mark.parametrize("sql", ["SELECT 1 # '\n, 2", "SELECT 1 --2"])
def test_what_mysql_alone_takes_for_a_comment_or_not_is_refused_there(sql: str) -> None:
    with pytest.raises(Refused):
        statements.check(sql, "mysql")
    assert statements.check(sql.replace("'", ""), "postgresql")


def test_a_statement_that_writes_is_not_offered() -> None:
    assert not statements.begins_as_read("UPDATE book SET title = (SELECT 1)")
    assert not statements.begins_as_read("SELECTED")
    assert not statements.begins_as_read("/* */" * 1_000 + "UPDATE")  # told at once


def test_the_name_in_a_token_is_without_its_quotes() -> None:
    tokens = statements.check('SELECT "a""b", `c`, d', "sqlite")

    assert [one.identifier for one in tokens] == ["SELECT", 'a"b', "", "c", "", "d"]
