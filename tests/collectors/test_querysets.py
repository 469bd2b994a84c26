"""How querysets were evaluated, and what became of the rows."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.recorders import facts_of
from tests.shelf.models import Author, Book
from tests.site import Site

pytestmark = pytest.mark.django_db


def loads(work: Callable[[], Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts_of(Stage.MODELS, work)["loads"]
    return found


@pytest.fixture(autouse=True)
def books() -> None:
    author = Author.objects.create(name="a")
    Book.objects.bulk_create(Book(title=f"book {n}", author=author) for n in range(30))


def loop(rows: Any, stop: int = 1_000) -> None:
    for number, _ in enumerate(rows, start=1):
        if number == stop:
            break


def asked(*ask: Callable[[Any], Any]) -> Callable[[], None]:
    def work() -> None:
        rows = Book.objects.all()
        for one in ask:
            one(rows)

    return work


WAYS: dict[str, tuple[Callable[[], Any], list[str], int | None]] = {
    "list": (asked(list), ["iter", "len"], 30),
    "loop": (asked(loop), ["iter"], 30),
    "loop that stops": (asked(lambda rows: loop(rows, 5)), ["iter"], 5),
    "two loops": (asked(lambda rows: loop(rows, 5), lambda rows: loop(rows, 9)), ["iter"], 9),
    "len": (asked(len), ["len"], 0),
    "if": (asked(bool), ["bool"], 0),
    "if and loop": (asked(bool, loop), ["bool", "iter"], 30),
    "len and count": (asked(len, lambda rows: rows.count()), ["len", "count"], 0),
    "bool and exists": (asked(bool, lambda rows: rows.exists()), ["bool", "exists"], 0),
    "index afterwards": (asked(len, lambda rows: rows[3]), ["len", "index"], 1),
    "a slice afterwards": (asked(bool, lambda rows: rows[5:9]), ["bool", "index"], 4),
    "contains": (
        asked(bool, lambda rows: rows.contains(Book(pk=1))),
        ["bool", "contains"],
        None,
    ),
    "template": (
        lambda: Template("{% for one in rows %}{% endfor %}").render(
            Context({"rows": Book.objects.all()})
        ),
        ["iter", "len"],
        30,
    ),
    "length in a template": (
        lambda: Template("{{ rows|length }}").render(Context({"rows": Book.objects.all()})),
        ["len"],
        0,
    ),
    "pickle": (asked(pickle.dumps), ["pickle"], None),
}


@pytest.mark.parametrize("kind", WAYS)
def test_the_ways_in_which_rows_were_asked_for_are_told(kind: str) -> None:
    work, ways, taken = WAYS[kind]

    [load] = loads(work)

    assert sorted(load["ways"]) == sorted(ways)
    assert load["rows"] == 30
    assert load.get("taken") == taken
    assert "limited" not in load


@pytest.mark.parametrize(
    ("work", "first"),
    [(asked(bool, list), "bool"), (asked(len, list), "len"), (asked(loop, len), "iter")],
)
def test_the_way_that_ran_the_query_comes_first(work: Callable[[], Any], first: str) -> None:
    assert loads(work)[0]["ways"][0] == first


SINGLE: dict[str, tuple[Callable[[], Any], str]] = {
    "get": (lambda: Book.objects.get(title="book 3"), "get"),
    "index": (lambda: Book.objects.order_by("pk")[3], "index"),
    "first": (lambda: Book.objects.first(), "iter"),
}


@pytest.mark.parametrize("kind", SINGLE)
def test_a_query_for_one_object_is_limited(kind: str) -> None:
    work, way = SINGLE[kind]

    [load] = loads(work)

    assert (load["ways"], load["rows"], load["limited"]) == ([way], 1, True)


def test_a_slice_is_limited() -> None:
    assert loads(lambda: list(Book.objects.all()[:20]))[0]["limited"] is True


def test_what_was_looped_over_in_part_lets_go_of_short_lists() -> None:
    # Of them it is not known; `first()` would keep an object for each call.
    [load] = loads(lambda: loop(Book.objects.all()[:20], 3))

    assert "taken" not in load


def test_counting_before_loading_the_same_queryset_is_told_with_its_query() -> None:
    with record() as recording:
        rows = Book.objects.all()
        rows.count()
        rows.exists()
        list(rows)

    counted, looked, loaded = recording.cycle.queries
    [load] = recording.cycle.stage(Stage.MODELS).facts["loads"]
    assert load["queries"] == [loaded.id]
    assert load["asked"] == [["count", counted.id], ["exists", looked.id]]


@pytest.mark.parametrize(
    "work",
    [
        lambda: (Book.objects.count(), list(Book.objects.all())),
        lambda: (Book.objects.all().count(), list(Book.objects.all()[:20])),
        asked(list, lambda rows: rows.count()),
    ],
)
def test_counting_another_queryset_is_not(work: Callable[[], Any]) -> None:
    assert "asked" not in loads(work)[0]


def test_each_load_has_its_query_its_model_and_its_line() -> None:
    with record() as recording:
        list(Author.objects.all())
        list(Book.objects.all())

    first, second = recording.cycle.stage(Stage.MODELS).facts["loads"]
    assert (first["model"], first["queries"]) == ("shelf.Author", [recording.cycle.queries[0].id])
    assert (second["model"], second["queries"]) == ("shelf.Book", [recording.cycle.queries[1].id])
    assert second["caller"]["line"] == first["caller"]["line"] + 1
    assert second["caller"]["path"] == __file__


def test_loads_of_one_line_are_one_entry() -> None:
    def work() -> None:
        for number in range(3):
            list(Book.objects.filter(title=f"book {number}"))

    [load] = loads(work)

    assert (load["times"], load["rows"], len(load["queries"])) == (3, 3, 3)


def test_a_queryset_that_asks_nobody_loads_nothing() -> None:
    assert loads(lambda: (list(Book.objects.none()), Book.objects.all())) == []


def test_a_queryset_evaluated_before_is_not_loaded_again() -> None:
    rows = Book.objects.all()
    list(rows)

    assert loads(lambda: (list(rows), len(rows))) == []


def test_async_loops_are_counted_as_loops(serve_asgi: Any) -> None:
    Book.objects.create(title="a")

    async def view(request: Any) -> Any:
        async for _ in Book.objects.all():
            pass
        await Book.objects.aget(title="a")
        await asyncio.gather(Book.objects.acount(), Book.objects.afirst())
        return HttpResponse()

    facts = serve_asgi(view).get("/").cycle.stage(Stage.MODELS).facts

    assert facts["instances"] == [["shelf.Book", Book.objects.count() + 2]]
    assert [one["ways"] for one in facts["loads"]] == [["iter"], ["get"], ["iter"]]
    assert {one["caller"]["path"] for one in facts["loads"]} == {__file__}


def test_requests_at_once_count_their_own(serve: Any, settings: Any) -> None:
    def view(request: Any) -> Any:
        return HttpResponse(str(len(Book.objects.all()[: int(request.GET["n"])])))

    site: Site = serve(view)
    Book.objects.bulk_create(Book(title="b") for _ in range(10))

    for number in (3, 7):
        found = site.get(f"/?n={number}").cycle.stage(Stage.MODELS)
        assert found.count == number


def test_each_thread_of_a_view_has_its_own_loads_and_changes(serve_wsgi: Any) -> None:
    ready = threading.Barrier(3, timeout=10)

    def work(number: int) -> None:
        try:
            ready.wait()
            len(Book.objects.all()[:number])
            Author.objects.filter(name="nobody").update(name=str(number))
        finally:
            connection.close()

    def view(request: Any) -> Any:
        threads = [threading.Thread(target=work, args=(number,)) for number in (2, 5)]
        for one in threads:
            one.start()
        ready.wait()
        for one in threads:
            one.join(10)
        return HttpResponse()

    Book.objects.bulk_create(Book(title="b") for _ in range(10))

    cycle = serve_wsgi(view).get("/").cycle

    facts = cycle.stage(Stage.MODELS).facts
    assert facts["instances"] == [["shelf.Book", 7]]
    threads = {one.id: one.thread for one in cycle.queries}
    [load], [change] = facts["loads"], facts["changes"]
    for entry in (load, change):
        assert entry["times"] == 2
        assert len({threads[id_] for id_ in entry["queries"]}) == 2


def test_what_a_stream_loads_while_it_is_sent_is_counted(serve_wsgi: Any) -> None:
    def view(request: Any) -> Any:
        return StreamingHttpResponse(one.title for one in Book.objects.all())

    Book.objects.bulk_create(Book(title="b") for _ in range(10))

    found = serve_wsgi(view).get("/").cycle.stage(Stage.MODELS)

    assert found.facts["instances"] == [["shelf.Book", Book.objects.count()]]


def test_nothing_of_ours_is_kept_on_a_queryset_or_an_object() -> None:
    rows, again = Book.objects.select_related("author"), Book.objects.select_related("author")
    plain = next(iter(rows))

    with record():
        first = next(iter(again))
        again.count()
        assert set(vars(again)) == set(vars(rows))
        assert set(vars(first)) == set(vars(plain))
        assert set(vars(first._state)) == set(vars(plain._state))
        pickled = pickle.dumps([again, first])
        cache.set("books", again)

    assert b"cycle_inspector" not in pickled
    assert list(pickle.loads(pickled)[0]) == list(rows)  # noqa: S301 - made above
    assert list(cache.get("books")) == list(rows)


def test_queries_are_those_without_the_tool(django_assert_num_queries: Any) -> None:
    with CaptureQueriesContext(connection) as plain:
        every_way()

    with record(), CaptureQueriesContext(connection) as recorded:
        every_way()

    assert [one["sql"] for one in recorded] == [one["sql"] for one in plain]


def every_way() -> None:
    for work, _, _ in WAYS.values():
        work()


def test_a_queryset_class_of_the_project_is_left_in_peace() -> None:
    class Own(QuerySet[Book]):
        asked: list[str] = []  # noqa: RUF012

        def __iter__(self) -> Any:
            self.asked.append("iter")
            return super().__iter__()

        def __len__(self) -> int:
            self.asked.append("len")
            return super().__len__()

    [load] = loads(lambda: len(list(Own(Book))))

    assert load["rows"] == 30
    assert Own.asked == ["iter", "len"]


def test_a_query_that_fails_raises_as_ever() -> None:
    with record() as recording, pytest.raises(Exception, match="no such column"):
        list(Book.objects.extra(where=["nowhere = 1"]))

    assert recording.cycle.stage(Stage.MODELS).facts["loads"] == []
