"""Who asked, once more: what is remembered is what a walk finds, and saves the walk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.http import HttpResponse
from django.template import engines

from cycle_inspector.collectors import _again, _frames
from cycle_inspector.records import Cycle, Query
from tests.shelf.models import Author, Book, Cover

LAZY = (
    "{% for book in books %}\n{{ book.author.name }}\n{% if book.author_id %}{{ book.cover.pk }}"
    "{% endif %}\n{% endfor %}"
)


class Paperback(Book):
    class Meta:
        proxy = True
        app_label = "shelf"
        apps = Apps()  # not in the project's


@pytest.fixture
def _shelf(transactional_db: None) -> None:
    for number in range(6):
        author = Author.objects.create(name=f"author {number}")
        Cover.objects.create(book=Book.objects.create(title=f"book {number}", author=author))


def walked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the walks from now on."""
    count = 0
    walk = _frames.look_up

    def look_up(*args: Any) -> Any:
        nonlocal count
        count += 1
        return walk(*args)

    monkeypatch.setattr(_frames, "look_up", look_up)
    return lambda: count


def never_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_again, "_way", lambda *_: None)


def places(cycle: Cycle) -> list[tuple[Any, ...]]:
    return [(one.sql, one.frames, one.template, one.relation, one.method) for one in cycle.queries]


def count(where: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM shelf_book WHERE title = %s", [where])


def in_template(request: Any) -> HttpResponse:
    template = engines["django"].from_string(LAZY)
    return HttpResponse(template.render({"books": Book.objects.order_by("pk")}))


def in_loop(request: Any) -> HttpResponse:
    for book in Book.objects.order_by("pk"):
        str(book.author)
        str(book.cover.pk)
    return HttpResponse()


def on_two_lines(request: Any) -> HttpResponse:
    for _ in range(4):
        count("a")
        count("b")
    return HttpResponse()


def deeper_each_time(request: Any) -> HttpResponse:
    def descend(levels: int) -> None:
        count("a")
        if levels:
            descend(levels - 1)

    descend(4)
    return HttpResponse()


def by_two_ways(request: Any) -> HttpResponse:
    def straight() -> None:
        count("a")

    def around() -> None:
        straight()

    for _ in range(3):
        straight()
        around()
    return HttpResponse()


def of_two_kinds(request: Any) -> HttpResponse:
    for model in (Book, Book, Book, Paperback, Book):
        str(model.objects.order_by("pk").first().author)  # type: ignore[union-attr]
    return HttpResponse()


def by_two_methods(request: Any) -> HttpResponse:
    book = Book.objects.order_by("pk")[0]
    for name in ("first", "last", "first", "last", "first", "last", "first"):
        getattr(Book.objects.filter(pk=book.pk).order_by("?"), name)()
    return HttpResponse()


def in_threads(request: Any) -> HttpResponse:
    def work(name: str) -> None:
        try:
            for _ in range(4):
                count(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for one in threads:
        one.start()
        one.join()
    return HttpResponse()


VIEWS = (
    in_template,
    in_loop,
    on_two_lines,
    deeper_each_time,
    by_two_ways,
    of_two_kinds,
    by_two_methods,
    in_threads,
)


@pytest.mark.usefixtures("_shelf")
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_each_query_has_the_place_that_a_walk_finds(
    view: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(view)
    site.get("/")  # what is done once for each process
    remembered = places(site.get("/").cycle)
    never_remembered(monkeypatch)

    assert remembered == places(site.get("/").cycle)
    assert len(remembered) >= 5


@pytest.mark.usefixtures("_shelf")
@pytest.mark.parametrize("view", [in_template, in_loop], ids=lambda view: view.__name__)
def test_loop_is_walked_twice_for_each_of_its_statements(
    view: Any, serve_wsgi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve_wsgi(view)
    site.get("/")
    count_of = walked(monkeypatch)
    queries: tuple[Query, ...] = site.get("/").cycle.queries

    assert len(queries) == 1 + 6 + 6
    assert count_of() <= 1 + 2 + 2 + 1  # and once above the render


@pytest.mark.usefixtures("_shelf")
def test_statements_that_differ_are_each_walked(
    serve_wsgi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view(request: Any) -> HttpResponse:
        for number in range(6):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {number}")
        return HttpResponse()

    site = serve_wsgi(view)
    site.get("/")
    count_of = walked(monkeypatch)
    site.get("/").cycle  # noqa: B018 - written by now

    assert count_of() == 6


def test_so_many_statements_are_remembered_inside_of_one_span(
    serve_wsgi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view(request: Any) -> HttpResponse:
        for _ in range(3):
            for number in range(3):
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT {number}")
        return HttpResponse()

    site = serve_wsgi(view)
    site.get("/")
    monkeypatch.setattr(_again, "_MOST", 1)
    count_of = walked(monkeypatch)
    site.get("/").cycle  # noqa: B018 - written by now

    assert count_of() == 2 + 3 + 3
