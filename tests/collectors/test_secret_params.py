"""Which parameters of a statement are hidden."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_inspector import conf
from cycle_inspector.collectors import _redaction

BULK_UPDATE = (
    'UPDATE "t" SET "token" = CASE WHEN ("t"."id" = %s AND a = %s) THEN %s ELSE NULL END, '
    '"b" = CASE WHEN ("t"."id" = %s) THEN %s ELSE NULL END WHERE "t"."id" IN (%s, %s)'
)


def secret_params(sql: str) -> frozenset[int | str]:
    return _redaction.secret_params(sql, conf.current().redact)


@pytest.mark.parametrize(
    ("sql", "hidden"),
    [
        # compared
        ('SELECT * FROM "t" WHERE "t"."password" = %s AND "t"."id" = %s', {0}),
        ("SELECT * FROM t WHERE `password` = %s", {0}),
        ("SELECT * FROM t WHERE [password] = %s", {0}),
        ("SELECT * FROM t WHERE t.password=%s AND a=%s", {0}),
        ('SELECT * FROM "t" WHERE %s = "token" AND %s = "a"', {0}),
        ('SELECT * FROM "t" WHERE "a" = %s AND "token" IN (%s, %s) AND "b" IN (%s)', {1, 2}),
        ('SELECT * FROM "t" WHERE NOT ("token" IN (%s, %s) AND "a" = %s)', {0, 1}),
        ('SELECT * FROM "t" WHERE "token" NOT IN (%s) OR "a" = %s', {0}),
        ('SELECT * FROM "t" WHERE ("a", "token") IN ((%s, %s), (%s, %s)) AND b = %s', {0, 1, 2, 3}),
        ('SELECT * FROM "t" WHERE "token" BETWEEN %s AND %s AND "a" = %s', {0, 1}),
        ('SELECT * FROM "t" WHERE "a" BETWEEN %s AND %s AND "token" = %s', {2}),
        (r'SELECT * FROM "t" WHERE "token" LIKE %s ESCAPE ' "'\\' AND a = %s", {0}),
        (r'SELECT * FROM "t" WHERE "a" LIKE %s ESCAPE ' "'\\' AND token = %s", {1}),
        ('SELECT * FROM "t" WHERE "token" >= %s AND "a" <> %s', {0}),
        ('SELECT * FROM "t" WHERE "token" ~* %s AND a = %s', {0}),
        ('SELECT * FROM "t" WHERE "token" = ANY(%s) AND a = %s', {0}),
        ('SELECT * FROM "t" WHERE "token" = (%s)::text AND a = %s', {0}),
        # functions around the column or the placeholder
        ('SELECT * FROM "t" WHERE UPPER("t"."token"::text) LIKE UPPER(%s) AND a = %s', {0}),
        ('SELECT * FROM "t" WHERE "token" = LOWER(TRIM(%s)) AND a = %s', {0}),
        ('SELECT * FROM "t" WHERE SUBSTRING("token" FROM 1 FOR 3) = %s AND a = %s', {0}),
        ('SELECT * FROM "t" WHERE COALESCE("token", %s) = %s AND a = %s', {0, 1}),
        ('SELECT * FROM "t" WHERE CASE WHEN a THEN "token" ELSE b END = %s', {0}),
        ("SELECT PASSWORD(%s), a + %s FROM t", {0}),
        ("SELECT * FROM t WHERE data ->> 'password' = %s AND data ->> 'a' = %s", {0}),
        # named
        ("SELECT * FROM t WHERE token = %(x)s AND a = %(y)s", {"x"}),
        ("SELECT * FROM t WHERE a = %(password)s AND b = %(b)s", {"password"}),
        # selected
        ('SELECT "key", %s AS "a", %s AS "token" FROM "t" WHERE "id" = %s', {1}),
        ('SELECT "t"."password" FROM "t" WHERE "t"."id" = %s ORDER BY "key" LIMIT %s', set()),
        ("SELECT a FROM t ORDER BY key ASC LIMIT %s FOR NO KEY UPDATE", set()),
        # subqueries
        (
            "SELECT * FROM t WHERE u IN (SELECT U0.u FROM s U0 WHERE U0.key = %s AND U0.a = %s) "
            "AND b = %s",
            {0},
        ),
        ('SELECT * FROM t WHERE %s = (SELECT U0."token" FROM s U0) AND "n" = %s', {0}),
        ("WITH x AS (SELECT a FROM t WHERE token = %s) SELECT * FROM x WHERE a = %s", {0}),
        # UPDATE
        ('UPDATE "t" SET "password" = %s, "name" = %s WHERE "id" = %s', {0}),
        ('UPDATE "t" SET "name" = %s, "password" = %s WHERE "password" = %s', {1, 2}),
        ("UPDATE t SET a = %s, password = crypt(%s, gen_salt(%s)), b = %s WHERE id = %s", {1, 2}),
        (BULK_UPDATE, {0, 1, 2}),
        ('UPDATE "auth_user" SET "name" = %s WHERE "auth_user"."id" = %s', set()),
        # INSERT
        ('INSERT INTO "t" ("name", "password") VALUES (%s, %s)', {1}),
        ('INSERT INTO "t" ("name", "password") VALUES (%s, %s), (%s, %s), (%s, %s)', {1, 3, 5}),
        ('INSERT OR IGNORE INTO "t" ("password", "a") VALUES (%s, %s)', {0}),
        ("REPLACE INTO t (`password`, `a`) VALUES (%s, %s)", {0}),
        ('INSERT INTO "t" ("token", "at") VALUES (%s, NOW()), (%s, NOW())', {0, 1}),
        ('INSERT INTO "t" ("token", "a") VALUES (LOWER(%s), %s), (NULL, %s)', {0}),
        ('INSERT INTO t ("a", "token") VALUES ((SELECT MAX(b) + %s FROM s), %s)', {1}),
        ('INSERT INTO "t" ("token") VALUES (%s) RETURNING "t"."id"', {0}),
        (
            'INSERT INTO "t" ("a", "token") VALUES (%s, %s) ON CONFLICT ("token") DO UPDATE SET '
            '"a" = %s, "token" = EXCLUDED."token"',
            {1},
        ),
        ("INSERT INTO t (a) VALUES (%s) ON DUPLICATE KEY UPDATE a = %s, token = %s", {2}),
        ('INSERT INTO "t" ("a", "token") SELECT %s, %s FROM s WHERE a = %s', {1}),
        ('INSERT INTO "t" ("a", "token") SELECT * FROM UNNEST((%s)::a[], (%s)::b[])', {1}),
        ("WITH x AS (INSERT INTO t (a, token) VALUES (%s, %s)) SELECT %s", {1}),
        ("INSERT INTO authtoken VALUES (%s, %s)", set()),
        # tables, aliases and other words
        ('SELECT * FROM "auth_user" WHERE "auth_user"."id" = %s', set()),
        (
            'SELECT * FROM "authtoken_token" INNER JOIN "auth_user" U ON ("authtoken_token"."u" = '
            'U."id") WHERE "authtoken_token"."u" = %s LIMIT %s',
            set(),
        ),
        ("SELECT * FROM t WHERE author_id = %s AND keyword = %s AND primary_key = %s", set()),
        ("SELECT * FROM t WHERE a = %s -- token\nAND b = %s", set()),
        ("ALTER USER ann WITH PASSWORD %s", {0}),
        # what only looks like a placeholder
        ("SELECT * FROM t WHERE a LIKE '%%s' AND token = %s AND b = %s", {0}),
        ("SELECT * FROM t WHERE a %% %s = 0 AND token = %s", {1}),
        ("SELECT * FROM t WHERE a = '%s' AND token = %s", {1}),
        ("SELECT 1", set()),
        ("", set()),
    ],
)
def test_hidden_are(sql: str, hidden: set[Any]) -> None:
    assert secret_params(sql) == hidden


def test_columns_given_in_the_settings_are_hidden(settings: Any) -> None:
    sql = "UPDATE t SET shelf = %s, board = %s"
    assert secret_params(sql) == set()
    settings.CYCLE_INSPECTOR = {"REDACT": ["^shelf$"]}
    assert secret_params(sql) == {0}


def test_long_statement_with_a_secret_is_hidden_as_a_whole() -> None:
    values = ", ".join(["(%s, %s)"] * 30_000)
    start = time.perf_counter()
    assert len(secret_params(f"INSERT INTO t (a, token) VALUES {values}")) == 60_000
    assert secret_params(f"INSERT INTO t (a, b) VALUES {values}") == set()
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "sql",
    [
        "token " + "/*" * 90_000,
        "token " + "'" * 90_001,
        "token " + '"' * 90_001,
        "token " + "(" * 90_000,
        "token " + "(SELECT " * 10_000,
        "token = %s AND " * 10_000,
        f"token IN ({', '.join(['%s'] * 40_000)})",
    ],
    ids=["comments", "quotes", "double quotes", "parentheses", "subqueries", "clauses", "list"],
)
def test_statement_made_to_be_slow_is_not(sql: str) -> None:
    start = time.perf_counter()
    secret_params(sql)
    assert time.perf_counter() - start < 2


_PIECES = [
    *[
        "SELECT",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "WHERE",
        "AND",
        "BETWEEN",
        "FROM",
        "ON",
    ],
    *["(", ")", "(SELECT", "UNNEST", ",", ";", "%s", "%%", "%(a)s", "'", '"', "`", "token", "a"],
    *[".", "=", "/*", "*/", "--"],
]


@settings(deadline=None, database=None)
@given(st.lists(st.sampled_from(_PIECES)).map(" ".join) | st.text())
def test_any_text_can_be_searched(sql: str) -> None:
    hidden = secret_params(sql)
    count = sql.replace("%%", "").count("%s")
    assert all(place in range(count) for place in hidden if isinstance(place, int))
