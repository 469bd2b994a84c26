"""What was written, what it came to, and which queries belong to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F, deletion, signals
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from cycle_inspector import record
from cycle_inspector.records import Cycle, Stage
from tests.recorders import facts_of
from tests.shelf.models import Author, Board, Book, Cover, Plank, Tag

pytestmark = pytest.mark.django_db


def changes(work: Callable[[], Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts_of(Stage.MODELS, work)["changes"]
    return found


def told(entry: dict[str, Any], *keys: str) -> tuple[Any, ...]:
    return tuple(entry.get(key) for key in ("what", "model", *keys))


@pytest.fixture
def author() -> Author:
    return Author.objects.create(name="stored")


@contextmanager
def received(signal: Any, receiver: Callable[..., Any], sender: Any) -> Iterator[None]:
    signal.connect(receiver, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=sender)


CALLS: dict[str, tuple[Callable[[Author], Any], dict[str, Any]]] = {
    "save of a new one": (
        lambda _: Author(name="a").save(),
        {"what": "save", "created": True, "rows": 1},
    ),
    "create": (
        lambda _: Author.objects.create(name="a"),
        {"what": "save", "created": True, "rows": 1},
    ),
    "save of a stored one": (
        lambda author: author.save(),
        {"what": "save", "created": False, "rows": 1, "fields": None},
    ),
    "save of some fields": (
        lambda author: author.save(update_fields=["name"]),
        {"what": "save", "created": False, "fields": ["name"]},
    ),
    "save with a key that is not stored": (
        lambda _: Author(pk=12345, name="a").save(),
        {"what": "save", "created": True},
    ),
    "save with a key that is": (
        lambda author: Author(pk=author.pk, name="a").save(),
        {"what": "save", "created": False},
    ),
    "bulk_create": (
        lambda _: Author.objects.bulk_create(Author(name=str(n)) for n in range(3)),
        {"what": "bulk_create", "rows": 3, "given": None},
    ),
    "bulk_create that may skip some": (
        lambda author: Author.objects.bulk_create(
            [Author(pk=author.pk, name="a"), Author(name="b")], ignore_conflicts=True
        ),
        {"what": "bulk_create", "rows": None, "given": 2},
    ),
    "bulk_update": (
        lambda author: Author.objects.bulk_update([author], ["name"]),
        {"what": "bulk_update", "rows": 1, "fields": ["name"]},
    ),
    "update": (
        lambda _: Author.objects.update(name=F("name")),
        {"what": "update", "rows": 1, "fields": ["name"]},
    ),
    "update of nothing": (
        lambda _: Author.objects.filter(name="nobody").update(name="a"),
        {"what": "update", "rows": 0},
    ),
    "get_or_create that creates": (
        lambda _: Author.objects.get_or_create(name="a"),
        {"what": "get_or_create", "created": True},
    ),
    "get_or_create that gets": (
        lambda _: Author.objects.get_or_create(name="stored"),
        {"what": "get_or_create", "created": False},
    ),
    "update_or_create that creates": (
        lambda _: Author.objects.update_or_create(name="a", defaults={"name": "b"}),
        {"what": "update_or_create", "created": True},
    ),
    "update_or_create that updates": (
        lambda _: Author.objects.update_or_create(name="stored", defaults={"name": "b"}),
        {"what": "update_or_create", "created": False},
    ),
    "delete": (
        lambda author: author.delete(),
        {"what": "delete", "rows": 1, "deleted": [["shelf.Author", 1, "collected"]]},
    ),
    "delete by a queryset": (
        lambda _: Author.objects.all().delete(),
        {"what": "delete", "rows": 1, "deleted": [["shelf.Author", 1, "collected"]]},
    ),
    "delete by a single statement": (
        lambda author: (
            Cover.objects.create(book=Book.objects.create(author=author)),
            Cover.objects.all().delete(),
        ),
        {"what": "delete", "rows": 1, "deleted": [["shelf.Cover", 1, "one statement"]]},
    ),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_change_is_told_with_what_it_came_to(author: Author, kind: str) -> None:
    work, expected = CALLS[kind]

    with record() as recording:
        work(author)

    entry = [
        one
        for one in recording.cycle.stage(Stage.MODELS).facts["changes"]
        if "inside" not in one and one["what"] == expected["what"]
    ][-1]
    assert {key: entry.get(key) for key in expected} == expected
    assert entry["model"] in ("shelf.Author", "shelf.Cover")
    assert entry["caller"]["path"] == __file__
    assert entry["duration_ns"] > 0
    assert "failed" not in entry


@pytest.mark.parametrize("kind", CALLS)
def test_the_queries_of_a_change_belong_to_it(author: Author, kind: str) -> None:
    with record() as recording:
        list(Book.objects.all())
        CALLS[kind][0](author)
        list(Book.objects.all())

    roots = [
        one for one in recording.cycle.stage(Stage.MODELS).facts["changes"] if "inside" not in one
    ]
    statements = [one.id for one in recording.cycle.statements]
    assert [id_ for one in roots for id_ in one["queries"]] == statements[1:-1]
    assert sum(one["query_count"] for one in roots) == len(statements) - 2


@pytest.mark.parametrize("kind", CALLS)
def test_the_statements_are_those_without_the_tool(author: Author, kind: str) -> None:
    work = CALLS[kind][0]
    with transaction.atomic(), CaptureQueriesContext(connection) as plain:
        work(author)
        transaction.set_rollback(True)
    stored = Author.objects.get(name="stored")

    with record(), transaction.atomic(), CaptureQueriesContext(connection) as recorded:
        work(stored)
        transaction.set_rollback(True)

    def words(logged: Any) -> list[str]:
        return [one["sql"].split()[0] for one in logged]

    assert words(recorded) == words(plain)


def test_changes_of_one_line_are_one_entry() -> None:
    def work() -> None:
        for number in range(5):
            Author.objects.create(name=str(number))
        Author.objects.create(name="elsewhere")

    first, second = changes(work)

    assert (first["times"], first["rows"], first["query_count"]) == (5, 5, 5)
    assert second["times"] == 1


def test_what_is_done_inside_another_change_says_in_which() -> None:
    outer, inner = changes(lambda: Author.objects.get_or_create(name="a"))

    assert told(outer, "inside", "created") == ("get_or_create", "shelf.Author", None, True)
    assert told(inner, "inside", "created") == ("save", "shelf.Author", 0, True)
    assert outer["query_count"] == 2
    assert inner["query_count"] == 1


def test_what_a_receiver_does_is_inside_the_save_that_it_received() -> None:
    def receive(*, instance: Author, **_: Any) -> None:
        Book.objects.count()
        Book.objects.create(title=instance.name, author=instance)

    with received(signals.post_save, receive, Author):
        outer, inner = changes(lambda: Author.objects.create(name="a"))

    assert told(outer, "query_count") == ("save", "shelf.Author", 3)
    assert told(inner, "inside", "query_count") == ("save", "shelf.Book", 0, 1)
    assert outer["caller"]["function"].endswith("<lambda>")
    assert inner["caller"]["function"].endswith("receive")


def test_two_changes_one_after_the_other_are_not_inside_each_other() -> None:
    entries = changes(lambda: (Author.objects.create(name="a"), Tag.objects.create(name="b")))

    assert ["inside" in one for one in entries] == [False, False]


def test_a_change_that_fails_says_so(author: Author) -> None:
    def work() -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Author.objects.create(pk=author.pk, name="b")
        Author.objects.create(name="b")

    failed, done = changes(work)

    assert told(failed, "failed", "created") == ("save", "shelf.Author", 1, None)
    assert told(done, "failed", "created") == ("save", "shelf.Author", None, True)
    facts = facts_of(Stage.MODELS, work)
    assert facts["saved"] == [["shelf.Author", 1, 0]]


def test_a_fixture_is_told(tmp_path: Path) -> None:
    fixture = tmp_path / "authors.json"
    fixture.write_text(json.dumps([{"model": "shelf.author", "pk": 5, "fields": {"name": "a"}}]))

    [entry] = changes(lambda: call_command("loaddata", str(fixture), verbosity=0))

    assert told(entry, "fixture", "created") == ("save", "shelf.Author", True, True)
    assert "fixture" not in changes(lambda: Author(name="a").save())[0]


def test_a_cascade_is_told_by_model(author: Author) -> None:
    Cover.objects.create(book=Book.objects.create(author=author))

    [entry] = changes(author.delete)

    assert sorted(entry["deleted"]) == [
        ["shelf.Author", 1, "collected"],
        ["shelf.Book", 1, "collected"],
        ["shelf.Cover", 1, "one statement"],
    ]
    assert entry["rows"] == 3


def test_fields_that_a_deletion_sets_are_told() -> None:
    board = Board.objects.create()
    Board.objects.create(above=board)

    entry, update = changes(board.delete)

    assert told(update, "inside") == ("update", "shelf.Board", 0)
    assert entry["set_fields"] == ["shelf.Board.above"]
    assert "set_fields" not in changes(Tag.objects.create(name="a").delete)[0]


@pytest.mark.skipif(django.VERSION < (6, 1), reason="DB_CASCADE is new in Django 6.1")
def test_what_the_database_deletes_by_itself_is_said_without_a_number() -> None:
    from tests.shelf.models import Screw

    plank = Plank.objects.create()
    Screw.objects.create(plank=plank)

    [entry] = changes(plank.delete)

    assert entry["by_database"] == [["shelf.Screw.plank", "CASCADE"]]
    assert entry["deleted"] == [["shelf.Plank", 1, "collected"]]
    assert Screw.objects.count() == 0
    assert "by_database" not in changes(Tag.objects.create(name="a").delete)[0]


def test_a_collector_of_the_projects_own_is_a_deletion(author: Author) -> None:
    def work() -> None:
        collector = deletion.Collector(using="default")
        collector.collect([author])
        collector.delete()

    [entry] = changes(work)

    assert told(entry, "rows") == ("delete", "shelf.Author", 1)


def test_a_deletion_that_is_protected_fails_as_ever(author: Author) -> None:
    def refuse(**_: Any) -> None:
        raise ZeroDivisionError

    with received(signals.pre_delete, refuse, Author):

        def work() -> None:
            with pytest.raises(ZeroDivisionError):
                author.delete()

        [entry] = changes(work)

    assert told(entry, "failed", "rows") == ("delete", "shelf.Author", 1, None)


def test_no_receiver_is_connected() -> None:
    # With one, Django deletes, and adds to a relation, by more statements.
    with record():
        for signal in (signals.post_init, signals.post_save, signals.post_delete):
            assert not signal.has_listeners(Cover)
        assert not signals.m2m_changed.has_listeners(Board.tags.through)


@pytest.mark.parametrize("signal", [signals.post_save, signals.pre_save])
def test_a_signal_that_the_project_sends_itself_is_no_save(signal: Any) -> None:
    assert changes(lambda: signal.send(sender=Author, instance=Author(name="a"))) == []


def test_async_changes_are_told(serve_asgi: Any) -> None:
    async def view(request: Any) -> HttpResponse:
        author = await Author.objects.acreate(name="a")
        await author.asave()
        await author.books.aget_or_create(title="b")
        await author.adelete()
        return HttpResponse()

    cycle: Cycle = serve_asgi(view).get("/").cycle

    facts = cycle.stage(Stage.MODELS).facts
    assert [(one["what"], "inside" in one) for one in facts["changes"]] == [
        ("save", False),
        ("save", False),
        ("get_or_create", False),
        ("save", True),
        ("delete", False),
    ]
    assert all(one["query_count"] for one in facts["changes"])
    assert {one["caller"]["function"] for one in facts["changes"]} == {
        "test_async_changes_are_told.<locals>.view"
    }


def test_the_methods_are_still_what_templates_and_managers_ask() -> None:
    with record():
        assert Author.delete.alters_data is True  # type: ignore[attr-defined]
        assert type(Author.objects.all()).delete.queryset_only is True
        assert not hasattr(Author.objects, "delete")


def test_changes_over_the_limit_are_counted() -> None:
    with record() as recording:
        from cycle_inspector.recorder import Limits, current

        recorder: Any = current()
        recorder.limits = Limits(queries=2)
        for number in range(5):
            Author.objects.create(name=str(number))

    cycle = recording.cycle
    assert cycle.dropped["changes"] == 3
    assert cycle.stage(Stage.MODELS).facts["saved"] == [["shelf.Author", 5, 0]]
