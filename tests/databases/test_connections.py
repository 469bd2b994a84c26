"""Connections that are opened, closed, kept, pooled, logged and forbidden."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.db.backends.utils import CursorDebugWrapper
from django.http import HttpResponse
from django.test import SimpleTestCase
from django.test.testcases import DatabaseOperationForbidden

from tests.conftest import Server
from tests.databases.conftest import Database
from tests.shelf.models import Author

SELECT = "SELECT 7"


def asked(queries: Any) -> list[str]:
    """Return what a test has sent, without what Django sends as a connection opens."""
    return [query.sql for query in queries if query.sql == SELECT]


def test_a_connection_that_was_closed_opens_again(database: Database) -> None:
    def work() -> None:
        database.run(SELECT)
        database.connection.close()
        database.run(SELECT)
        database.connection.close()

    assert asked(database.queries(work)) == [SELECT, SELECT]


def test_what_django_sends_as_a_connection_opens_is_recorded_once(mariadb: Database) -> None:
    mariadb.connection.close()

    cycle = mariadb.cycle(lambda: mariadb.run(SELECT))

    sent = [query.sql for query in cycle.queries]
    assert sent[-1] == SELECT
    assert len([sql for sql in sent if "ISOLATION LEVEL" in sql]) == 1


@pytest.mark.parametrize("age", [0, 60, None])
def test_a_connection_is_kept_as_long_as_it_was(
    serve_wsgi: Server, database: Database, age: int | None
) -> None:
    def view(request: Any) -> HttpResponse:
        with connections["kept"].cursor() as cursor:
            cursor.execute(SELECT)
        return HttpResponse(str(id(connections["kept"].connection)))

    with database.other("kept", CONN_MAX_AGE=age, CONN_HEALTH_CHECKS=True):
        site = serve_wsgi(view)
        cycles = [site.get("/").cycle for _ in range(2)]

    assert [asked(cycle.queries) for cycle in cycles] == [[SELECT], [SELECT]]


@pytest.mark.parametrize("is_many", [False, True])
def test_a_pool_gives_each_statement_to_its_request(
    serve_wsgi: Server, postgresql: Database, *, is_many: bool
) -> None:
    def view(request: Any) -> HttpResponse:
        list(Author.objects.using("pooled").filter(name=request.GET["name"]))
        return HttpResponse("ok")

    pool = {"min_size": 1, "max_size": 2} if is_many else True
    with postgresql.other("pooled", OPTIONS={"pool": pool}):
        site = serve_wsgi(view)
        cycles = [site.get(f"/?name={name}").cycle for name in "abc"]
        assert connections["pooled"].pool is not None

    for name, cycle in zip("abc", cycles, strict=True):
        (query,) = [one for one in cycle.statements if one.sql.startswith("SELECT")]
        assert query.params == (name,)


def test_a_pool_that_several_threads_share_loses_nothing(postgresql: Database) -> None:
    with postgresql.other("pooled", OPTIONS={"pool": {"min_size": 1, "max_size": 2}}) as pooled:

        def ask() -> None:
            pooled.run(SELECT)
            pooled.connection.close()

        def work() -> None:
            threads = [threading.Thread(target=copy_context().run, args=[ask]) for _ in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert asked(pooled.cycle(work).queries) == [SELECT] * 5


def test_server_side_binding_is_recorded_as_ever(postgresql: Database) -> None:
    with postgresql.other("bound", OPTIONS={"server_side_binding": True}) as bound:
        (query,) = bound.queries(lambda: list(bound.of(Author).filter(name="a")))

    assert query.params == ("a",)
    assert query.sql.endswith('WHERE "shelf_author"."name" = %s')


def test_a_cursor_on_the_servers_side_is_one_query(postgresql: Database) -> None:
    postgresql.of(Author).bulk_create(Author(name=str(number)) for number in range(25))

    for in_chunks in (10, 25, 100):
        found = postgresql.of(Author).iterator(chunk_size=in_chunks)
        (query,) = postgresql.queries(lambda found=found: list(found))
        assert query.rows == 25
        assert 0 < query.fetch_ns < query.duration_ns


def test_a_cursor_on_the_servers_side_can_be_given_up(postgresql: Database) -> None:
    postgresql.of(Author).bulk_create(Author(name=str(number)) for number in range(25))

    (query,) = postgresql.queries(lambda: next(postgresql.of(Author).iterator(chunk_size=10)))

    assert query.rows == 10  # a chunk


def test_cursors_on_the_servers_side_can_be_disabled(postgresql: Database) -> None:
    postgresql.of(Author).bulk_create(Author(name=str(number)) for number in range(25))

    with postgresql.other(DISABLE_SERVER_SIDE_CURSORS=True) as plain:
        (query,) = plain.queries(lambda: list(plain.of(Author).iterator(chunk_size=10)))

    assert query.rows == 25


def test_a_cursor_that_logs_is_recorded_once(database: Database) -> None:
    database.connection.force_debug_cursor = True  # as --debug-sql does

    def work() -> None:
        with database.connection.cursor() as cursor:
            assert isinstance(cursor, CursorDebugWrapper)
            cursor.execute(SELECT)
            cursor.fetchall()

    assert asked(database.queries(work)) == [SELECT]
    assert [one["sql"] for one in database.connection.queries if one["sql"] == SELECT] == [SELECT]


def test_a_test_without_databases_forbids_as_ever(database: Database) -> None:
    class Blocked(SimpleTestCase):
        def runTest(self) -> None:  # noqa: N802 - unittest's name
            with pytest.raises(DatabaseOperationForbidden):
                database.run(SELECT)

    database.connection.close()
    Blocked.setUpClass()
    try:
        cycle = database.cycle(Blocked().runTest)
    finally:
        Blocked.doClassCleanups()

    assert cycle.queries == ()


def test_a_procedure_is_one_query(mariadb: Database) -> None:
    mariadb.run("CREATE PROCEDURE twice(IN number int) SELECT number * 2")

    def work() -> None:
        with mariadb.connection.cursor() as cursor:
            cursor.callproc("twice", [21])
            assert cursor.fetchall() in (((42,),), [(42,)])

    (query,) = mariadb.queries(work)

    assert (query.sql, query.params, query.rows) == ("CALL twice(%s)", (21,), 1)
    mariadb.run("DROP PROCEDURE twice")


def test_a_function_called_as_a_procedure_is_one_query(postgresql: Database) -> None:
    postgresql.run(
        "CREATE FUNCTION twice(number int) RETURNS int LANGUAGE sql AS 'SELECT number * 2'"
    )

    def work() -> None:
        with postgresql.connection.cursor() as cursor:
            cursor.callproc("twice", [21])
            assert cursor.fetchall() == [(42,)]
            cursor.callproc("pg_backend_pid")

    first, second = postgresql.queries(work)

    assert (first.sql, first.params, first.rows) == ("CALL twice(%s)", (21,), 1)
    assert (second.sql, second.params) == ("CALL pg_backend_pid()", None)
    postgresql.run("DROP FUNCTION twice")


def test_a_procedure_that_is_missing_is_recorded_with_its_error(database: Database) -> None:
    def work() -> None:
        with (
            database.connection.cursor() as cursor,
            pytest.raises((DatabaseError, AttributeError)),  # SQLite's cursor has no callproc()
        ):
            cursor.callproc("nothing", [1])

    (query,) = database.queries(work)

    assert query.sql == "CALL nothing(%s)"
    assert query.error


def test_methods_of_the_drivers_cursor_work_and_are_not_seen(postgresql: Database) -> None:
    received: list[Any] = []

    def work() -> None:
        with postgresql.connection.cursor() as cursor:
            with cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
                received.extend(copy.rows())
            received.extend(cursor.stream("SELECT 2"))
        received.extend(postgresql.connection.connection.execute("SELECT 3").fetchall())

    assert postgresql.queries(work) == ()
    assert received == [("1",), (2,), (3,)]
