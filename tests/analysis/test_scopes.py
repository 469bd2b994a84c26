"""The tables that statements name."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._scopes import Reader

TABLES = [
    ("sqlite", 'SELECT "a"."x" FROM "a"', ["a"]),
    ("sqlite", "SELECT x FROM [a b] AS c, d", ["a b", "d"]),
    ("mysql", 'SELECT `a`.`x` FROM `s`.`a` WHERE `b` = "FROM c"', ["s.a"]),
    ("postgresql", 'SELECT 1 FROM "Public"."Odd""Name" w', ['Public.Odd"Name']),
    ("sqlite", 'SELECT 1 FROM "a" INNER JOIN "b" T3 ON (T3."x" = "a"."y")', ["a", "b"]),
    (
        "sqlite",
        "SELECT 1 FROM a LEFT OUTER JOIN b USING (id), c CROSS JOIN d",
        ["a", "b", "c", "d"],
    ),
    ("sqlite", "SELECT 1 FROM (a JOIN b ON a.x = b.x) JOIN c ON c.x = b.x", ["a", "b", "c"]),
    ("mysql", "SELECT 1 FROM a FORCE INDEX (x), b PARTITION (p)", ["a", "b"]),
    ("sqlite", "SELECT COUNT(*) FROM (SELECT DISTINCT x FROM a) subquery", ["a"]),
    ("sqlite", "SELECT 1 FROM a WHERE x IN (SELECT y FROM b WHERE z = a.z)", ["a", "b"]),
    ("sqlite", "SELECT (SELECT MAX(x) FROM b) FROM a", ["b", "a"]),
    ("sqlite", "(SELECT x FROM a) UNION ALL (SELECT y FROM b) ORDER BY 1", ["a", "b"]),
    ("sqlite", "SELECT x FROM a UNION SELECT y FROM b", ["a", "b"]),
    ("postgresql", "WITH t AS (SELECT x FROM a) SELECT * FROM t JOIN b ON b.x = t.x", ["a", "b"]),
    (
        "postgresql",
        "WITH RECURSIVE t(n, m) AS NOT MATERIALIZED (SELECT 1 UNION SELECT n FROM t, a) TABLE t",
        ["a"],
    ),
    ("postgresql", "WITH t AS (DELETE FROM a USING b RETURNING *) SELECT 1 FROM t", ["a", "b"]),
    ("postgresql", "SELECT EXTRACT(YEAR FROM x), substring(y from 2) FROM a", ["a"]),
    ("postgresql", "SELECT 1 FROM a WHERE x IS NOT DISTINCT FROM y", ["a"]),
    ("postgresql", "SELECT 1 FROM generate_series(1, 2) g, LATERAL (SELECT 1 FROM a) b", ["a"]),
    ("postgresql", "SELECT 1 FROM ONLY a FOR UPDATE OF a SKIP LOCKED", ["a"]),
    ("sqlite", 'INSERT INTO "a" ("x") VALUES (%s), (%s) RETURNING "a"."id"', ["a"]),
    (
        "sqlite",
        "INSERT OR IGNORE INTO a (x) SELECT y FROM b ON CONFLICT(x) DO UPDATE SET x = excluded.x",
        ["a", "b"],
    ),
    ("mysql", "INSERT INTO a (x) VALUES (1) ON DUPLICATE KEY UPDATE x = 2", ["a"]),
    ("mysql", "REPLACE INTO a (x) VALUES (1)", ["a"]),
    ("sqlite", 'UPDATE "a" SET "x" = "a"."x" + 1 WHERE "a"."id" = %s', ["a"]),
    ("mysql", "UPDATE a JOIN b ON a.x = b.y SET a.z = 1", ["a", "b"]),
    ("postgresql", "UPDATE a SET x = b.x FROM b WHERE b.id = a.id", ["a", "b"]),
    ("sqlite", "DELETE FROM a WHERE id IN (%s, %s)", ["a"]),
    ("postgresql", "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", ["a", "b"]),
    ("sqlite", "CREATE TABLE IF NOT EXISTS a (x integer REFERENCES b (id))", ["a"]),
    ("sqlite", "DROP TABLE a", ["a"]),
    ("sqlite", "SELECT 1", []),
    ("sqlite", "BEGIN", []),
    ("sqlite", "", []),
]


@pytest.mark.parametrize(("vendor", "sql", "tables"), TABLES)
def test_tables_are_named_in_order(vendor: str, sql: str, tables: list[str]) -> None:
    assert list(Reader(sql, vendor).tables) == tables


@pytest.mark.parametrize(
    "sql", ["FROM", "FROM (", ")))", "SELECT FROM WHERE", "(((", "WITH AS (", "a."]
)
def test_what_is_no_statement_is_survived(sql: str) -> None:
    Reader(sql, "sqlite")


def test_a_table_goes_by_its_other_name_in_its_own_scope() -> None:
    outer, inner = Reader("SELECT 1 FROM a t WHERE x IN (SELECT 1 FROM b AS t)", "sqlite").scopes

    assert outer.names == {"a": "a", "t": "a"}
    assert inner.names == {"b": "b", "t": "b"}


def test_a_scope_says_whether_it_is_narrowed_limited_and_one_of_several() -> None:
    (plain,) = Reader("SELECT 1 FROM a", "sqlite").scopes
    (full,) = Reader("SELECT 1 FROM a WHERE x = 1 LIMIT 3", "sqlite").scopes
    arms = Reader("SELECT 1 FROM a UNION SELECT 1 FROM b", "sqlite").scopes

    assert (plain.is_narrowed, plain.is_limited, plain.is_compound) == (False, False, False)
    assert (full.is_narrowed, full.is_limited) == (True, True)
    assert [one.is_compound for one in arms] == [True, True]


def test_a_statement_of_ten_thousand_values_is_read() -> None:
    sql = f"SELECT x FROM a WHERE id IN ({', '.join(['%s'] * 10_000)})"

    assert list(Reader(sql, "sqlite").tables) == ["a"]
