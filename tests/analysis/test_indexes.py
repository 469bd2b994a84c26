"""Which index a table lacks."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._conditions import statement_of
from cycle_inspector.analysis.indexes import Wish, wish


def of(sql: str, table: str = "a", leading: tuple[str, ...] = ("id",)) -> Wish | None:
    return wish(statement_of(sql, "sqlite").searches, table, leading)


@pytest.mark.parametrize(
    ("sql", "purpose", "columns"),
    [
        ("WHERE x = %s", "to find those with x = ?", ("x",)),
        (
            "WHERE x = 1 AND y = 2 AND z > 3",
            "to find those with x = ? and y = ? and z in a range",
            ("x", "y", "z"),
        ),
        ("WHERE x IN (1, 2)", "to find those with x in a list", ("x",)),
        ("WHERE x < 1", "to find those with x in a range", ("x",)),
        ("ORDER BY x, y LIMIT 1", "to put them in order of x, y", ("x", "y")),
    ],
)
def test_finds_an_index_that_would_help(sql: str, purpose: str, columns: tuple[str, ...]) -> None:
    found = of(f"SELECT 1 FROM a {sql}")

    assert found == Wish(purpose=purpose, columns=columns)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "WHERE LOWER(x) = %s",
        "ORDER BY x",
        "WHERE LOWER(x) = %s ORDER BY y LIMIT 1",
        "ORDER BY 1",
    ],
)
def test_does_not_find_an_index_where_the_whole_table_is_wanted(sql: str) -> None:
    assert of(f"SELECT 1 FROM a {sql}") is None


def test_does_not_find_an_index_that_is_there() -> None:
    found = of("SELECT 1 FROM a WHERE x = 1 AND y = 2", leading=("id", "y"))

    assert found == Wish(purpose="to find those with x = ? and y = ?", indexed="y")


def test_a_join_counts_where_rows_are_narrowed() -> None:
    join = "SELECT 1 FROM a INNER JOIN b ON (a.b_id = b.id)"

    assert of(join) is None
    assert of(f"{join} WHERE b.x = 1") == Wish(purpose="to join them by b_id", columns=("b_id",))
    assert of(f"{join} WHERE b.x = 1", "b") == Wish(
        purpose="to find those with x = ?", columns=("x",)
    )


def test_another_table_wants_nothing() -> None:
    assert of("SELECT 1 FROM a WHERE x = 1", "b") is None


def test_the_place_that_lacks_an_index_is_told() -> None:
    sql = "SELECT 1 FROM a WHERE id = 1 UNION SELECT 1 FROM a WHERE x = 1"

    assert of(sql) == Wish(purpose="to find those with x = ?", columns=("x",))
