"""What a project can see of its database is the same with as without the tool."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, connections, reset_queries
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext

from cycle_inspector import record
from cycle_inspector.conf import ALIAS
from tests.shelf.models import Author, Book
from tests.shelf.views import PAGE

pytestmark = pytest.mark.django_db


def captured(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as context:
        work()
    # Savepoints are numbered on.
    return [re.sub(r"_x\d+", "", one["sql"]) for one in context.captured_queries]


def create() -> None:
    author = Author.objects.create(name="a")
    Book.objects.create(title="t", author=author)


def delete_all() -> None:
    Book.objects.all().delete()


def delete_cascading() -> None:
    Author.objects.all().delete()


def delete_one() -> None:
    book = Book.objects.create(title="t")
    Book.objects.get(pk=book.pk).delete()


def bulk() -> None:
    Author.objects.bulk_create([Author(pk=1_000, name="a"), Author(pk=1_001, name="b")])
    Author.objects.bulk_update(Author.objects.filter(pk__gte=1_000), ["name"])


def many_to_many() -> None:
    group = Group(pk=1_000, name="g")
    group.save()
    permissions = list(Permission.objects.order_by("pk")[:3])
    group.permissions.add(*permissions)
    group.permissions.add(*permissions)
    group.permissions.remove(permissions[0])
    group.permissions.set(permissions)
    group.permissions.clear()
    group.delete()


def get_or_create() -> None:
    Author.objects.get_or_create(name="x")
    Author.objects.update_or_create(name="x", defaults={"name": "y"})


@pytest.mark.parametrize(
    "work", [delete_all, delete_cascading, delete_one, bulk, many_to_many, get_or_create]
)
def test_the_same_statements_are_run(work: Callable[[], None]) -> None:
    def statements() -> list[str]:
        Book.objects.all()._raw_delete("default")
        Author.objects.all()._raw_delete("default")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM sqlite_sequence")
        create()
        found = captured(work)
        Group.objects.all().delete()
        return found

    bare = statements()
    with record():
        recorded = statements()

    assert recorded == bare
    assert bare


def test_no_receiver_is_connected_that_would_change_what_django_does() -> None:
    with record():
        # With a listener Django gives up deleting, and adding to a relation, by one statement.
        assert not pre_delete.has_listeners(Book)
        assert not post_delete.has_listeners(Book)
        assert not m2m_changed.has_listeners(Group.permissions.through)


def test_assert_num_queries_counts_the_same(django_assert_num_queries: Any) -> None:
    with record() as recording, django_assert_num_queries(2):
        Book.objects.count()
        Author.objects.count()

    assert len(recording.cycle.queries) == 2


def test_the_connections_own_log_is_the_same(settings: Any) -> None:
    settings.DEBUG = True
    reset_queries()
    with record():
        Book.objects.count()

    (entry,) = connection.queries
    assert entry["sql"].startswith("SELECT COUNT(*)")


def test_the_debug_cursor_is_recorded_once(settings: Any) -> None:
    settings.DEBUG = True
    with record() as recording, connection.cursor() as cursor:
        assert type(cursor) is CursorDebugWrapper
        cursor.execute("SELECT 1")
        cursor.executemany("UPDATE shelf_book SET title = %s", [["a"]])

    assert len(recording.cycle.queries) == 2


def test_a_wrapper_of_the_project_is_called_and_taken_off_again() -> None:
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        with record() as recording:
            Book.objects.count()
        assert connection.execute_wrappers == [wrapper]
    assert connection.execute_wrappers == []
    assert seen == [query.sql for query in recording.cycle.queries]


def test_a_wrapper_that_refuses_is_raised_on() -> None:
    def refuse(*_: Any) -> Any:
        raise PermissionError("no queries here")

    with record() as recording, connection.execute_wrapper(refuse), pytest.raises(PermissionError):
        Book.objects.count()

    (query,) = recording.cycle.queries
    assert query.error == "PermissionError: no queries here"


def test_another_wrapped_cursor_is_still_recorded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs(CursorWrapper):
        def execute(self, sql: Any, params: Any = None) -> Any:
            return super().execute(sql, params)

    default = connections["default"]
    monkeypatch.setattr(default, "make_cursor", lambda cursor: Theirs(cursor, default))
    monkeypatch.setattr(default, "make_debug_cursor", lambda cursor: Theirs(cursor, default))
    with record() as recording:
        Book.objects.count()

    assert len(recording.cycle.queries) == 1


def test_a_connection_that_is_blocked_raises_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    # As SimpleTestCase and pytest-django do it.
    def blocked(*_: Any) -> Any:
        raise RuntimeError("no database here")

    monkeypatch.setattr(connections["default"], "cursor", blocked)
    with record() as recording, pytest.raises(RuntimeError, match="no database here"):
        Book.objects.count()

    assert recording.cycle.queries == ()


def test_a_connection_that_was_closed_is_opened_and_recorded(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        Book.objects.count()
        connection.close()
        Book.objects.count()
        return HttpResponse(PAGE)

    assert len(serve(view).get("/").cycle.statements) == 2


def test_the_tools_own_queries_are_never_shown(serve: Any) -> None:
    from cycle_inspector.models import Cycle

    def view(request: HttpRequest) -> HttpResponse:
        Book.objects.count()
        return HttpResponse(PAGE + str(Cycle.objects.using(ALIAS).count()))

    site = serve(view)
    site.get("/")
    cycle = site.get("/").cycle

    assert [query.alias for query in cycle.queries] == ["default"]
    assert "cycle_inspector.Cycle" not in str(cycle.stages)
