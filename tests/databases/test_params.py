"""Parameters as they were given, of every type that the databases take."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from cycle_inspector.records import HIDDEN, Query
from tests.databases.conftest import Database
from tests.databases.models import Parcel

NUMBER = uuid.UUID("12345678-1234-5678-1234-567812345678")
SENT = datetime.datetime(2026, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)


def only(database: Database, *given: Any) -> Query:
    (query,) = database.queries(lambda: database.run(*given))
    assert query.error is None
    return query


@pytest.mark.parametrize(
    ("text", "given", "kept"),
    [
        ("SELECT 1", (), None),
        ("SELECT 1", (None,), None),
        ("SELECT 1", ((),), ()),
        ("SELECT 1", ([],), ()),
        ("SELECT '100%'", (), None),
        ("SELECT '100%%', %s", ([7],), (7,)),
        ("SELECT %s", ((None,),), (None,)),
        ("SELECT %s, %s", ([True, False],), (True, False)),
        ("SELECT %(a)s", ({"a": 7},), {"a": 7}),
        ("SELECT %s", ([b"\xff\x00"],), ("b'\\xff\\x00'",)),
        ("SELECT %s", (["it's 100% <b>"],), ("it's 100% <b>",)),
        ("SELECT %s", ([datetime.date(2026, 2, 3)],), ("2026-02-03",)),
        ("SELECT %s", ([1.5],), (1.5,)),
    ],
)
@pytest.mark.filterwarnings("ignore:The default date adapter:DeprecationWarning")
def test_parameters_are_kept_as_they_were_given(
    database: Database, text: str, given: Any, kept: Any
) -> None:
    query = only(database, text, *given)

    assert (query.sql, query.params) == (text, kept)


def test_a_huge_parameter_is_cut_and_arrives_whole(database: Database) -> None:
    text = "x" * 1_000_000
    rows: list[Any] = []

    (query,) = database.queries(lambda: rows.extend(database.fetch("SELECT LENGTH(%s)", [text])))

    assert rows == [(1_000_000,)]
    assert isinstance(query.params, tuple)
    assert str(query.params[0]).endswith("… (998000 more characters)")


def test_a_long_list_of_parameters_is_kept_whole(database: Database) -> None:
    found = database.of(Parcel).filter(pk__in=range(900))

    (query,) = database.queries(lambda: list(found))

    assert query.params == tuple(range(900))


def insert(database: Database, **given: Any) -> Query:
    parcel = Parcel(
        **{
            "number": NUMBER,
            "weight": decimal.Decimal("1.500"),
            "sent": SENT,
            "is_heavy": True,
            "contents": {"shoes": [1, 2]},
            "seal": b"\xff\xfe",
            **given,
        }
    )
    queries = database.queries(lambda: parcel.save(using=database.alias))
    (query,) = (one for one in queries if not one.is_transaction)
    return query


def test_values_of_columns_are_readable(database: Database) -> None:
    number, weight, sent, is_heavy, contents, seal = insert(database).params or ()

    assert str(number).replace("-", "") == NUMBER.hex
    assert decimal.Decimal(str(weight)) == decimal.Decimal("1.5")
    assert str(sent).startswith("2026-02-03 04:05:06")
    assert is_heavy in (True, 1)
    assert contents in ({"shoes": [1, 2]}, '{"shoes": [1, 2]}')
    assert seal == "b'\\xff\\xfe'"


def test_values_of_columns_are_readable_in_bulk(database: Database) -> None:
    parcels = [
        Parcel(
            number=NUMBER,
            weight=decimal.Decimal("1.5"),
            sent=SENT,
            is_heavy=False,
            contents=contents,
            seal=b"\xff",
        )
        for contents in ({"shoes": 1}, ["a", "b"])
    ]

    queries = database.queries(lambda: database.of(Parcel).bulk_create(parcels))

    (query,) = (one for one in queries if not one.is_transaction)
    # Django hands PostgreSQL a list for each column.
    said = str(query.params)
    assert "shoes" in said
    assert "<" not in said


def test_what_goes_into_a_secret_column_is_hidden(database: Database) -> None:
    database.run("CREATE TEMPORARY TABLE visitor (name varchar(9), password varchar(99))")

    query = only(
        database, "INSERT INTO visitor (name, password) VALUES (%s, %s)", ["ann", "hunter2"]
    )

    assert query.params == ("ann", HIDDEN)


def test_a_secret_in_a_json_value_is_hidden(database: Database) -> None:
    said = str(insert(database, contents={"password": "hunter2", "size": 42}).params)

    assert "hunter2" not in said
    assert "42" in said


def test_a_statement_of_bytes_is_read(postgresql: Database) -> None:
    assert only(postgresql, b"SELECT 1").sql == "SELECT 1"


def test_a_composed_statement_is_written_out(postgresql: Database) -> None:
    composed = sql.SQL("SELECT {} FROM {} WHERE {} = {}").format(
        sql.SQL(", ").join(map(sql.Identifier, ["id", "title"])),
        sql.Identifier("public", "shelf_book"),
        sql.Identifier("title"),
        sql.Placeholder(),
    )

    query = only(postgresql, composed, ["it's"])

    assert query.sql == 'SELECT "id", "title" FROM "public"."shelf_book" WHERE "title" = %s'
    assert query.params == ("it's",)
    assert only(postgresql, sql.SQL("SELECT {}").format(sql.Literal("it's"))).sql == (
        "SELECT 'it''s'"
    )


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        ("SELECT %s", Jsonb({"a": [1]}), {"a": [1]}),
        ("SELECT %s", Jsonb({"password": "hunter2"}), {"password": HIDDEN}),
        ("SELECT %s", [Jsonb({"a": 1}), Jsonb([2])], [{"a": 1}, [2]]),
        ("SELECT 1 WHERE 1 = ANY(%s)", [1, 2], [1, 2]),
        ("SELECT %s::text[]", [["a"], ["b"]], [["a"], ["b"]]),
        ("SELECT %s", Range(1, 5), "[1, 5)"),
        ("SELECT %s", Range(None, datetime.date(2026, 2, 3), "(]"), "(, 2026-02-03]"),
        ("SELECT %s::int4range", Range(empty=True), "empty"),
        ("SELECT %s", [Range(1, 2), Range(3, 4)], ["[1, 2)", "[3, 4)"]),
        ("SELECT %s", NUMBER, str(NUMBER)),
        ("SELECT %s", SENT, "2026-02-03 04:05:06+00:00"),
        ("SELECT %s", datetime.timedelta(hours=1), "1:00:00"),
        ("SELECT %s", decimal.Decimal("NaN"), "NaN"),
    ],
)
def test_values_of_postgresql_are_readable(
    postgresql: Database, text: str, value: Any, kept: Any
) -> None:
    assert only(postgresql, text, [value]).params == (kept,)


def test_a_list_for_in_is_readable_on_mariadb(mariadb: Database) -> None:
    assert only(mariadb, "SELECT 1 WHERE 1 IN %s", [(1, 2)]).params == ([1, 2],)


def test_a_value_that_the_driver_refuses_is_recorded_and_refused(database: Database) -> None:
    class Odd:
        def __str__(self) -> str:
            raise AssertionError("asked")

    raised: list[str] = []

    def work() -> None:
        try:
            database.run("SELECT %s", [Odd()])
        except Exception as error:
            raised.append(type(error).__name__)

    (query,) = database.queries(work)

    assert query.error is not None
    assert raised == [query.error.partition(":")[0]]
    assert query.params is not None
    assert "Odd>" in str(query.params)
