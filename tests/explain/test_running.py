"""EXPLAIN of SQLite queries; the other databases are in tests/databases/test_explain.py."""

from __future__ import annotations

import pytest
from django.db import connection

from cycle_inspector import record
from cycle_inspector.explain import running
from cycle_inspector.explain.statements import Refused
from tests.factories import make_query
from tests.shelf.models import Book

pytestmark = pytest.mark.django_db

BOOKS = 'SELECT "shelf_book"."title" FROM "shelf_book" WHERE "shelf_book"."title" = %s'


def test_the_plan_of_a_recorded_query_is_told() -> None:
    with record() as recording:
        list(Book.objects.filter(title="A"))
    (query,) = recording.cycle.queries

    plan = running.explain(query)

    assert [one.label for one in plan.steps] == ["SCAN shelf_book"]
    assert plan.remarks == (
        "Reads all 0 rows of shelf_book: so few that an index would change little.",
    )


@pytest.mark.django_db(transaction=True)  # what is not committed another connection does not see
def test_the_index_that_a_recorded_query_lacks_is_named() -> None:
    Book.objects.bulk_create(Book(title=str(at)) for at in range(300))
    with record() as recording:
        list(Book.objects.filter(title="A"))
    (query,) = recording.cycle.queries

    (remark,) = running.explain(query).remarks

    assert remark.endswith(
        " to find those with title = ?: an index on shelf_book(title) would help."
    )


def test_a_search_by_an_index_has_no_remark() -> None:
    with record() as recording:
        Book.objects.filter(pk=1).first()
    (query,) = recording.cycle.queries

    assert running.explain(query).remarks == ()


def test_nothing_is_recorded_and_no_wrapper_asked() -> None:
    asked = []

    def wrapper(execute, *given):  # type: ignore[no-untyped-def]
        asked.append(given)
        return execute(*given)

    with record() as recording, connection.execute_wrapper(wrapper):
        running.explain(make_query(sql=BOOKS, params=("A",)))

    assert recording.cycle.queries == ()
    assert asked == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"alias": "gone"}, "no database 'gone'"),
        ({"vendor": "oracle"}, "Plans of oracle"),
        ({"vendor": "postgresql"}, "another one now"),
        ({"params": ()}, "The database refused it"),
        ({"sql": "SELECT 1 FROM nowhere", "params": None}, "no such table: nowhere"),
    ],
)
def test_what_cannot_be_explained_is_said(given: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        running.explain(make_query(**{"sql": BOOKS, "params": ("A",), **given}))


def test_sqlite_measures_no_plan() -> None:
    query = make_query(sql=BOOKS, params=("A",))

    assert not running.explain(query).can_be_measured
    with pytest.raises(Refused, match="does not measure"):
        running.explain(query, measure=True)
