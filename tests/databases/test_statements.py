"""Each statement is one query, on every database, whoever sends it and however."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction
from django.db.models import F
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from cycle_inspector.records import Query, Stage
from tests.conftest import Server
from tests.databases import conftest
from tests.databases.conftest import Database
from tests.shelf.models import Author, Book

Work = Callable[[Database], Any]


def many(database: Database, count: int = 3) -> None:
    with database.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shelf_author (name) VALUES (%s)", [[str(one)] for one in range(count)]
        )


def create_table(database: Database) -> None:
    database.run("CREATE TEMPORARY TABLE scrap (id integer)")


def alter(database: Database) -> None:
    with database.connection.schema_editor(atomic=False) as editor:
        editor.execute("CREATE TABLE scrap (id integer)")
        editor.execute("ALTER TABLE scrap ADD COLUMN name varchar(9)")
        editor.execute("DROP TABLE scrap")


KINDS: dict[str, tuple[Work, list[str]]] = {
    "filter": (lambda db: list(db.of(Book).filter(title="a")), ["SELECT"]),
    "raw": (lambda db: list(db.of(Book).raw("SELECT * FROM shelf_book")), ["SELECT"]),
    "exists": (lambda db: db.of(Book).exists(), ["SELECT"]),
    "count": (lambda db: db.of(Book).count(), ["SELECT"]),
    "union": (lambda db: list(db.of(Book).all().union(db.of(Book).all())), ["("]),
    "aggregate": (lambda db: db.of(Book).aggregate(models.Max("id")), ["SELECT"]),
    "values": (lambda db: list(db.of(Book).values_list("title", flat=True)), ["SELECT"]),
    "iterator": (lambda db: list(db.of(Book).iterator(chunk_size=2)), ["SELECT"]),
    "update": (lambda db: db.of(Author).update(name=F("name")), ["UPDATE"]),
    "delete": (lambda db: db.of(Author).filter(name="a")._raw_delete(db.alias), ["DELETE"]),
    "insert": (lambda db: db.of(Author).create(name="a"), ["INSERT"]),
    "cursor": (lambda db: db.run("SELECT %s", [1]), ["SELECT"]),
    "executemany": (many, ["INSERT"]),
    "temporary table": (create_table, ["CREATE"]),
    "schema": (alter, ["CREATE", "ALTER", "DROP"]),
}


def first_words(queries: Any) -> list[str]:
    words = [query.sql.split()[0] for query in queries if not query.is_transaction]
    # Django's schema editor looks at foreign keys on SQLite.
    return [word for word in words if word != "PRAGMA"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_statement_is_one_query(database: Database, kind: str) -> None:
    work, words = KINDS[kind]

    queries = database.queries(lambda: work(database))

    found = [word if word.isalpha() else "(" for word in first_words(queries)]
    assert found == (["SELECT"] if (kind, database.alias) == ("union", "sqlite") else words)
    assert {(one.alias, one.vendor) for one in queries} == {(database.alias, database.vendor)}
    assert {one.error for one in queries} == {None}
    assert all(one.caller and one.caller.path in (__file__, conftest.__file__) for one in queries)


def save(database: Database) -> None:
    author = Author(name="a")
    author.save(using=database.alias)
    author.save()
    author.delete()


def bulk(database: Database) -> None:
    authors = [Author(name=str(number)) for number in range(5)]
    database.of(Author).bulk_create(authors, batch_size=2)
    stored = list(database.of(Author).all())
    database.of(Author).bulk_update(stored, ["name"])
    database.of(Author).in_bulk([one.pk for one in stored])


def get_or_create(database: Database) -> None:
    database.of(Author).get_or_create(name="x")
    database.of(Author).update_or_create(name="x", defaults={"name": "y"})


def nested(database: Database) -> None:
    with transaction.atomic(using=database.alias):
        database.of(Author).create(name="a")
        with transaction.atomic(using=database.alias):
            database.of(Author).create(name="b")


def failing(database: Database) -> None:
    def fail() -> None:
        with transaction.atomic(using=database.alias):
            with pytest.raises(ZeroDivisionError), transaction.atomic(using=database.alias):
                raise ZeroDivisionError
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def by_hand(database: Database) -> None:
    transaction.set_autocommit(False, using=database.alias)
    database.run("SELECT 1")
    transaction.commit(using=database.alias)
    database.run("SELECT 1")
    transaction.rollback(using=database.alias)
    transaction.set_autocommit(True, using=database.alias)


def delete_cascading(database: Database) -> None:
    author = database.of(Author).create(name="a")
    Book(title="t", author=author).save(using=database.alias)
    author.delete()


def prefetch(database: Database) -> None:
    author = database.of(Author).create(name="a")
    Book(title="t", author=author).save(using=database.alias)
    list(database.of(Author).prefetch_related("books"))


def several_cursors(database: Database) -> None:
    with database.connection.cursor() as one, database.connection.cursor() as two:
        one.execute("SELECT 1")
        one.fetchall()
        two.execute("SELECT 2")
        two.fetchall()
        one.execute("SELECT 3")
        one.fetchall()


WORK: dict[str, Work] = {
    **{kind: work for kind, (work, _) in KINDS.items()},
    "save": save,
    "bulk": bulk,
    "get_or_create": get_or_create,
    "nested": nested,
    "failing": failing,
    "by hand": by_hand,
    "delete cascading": delete_cascading,
    "prefetch": prefetch,
    "several cursors": several_cursors,
}


def is_in_log(query: Query, logged: str) -> bool:
    # The log has the parameters filled in, "3 times: INSERT" for many, and of a cursor on
    # PostgreSQL's side its declaration.
    if query.executions > 1:
        return logged == f"{query.executions} times: {query.sql}"
    if query.params is None:
        return logged == query.sql
    start = r"(DECLARE \S+ NO SCROLL CURSOR (WITH HOLD )?FOR )?"
    pattern = start + re.escape(query.sql).replace("%s", ".*")
    return re.fullmatch(pattern, logged, re.S) is not None


@pytest.mark.parametrize("name", WORK)
def test_the_queries_are_those_of_djangos_own_log(database: Database, name: str) -> None:
    database.connection.ensure_connection()
    with CaptureQueriesContext(database.connection) as logged:
        cycle = database.cycle(lambda: WORK[name](database))

    assert cycle.queries
    for query, one in zip(cycle.queries, logged.captured_queries, strict=True):
        assert is_in_log(query, one["sql"]), (query.sql, query.params, one["sql"])


def test_the_count_is_the_same_while_nothing_is_logged(database: Database) -> None:
    database.connection.ensure_connection()
    with CaptureQueriesContext(database.connection) as logged:
        nested(database)

    assert len(database.queries(lambda: nested(database))) == len(logged.captured_queries)


def words(database: Database, work: Work) -> list[str]:
    queries = database.queries(lambda: work(database))
    for query in queries:
        is_one = query.sql.split()[0] not in ("SELECT", "INSERT")
        assert query.is_transaction == is_one
    return [query.sql.split()[0] for query in queries]


def test_begin_savepoint_and_commit_are_transaction_statements(database: Database) -> None:
    assert words(database, nested) == [
        "BEGIN",
        "INSERT",
        "SAVEPOINT",
        "INSERT",
        "RELEASE",
        "COMMIT",
    ]


def test_rollbacks_are_transaction_statements(database: Database) -> None:
    assert words(database, failing) == ["BEGIN", "SAVEPOINT", "ROLLBACK", "RELEASE", "ROLLBACK"]


def test_transactions_by_hand_are_recorded_as_django_logs_them(database: Database) -> None:
    assert words(database, by_hand) == ["BEGIN", "SELECT", "COMMIT", "SELECT", "ROLLBACK"]


def test_rows_and_fetching_are_counted(database: Database) -> None:
    database.of(Author).bulk_create(Author(name=str(number)) for number in range(250))

    def work() -> None:
        list(database.of(Author).all())
        list(database.of(Author).iterator(chunk_size=100))
        database.of(Author).update(name=F("name"))
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT id FROM shelf_author")
            cursor.fetchone()
            cursor.fetchmany(10)
            cursor.fetchall()
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT id FROM shelf_author")
            list(cursor)

    queries = [one for one in database.queries(work) if not one.is_transaction]
    # MariaDB tells how many rows were changed, or found, as the driver asks.
    rows = [one.rows for one in queries]
    assert rows == [250, 250, 250, 250, 250]
    for query in queries:
        assert query.duration_ns >= query.fetch_ns
        assert (query.fetch_ns > 0) == query.sql.startswith("SELECT")


def test_a_parameter_list_is_counted_not_kept(database: Database) -> None:
    (query,) = [one for one in database.queries(lambda: many(database)) if not one.is_transaction]

    assert (query.executions, query.rows, query.params) == (3, 3, None)


# The site first: it closes the doors of all databases there are but its own.
def test_a_view_sends_the_same_behind_every_handler(serve: Server, database: Database) -> None:
    def view(request: Any) -> HttpResponse:
        nested(database)
        return HttpResponse(str(database.of(Author).count()))

    answer = serve(view).get("/")

    cycle = answer.cycle
    assert answer.text == "2"
    stage = cycle.stage(Stage.DATABASE)
    assert stage.count == len([one for one in cycle.queries if not one.is_transaction])
    assert stage.facts["transactions"] == 4
    assert stage.facts["by_alias"][0]["vendor"] == database.vendor
    sent = [one.sql.split()[0] for one in cycle.queries]
    assert sent[-7:] == ["BEGIN", "INSERT", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT", "SELECT"]
