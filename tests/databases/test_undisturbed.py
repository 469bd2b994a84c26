"""What the server receives is the same with as without the tool."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, DataError, transaction

from tests.databases.conftest import Database
from tests.databases.test_statements import WORK
from tests.shelf.models import Author


def erroneous(database: Database) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(using=database.alias):
        database.run("SELECT nothing FROM nowhere")


ALL: dict[str, Callable[[Database], Any]] = {**WORK, "erroneous": erroneous}


def received_by_sqlite(database: Database, work: Callable[[], Any]) -> int:
    received: list[str] = []
    driver = database.connection.connection
    driver.set_trace_callback(received.append)
    work()
    driver.set_trace_callback(None)
    return len(received)


def received_by_postgresql(database: Database, work: Callable[[], Any]) -> int:
    with tempfile.TemporaryFile("w+") as trace:
        wire = database.connection.connection.pgconn
        wire.trace(trace.fileno())
        work()
        wire.untrace()
        trace.seek(0)
        lines = [line.split("\t") for line in trace]
    return len([line for line in lines if len(line) > 3 and line[3] in ("Query", "Execute")])


def received_by_mariadb(database: Database, work: Callable[[], Any]) -> int:
    def questions() -> int:
        with database.connection.connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
            return int(cursor.fetchone()[1])

    before = questions()
    work()
    return questions() - before - 1


RECEIVED = {
    "sqlite": received_by_sqlite,
    "postgresql": received_by_postgresql,
    "mariadb": received_by_mariadb,
}


@pytest.mark.parametrize("name", ALL)
def test_the_server_receives_the_same_statements(database: Database, name: str) -> None:
    database.connection.ensure_connection()
    work = ALL[name]

    def count(run: Callable[[], Any]) -> int:
        database.empty()
        database.connection.ensure_connection()
        received = RECEIVED[database.alias](database, run)
        database.connection.close()  # with its temporary tables
        return received

    bare = count(lambda: work(database))
    recorded = count(lambda: database.cycle(lambda: work(database)))

    assert recorded == bare
    assert bare


def test_nothing_is_run_in_a_broken_transaction(database: Database) -> None:
    queries = database.queries(lambda: erroneous(database))

    assert [query.sql.split()[0] for query in queries] == ["BEGIN", "SELECT", "ROLLBACK"]
    assert [query.error is None for query in queries] == [True, False, True]


def test_an_erroneous_statement_raises_the_same(database: Database) -> None:
    def raised() -> tuple[type, str, type]:
        with pytest.raises(DatabaseError) as caught:
            database.run("SELECT nothing FROM nowhere")
        assert caught.value.__cause__ is not None
        return type(caught.value), str(caught.value), type(caught.value.__cause__)

    bare = raised()
    found = []
    (query,) = database.queries(lambda: found.append(raised()))

    assert found == [bare]
    assert query.error is not None
    assert query.error.startswith(f"{bare[0].__name__}: ")


def test_a_constraint_that_fails_is_recorded(database: Database) -> None:
    author = database.of(Author).create(name="a")

    def work() -> None:
        with pytest.raises(DatabaseError):
            database.of(Author).create(pk=author.pk, name="b")

    query = next(one for one in database.queries(work) if not one.is_transaction)

    assert str(query.error).startswith("IntegrityError: ")


def test_a_commit_that_fails_is_recorded_with_its_error(postgresql: Database) -> None:
    def work() -> None:
        with transaction.atomic(using=postgresql.alias):
            postgresql.run(
                "CREATE TEMPORARY TABLE one (id integer PRIMARY KEY);"
                "CREATE TEMPORARY TABLE two (one_id integer REFERENCES one "
                "DEFERRABLE INITIALLY DEFERRED)"
            )
            postgresql.run("INSERT INTO two VALUES (7)")

    def failing() -> None:
        with pytest.raises(DatabaseError):
            work()

    queries = postgresql.queries(failing)

    words = [(query.sql.split()[0], query.error is None) for query in queries]
    assert words == [
        ("BEGIN", True),
        ("CREATE", True),
        ("INSERT", True),
        ("COMMIT", False),
        ("ROLLBACK", True),
    ]


@pytest.mark.parametrize("how", ["fetchall", "loop"])
def test_a_fault_found_while_fetching_is_the_statements(postgresql: Database, how: str) -> None:
    def fetch() -> None:
        alias = postgresql.alias
        with transaction.atomic(alias), postgresql.connection.chunked_cursor() as cursor:
            cursor.cursor.itersize = 2
            cursor.execute("SELECT 10 / (3 - n) FROM generate_series(1, 9) n")
            if how == "fetchall":
                cursor.fetchall()
            else:
                list(cursor)

    def work() -> None:
        with pytest.raises(DataError, match="division by zero"):
            fetch()

    (query,) = [one for one in postgresql.queries(work) if not one.is_transaction]

    assert query.error == "DataError: division by zero"
