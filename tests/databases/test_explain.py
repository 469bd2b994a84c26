"""EXPLAIN on real servers: the plan, the parameters, and that nothing is changed by it."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from typing import Any

import pytest
from django.db import connections

from cycle_inspector.analysis import Thresholds, full_scan
from cycle_inspector.explain import running, slow
from cycle_inspector.explain.plans import Plan
from cycle_inspector.explain.statements import Refused
from cycle_inspector.records import Query
from tests.databases.conftest import Database
from tests.databases.models import Parcel
from tests.factories import make_query
from tests.shelf.models import Author, Book

SENT = datetime.datetime(2026, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)


def only(database: Database, work: Any) -> Query:
    (query,) = (one for one in database.queries(work) if not one.is_transaction)
    return query


def full_scans(plan: Plan) -> list[str | None]:
    return [one.table for one in plan.walk() if one.is_full_scan]


def fill(database: Database) -> None:
    """Make so many books that it matters how they are found, and let the database count them."""
    database.of(Book).bulk_create(Book(title=f"Title {at}") for at in range(500))
    if database.vendor == "mysql":
        database.fetch("ANALYZE TABLE shelf_book")
    else:
        database.run("ANALYZE shelf_book")


def test_a_table_without_an_index_is_read_in_full(database: Database) -> None:
    fill(database)
    query = only(database, lambda: list(database.of(Book).filter(title="Title 7")))

    plan = running.explain(query)

    assert full_scans(plan) == ["shelf_book"]
    (remark,) = plan.remarks
    told = re.fullmatch(
        r"Reads all (\d+) rows of shelf_book to find those with title = \?: "
        r"an index on shelf_book\(title\) would help\.",
        remark,
    )
    assert told
    if database.vendor != "mysql":  # which estimates
        assert int(told[1]) >= 500


def test_an_order_of_a_few_rows_lacks_an_index(database: Database) -> None:
    fill(database)
    query = only(database, lambda: list(database.of(Book).order_by("title")[:3]))

    (remark,) = running.explain(query).remarks

    assert remark.endswith(
        " to put them in order of title: an index on shelf_book(title) would help."
    )


def test_a_table_that_is_wanted_whole_lacks_nothing(database: Database) -> None:
    fill(database)
    query = only(database, lambda: list(database.of(Book).all()))

    (remark,) = running.explain(query).remarks

    assert re.fullmatch(r"Reads all \d{3} rows of shelf_book\.", remark)


def test_by_its_primary_key_a_row_is_found(database: Database) -> None:
    book = database.of(Book).create(title="A")
    query = only(database, lambda: list(database.of(Book).filter(pk=book.pk, title="A")))

    if database.vendor != "postgresql":  # which reads a table of one page in full
        assert running.explain(query).remarks == ()


@pytest.mark.parametrize(
    "wanted",
    [
        {"number": uuid.UUID(int=7)},
        {"weight": decimal.Decimal("1.250")},
        {"weight__in": [decimal.Decimal(1), decimal.Decimal(2)]},
        {"sent__gt": SENT},
        {"sent__year": 2026},
        {"is_heavy": True},
        {"contents": {"a": [1, None]}},
    ],
    ids=str,
)
def test_parameters_of_every_type_arrive(database: Database, wanted: dict[str, Any]) -> None:
    query = only(database, lambda: list(database.of(Parcel).filter(**wanted)))

    assert running.explain(query).steps


def test_a_number_that_stood_for_json_is_refused_in_words(postgresql: Database) -> None:
    query = only(postgresql, lambda: list(postgresql.of(Parcel).filter(contents__a=1)))

    with pytest.raises(Refused, match="UndefinedFunction"):
        running.explain(query)


def test_bytes_are_refused(database: Database) -> None:
    query = only(database, lambda: list(database.of(Parcel).filter(seal=b"\x00\xff")))

    with pytest.raises(Refused):
        running.explain(query)


def test_a_delete_in_a_with_changes_nothing(postgresql: Database) -> None:
    postgresql.of(Author).create(name="A")
    sql = "WITH gone AS (DELETE FROM shelf_author RETURNING *) SELECT * FROM gone"
    query = make_query(sql=sql, params=None, alias=postgresql.alias, vendor="postgresql")

    for measure in (False, True):
        with pytest.raises(Refused, match="There is DELETE"):
            running.explain(query, measure=measure)

    assert postgresql.of(Author).count() == 1


def test_a_function_that_writes_is_stopped_by_the_transaction(postgresql: Database) -> None:
    postgresql.of(Author).create(name="A")
    postgresql.run(
        "CREATE FUNCTION wipe() RETURNS int LANGUAGE sql VOLATILE AS "
        "'WITH gone AS (DELETE FROM shelf_author RETURNING 1) SELECT 1'"
    )
    query = make_query(sql="SELECT wipe()", params=None, alias="postgresql", vendor="postgresql")
    try:
        with pytest.raises(Refused, match="read-only transaction"):
            running.explain(query, measure=True)
        assert postgresql.of(Author).count() == 1
    finally:
        postgresql.run("DROP FUNCTION wipe()")


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_measured_plan_says_what_was_read(request: Any, server: str) -> None:
    database: Database = request.getfixturevalue(server)
    for name in "AB":
        database.of(Author).create(name=name)
    query = only(database, lambda: list(database.of(Author).filter(name__gte="A")))

    assert running.explain(query).can_be_measured
    plan = running.explain(query, measure=True)

    assert plan.is_measured
    assert [one.actual_rows for one in plan.walk() if one.is_full_scan] == [2]


def test_nothing_is_recorded_and_the_connection_is_as_it_was(database: Database) -> None:
    query = only(database, lambda: list(database.of(Author).all()))
    before = database.connection.connection
    asked: list[Any] = []

    def wrapper(execute: Any, *given: Any) -> Any:
        asked.append(given)
        return execute(*given)

    with database.connection.execute_wrapper(wrapper):
        recorded = database.queries(lambda: running.explain(query))

    assert (recorded, asked) == ((), [])
    assert database.connection.connection is before
    assert connections[database.alias].get_autocommit()


def test_the_index_that_a_slow_read_lacks_is_a_finding(database: Database) -> None:
    fill(database)

    cycle = database.cycle(lambda: list(database.of(Book).filter(title="Title 7")))

    (finding,) = full_scan.find(slow.explained(cycle, 0), Thresholds(full_scan_rows=100))
    assert finding.code == "CI121"
    assert "shelf_book(title)" in finding.fix


def test_a_slow_read_that_uses_an_index_is_none(database: Database) -> None:
    fill(database)
    first = database.of(Book).earliest("pk")

    cycle = database.cycle(lambda: database.of(Book).get(pk=first.pk))

    assert list(full_scan.find(slow.explained(cycle, 0), Thresholds(full_scan_rows=100))) == []
