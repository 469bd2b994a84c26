"""The database stage: each statement once, with its parameters, rows, time and error."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, models, transaction
from django.db.models import F
from django.db.models.functions import Lower
from django.db.utils import ConnectionHandler

from cycle_inspector import record
from cycle_inspector.records import Cycle, Query, Stage
from tests.shelf.models import Author, Book
from tests.site import Site, failures

pytestmark = pytest.mark.django_db


def recorded(work: Callable[[], Any]) -> Cycle:
    with record() as recording:
        work()
    return recording.cycle


def statements(work: Callable[[], Any]) -> tuple[Query, ...]:
    return recorded(work).statements


def run(sql: Any, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, *params)


def many(count: int = 3) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shelf_author (name) VALUES (%s)", [[str(one)] for one in range(count)]
        )


KINDS: dict[str, tuple[Callable[[], Any], str]] = {
    "orm": (lambda: list(Book.objects.filter(title="a")), "SELECT"),
    "raw": (lambda: list(Book.objects.raw("SELECT * FROM shelf_book")), "SELECT"),
    "exists": (lambda: Book.objects.exists(), "SELECT %s"),
    "count": (lambda: Book.objects.count(), "SELECT COUNT"),
    "union": (lambda: list(Book.objects.all().union(Book.objects.all())), "SELECT"),
    "insert": (lambda: Author.objects.create(name="a"), "INSERT"),
    "update": (lambda: Author.objects.update(name=Lower("name")), "UPDATE"),
    "delete": (lambda: Author.objects.filter(name="a")._raw_delete("default"), "DELETE"),
    "iterator": (lambda: list(Book.objects.iterator(chunk_size=2)), "SELECT"),
    "aggregate": (lambda: Book.objects.aggregate(models.Max("id")), "SELECT MAX"),
    "bulk_create": (lambda: Author.objects.bulk_create([Author(), Author()]), "INSERT"),
    "cursor": (lambda: run("SELECT %s", [1]), "SELECT"),
    "executemany": (many, "INSERT"),
    "ddl": (lambda: run("CREATE TEMPORARY TABLE scrap (id integer)"), "CREATE"),
    "pragma": (lambda: run("PRAGMA table_info(shelf_book)"), "PRAGMA"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_statement_is_one_query(kind: str) -> None:
    work, start = KINDS[kind]

    (query,) = statements(work)

    assert query.sql.startswith(start)
    assert (query.alias, query.vendor) == ("default", "sqlite")
    assert query.error is None
    assert query.caller is not None
    assert query.caller.path == __file__


def test_over_the_soft_limit_a_query_keeps_its_text_and_its_time(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"SOFT_MAX_QUERIES": 2}

    cycle = recorded(lambda: [list(Book.objects.filter(pk=at)) for at in range(5)])

    assert [one.params for one in cycle.statements] == [(0,), (1,), None, None, None]
    assert [bool(one.frames) for one in cycle.statements] == [True, True, False, False, False]
    assert len({one.sql for one in cycle.statements}) == 1
    assert all(one.duration_ns > 0 and one.rows == 0 for one in cycle.statements)
    assert cycle.dropped == {"details": 3}


def test_within_the_soft_limit_nothing_is_left_out(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"SOFT_MAX_QUERIES": 5}

    cycle = recorded(lambda: [list(Book.objects.filter(pk=at)) for at in range(5)])

    assert all(one.params and one.frames for one in cycle.statements)
    assert cycle.dropped == {}


def test_a_parameter_list_is_counted_not_kept() -> None:
    (query,) = statements(many)

    assert (query.executions, query.rows, query.params) == (3, 3, None)


def test_transactions_are_left_out_of_the_headline(wsgi_site: Site) -> None:
    cycle = wsgi_site.get("/statements/").cycle

    transactions = [query.sql.split()[0] for query in cycle.queries if query.is_transaction]
    assert transactions == ["BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "BEGIN", "COMMIT"]
    stage = cycle.stage(Stage.DATABASE)
    assert stage.count == len(cycle.statements)
    assert stage.facts["transactions"] == 6
    assert stage.facts["by_alias"][0]["count"] == stage.count


def test_a_rollback_is_a_transaction_statement() -> None:
    def fail() -> None:
        with transaction.atomic():
            Author.objects.create(name="a")
            raise ZeroDivisionError

    def work() -> None:
        with pytest.raises(ZeroDivisionError):
            fail()

    kinds = [(query.sql.split()[0], query.is_transaction) for query in recorded(work).queries]
    assert kinds[:3] == [("SAVEPOINT", True), ("INSERT", False), ("ROLLBACK", True)]


@pytest.mark.parametrize(
    ("sql", "given", "kept"),
    [
        ("SELECT 1", (), None),
        ("SELECT 1", (None,), None),
        ("SELECT 1", ((),), ()),
        ("SELECT 1", ([],), ()),
        ("SELECT '100%%'", ((),), ()),
        ("SELECT '100%'", (), None),
        ("SELECT %s", ([7],), (7,)),
        ("SELECT %s", ((None,),), (None,)),
        ("SELECT %(a)s", ({"a": 7},), {"a": 7}),
        ("SELECT %s", ([b"\xff"],), ("b'\\xff'",)),
        ("SELECT %s", ([True],), (True,)),
    ],
)
def test_parameters_are_kept_as_they_were_given(sql: str, given: Any, kept: Any) -> None:
    (query,) = statements(lambda: run(sql, *given))

    assert (query.sql, query.params) == (sql, kept)


def test_parameters_may_be_given_by_name() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql="SELECT %s", params=[1])
            cursor.executemany(
                sql="INSERT INTO shelf_author (name) VALUES (%s)", param_list=[["a"]]
            )

    first, second = statements(work)
    assert first.params == (1,)
    assert second.executions == 1


def test_a_list_that_is_used_again_is_kept_as_it_was() -> None:
    def work() -> None:
        params = [1]
        run("SELECT %s", params)
        params[0] = 2
        run("SELECT %s", params)

    assert [query.params for query in statements(work)] == [(1,), (2,)]


def test_a_huge_statement_is_cut_and_says_so() -> None:
    numbers = ", ".join(["1"] * 60_000)

    (query,) = statements(lambda: run(f"SELECT 1 WHERE 1 IN ({numbers})"))

    assert len(query.sql) < 101_000
    assert query.sql.endswith("more characters)")


def test_rows_and_fetch_time_are_counted() -> None:
    Author.objects.bulk_create(Author(name=str(number)) for number in range(250))

    def work() -> None:
        list(Author.objects.all())
        list(Author.objects.iterator(chunk_size=100))
        Author.objects.first()
        Author.objects.update(name=F("name"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM shelf_author")
            cursor.fetchone()
            cursor.fetchmany(size=10)
            cursor.fetchall()
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM shelf_author")
            list(cursor)

    queries = statements(work)
    assert [query.rows for query in queries] == [250, 250, 1, 250, 250, 250]
    assert all(query.duration_ns >= query.fetch_ns for query in queries)
    assert all(query.fetch_ns > 0 for query in queries if query.sql.startswith("SELECT"))


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_loop_over_a_cursor_that_is_given_up_closes_it_as_ever(is_recorded: bool) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 UNION SELECT 2")
            for _ in cursor:
                break
            with pytest.raises(connection.Database.ProgrammingError):
                cursor.cursor.fetchone()

    if is_recorded:
        (query,) = statements(work)
        assert query.rows == 1
    else:
        work()


def test_erroneous_sql_is_kept_and_raises_what_it_raised(site: Site) -> None:
    answer = site.get("/faulty-sql/")

    assert answer.status == 500
    (query,) = answer.cycle.statements
    assert query.error is not None
    assert query.error.startswith("OperationalError: ")
    (event,) = failures(answer.cycle)
    assert event.name == "django.db.utils.OperationalError"


@pytest.mark.parametrize("read", [list, lambda cursor: cursor.fetchall()])
def test_a_fault_found_while_fetching_is_the_statements(read: Callable[[Any], Any]) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 UNION ALL SELECT abs(-9223372036854775808)")
            with pytest.raises(OperationalError, match="overflow"):
                read(cursor)

    (query,) = statements(work)
    assert query.error == "OperationalError: integer overflow"


def test_a_procedure_is_shown_as_a_call() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            for params in ([1, 2],), ([],), ():
                with pytest.raises(AttributeError):  # SQLite has none
                    cursor.callproc("name", *params)

    assert [query.sql for query in statements(work)] == [
        "CALL name(%s, %s)",
        "CALL name()",
        "CALL name()",
    ]


def test_nothing_is_run_in_a_broken_transaction() -> None:
    def work() -> None:
        with pytest.raises(OperationalError), transaction.atomic():
            run("SELECT nothing FROM nowhere")

    sql = [query.sql.split()[0] for query in recorded(work).queries]
    assert sql == ["SAVEPOINT", "SELECT", "ROLLBACK", "RELEASE"]


def test_the_wrong_number_of_arguments_raises_as_ever() -> None:
    with record() as recording, connection.cursor() as cursor:
        with pytest.raises(TypeError):
            cursor.execute()
        with pytest.raises(TypeError):
            cursor.execute("SELECT 1", [], "more")

    assert [query.error is None for query in recording.cycle.queries] == [False, False]


def test_queries_of_another_thread_are_nobodys_unless_it_has_the_context() -> None:
    def work() -> None:
        thread = threading.Thread(target=lambda: (run("SELECT 1"), connection.close()))
        thread.start()
        thread.join()

    assert statements(work) == ()


def test_a_cursor_that_outlives_the_cycle_adds_nothing_to_it() -> None:
    with record() as recording:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")

    assert cursor.fetchall() == [(1,)]
    cursor.close()
    (query,) = recording.cycle.queries
    assert query.rows is None


def test_the_record_is_json() -> None:
    (query,) = statements(lambda: run("SELECT %s", [b"\x00\xff"]))

    assert json.dumps(query.params)


@pytest.mark.django_db(transaction=True)
def test_async_queries_have_the_awaiting_line_as_their_caller() -> None:
    async def work() -> Cycle:
        async with record() as recording:
            await asyncio.gather(Book.objects.acount(), Author.objects.acount())
        return recording.cycle

    queries = asyncio.run(work()).statements

    assert len(queries) == 2
    assert {query.alias for query in queries} == {"default"}


def test_each_alias_is_told_apart(tmp_path: Any) -> None:
    other = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "other.sqlite3"}
    connections = ConnectionHandler({"default": other, "replica": other})

    def work() -> None:
        run("SELECT 1")
        with connections["replica"].cursor() as cursor:
            cursor.execute("SELECT 2")
        connections["replica"].close()

    cycle = recorded(work)

    assert [(query.alias, query.vendor) for query in cycle.queries] == [
        ("default", "sqlite"),
        ("replica", "sqlite"),
    ]
    by_alias = cycle.stage(Stage.DATABASE).facts["by_alias"]
    assert [(one["alias"], one["count"]) for one in by_alias] == [("default", 1), ("replica", 1)]
