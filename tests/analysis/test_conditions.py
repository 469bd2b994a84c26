"""The columns by which a statement finds and orders rows."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._conditions import Search, statement_of


def search(rest: str, vendor: str = "sqlite", start: str = "SELECT 1 FROM a") -> Search:
    return statement_of(f"{start} {rest}", vendor).searches[0]


@pytest.mark.parametrize(
    ("where", "how", "columns"),
    [
        ('"a"."x" = %s', "equal", ["x"]),
        ("x = %s", "equal", ["x"]),
        ("%s = a.x", "equal", ["x"]),
        ("a.x IS NULL", "equal", ["x"]),
        ("(a.x = 1 AND (a.y = 2))", "equal", ["x", "y"]),
        ("a.x = LOWER(%s)", "equal", ["x"]),
        ("a.x IN (%s, %s)", "listed", ["x"]),
        ("a.x IN (SELECT y FROM b)", "listed", ["x"]),
        ("a.x = ANY(%s)", "listed", ["x"]),
        ("a.x >= %s AND a.y BETWEEN %s AND %s", "ranged", ["x", "y"]),
    ],
)
def test_finds_a_column_that_an_index_helps_with(where: str, how: str, columns: list[str]) -> None:
    found = search(f"WHERE {where}")

    assert getattr(found, how) == tuple(("a", one) for one in columns)
    assert found.is_narrowed


@pytest.mark.parametrize(
    "where",
    [
        "a.x <> %s",
        "NOT (a.x = %s)",
        "NOT a.x = %s",
        "a.x IS NOT NULL",
        "UPPER(a.x) = %s",
        "UPPER(a.x::text) = UPPER(%s)",
        "a.x::text = %s",
        "a.x = %s OR a.y = %s",
        "(a.x = %s OR a.y = %s)",
        "CASE WHEN a.z AND a.x = 1 THEN 1 ELSE 2 END = 1",
        "a.x = a.y",
        "a.x = a.y + 1",
        "a.x LIKE %s",
        "other.x = %s",
        "a.x + 1 = %s",
    ],
)
def test_does_not_find_a_column_that_no_plain_index_helps_with(where: str) -> None:
    found = search(f"WHERE {where}")

    assert (found.equal, found.listed, found.ranged, found.joined) == ((), (), (), ())


def test_an_or_takes_only_what_stands_beside_it() -> None:
    assert search("WHERE a.x = 1 AND (a.y = 2 OR a.z = 3)").equal == (("a", "x"),)


def test_columns_of_a_join_belong_to_both_tables() -> None:
    found = search(
        'WHERE T2."n" = %s',
        start='SELECT 1 FROM "a" INNER JOIN "s"."b" T2 ON ("a"."b_id" = T2."id")',
    )

    assert found.joined == (("a", "b_id"), ("s.b", "id"))
    assert found.equal == (("s.b", "n"),)
    assert found.names == {"a": "a", "b": "s.b", "T2": "s.b"}


def test_a_column_of_the_outer_query_counts_as_a_value() -> None:
    _, inner = statement_of(
        'SELECT 1 FROM "a" WHERE EXISTS(SELECT 1 FROM "b" U0 WHERE U0."a_id" = ("a"."id"))',
        "sqlite",
    ).searches

    assert inner.equal == (("b", "a_id"),)


@pytest.mark.parametrize(
    ("order", "columns"),
    [
        ("a.x", ["x"]),
        ("a.x DESC NULLS LAST, y ASC LIMIT 3", ["x", "y"]),
        ("a.x, LOWER(a.y)", ["x"]),
        ("LOWER(a.x), a.y", []),
        ("1", []),
    ],
)
def test_the_first_columns_of_an_order_are_told(order: str, columns: list[str]) -> None:
    assert search(f"ORDER BY {order}").ordered == tuple(("a", one) for one in columns)


def test_the_order_of_a_union_is_of_no_table() -> None:
    found = statement_of("SELECT x FROM a UNION SELECT x FROM b ORDER BY x", "sqlite").searches

    assert [one.ordered for one in found] == [(), ()]


def test_a_quote_is_read_as_the_database_reads_it() -> None:
    assert search('WHERE a.x = "y"', "mysql").equal == (("a", "x"),)
    assert search('WHERE a.x = "y"', "sqlite").equal == ()


@pytest.mark.parametrize("count", [3, 5_000])
def test_a_long_statement_is_read_as_a_short_one_is(count: int) -> None:
    assert search(f"WHERE x IN ({', '.join(['%s'] * count)})").listed == (("a", "x"),)
