"""Many rows for a few, by real requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from cycle_inspector.records import Cycle, Finding, Severity
from tests.conftest import Server
from tests.shelf.models import Tag

ROWS = 120


# How fast the machine is says nothing about the rows.
PATIENT = dict.fromkeys(("SLOW_QUERY_MS", "SLOW_MIDDLEWARE_MS", "SLOW_TEMPLATE_MS"), 60_000)


@pytest.fixture(autouse=True)
def tags(switched_on: Any) -> None:
    switched_on(THRESHOLDS=PATIENT)
    Tag.objects.bulk_create(Tag(name=f"tag {at}") for at in range(ROWS))


def listed_and_sliced() -> Any:
    return list(Tag.objects.order_by("pk"))[:20]


def a_page_of_a_list() -> Any:
    tags = list(Tag.objects.order_by("pk"))
    paginator = Paginator(tags, 20)
    return list(paginator.get_page(2))


def asked_and_sliced() -> Any:
    tags = Tag.objects.order_by("pk")
    return list(tags[:20]) if tags else []


def a_page_of_what_is_loaded() -> Any:
    tags = Tag.objects.order_by("pk")
    if len(tags) > 0:
        return Paginator(tags, 20).get_page(2).object_list
    return []


def a_loop_that_ends_early() -> Any:
    found = []
    for tag in Tag.objects.order_by("pk"):
        if len(found) == 3:
            break
        found.append(tag)
    return found


def the_first_of_an_iterator() -> Any:
    return list(islice(Tag.objects.order_by("pk"), 3))


WASTED: dict[str, tuple[Callable[[], Any], str]] = {
    "a list that is sliced": (listed_and_sliced, "without a list() around it"),
    "a page of a list": (a_page_of_a_list, "without a list() around it"),
    "an if, and a slice": (asked_and_sliced, "Ask exists()"),
    "len(), and a page": (a_page_of_what_is_loaded, "Ask exists()"),
    "a loop that ends early": (a_loop_that_ends_early, "The loop ended early"),
    "an iterator": (the_first_of_an_iterator, "The loop ended early"),
}


def sliced() -> Any:
    return list(Tag.objects.order_by("pk")[:20])


def a_page() -> Any:
    return list(Paginator(Tag.objects.order_by("pk"), 20).get_page(2))


def asked_at_the_database() -> Any:
    tags = Tag.objects.order_by("pk")
    return list(tags[:20]) if tags.exists() else []


def a_list_that_is_used_twice() -> Any:
    tags = list(Tag.objects.order_by("pk"))
    return tags[:20], len(tags)


def all_pages_of_a_list() -> Any:
    paginator = Paginator(list(Tag.objects.order_by("pk")), 20)
    return [list(paginator.page(at)) for at in paginator.page_range]


def a_list_by_another_name() -> Any:
    tags = list(Tag.objects.order_by("pk"))
    tags = tags[:20]
    return tags


def large_parts() -> Any:
    tags = Tag.objects.order_by("pk")
    return bool(tags) and [*tags[:50], *tags[50:100]]


def all_of_them() -> Any:
    tags = Tag.objects.order_by("pk")
    return [tag.pk for tag in tags], tags[0]


def few_rows() -> Any:
    tags = Tag.objects.order_by("pk")[:50]
    for tag in tags:
        return tag


WELL: list[Callable[[], Any]] = [
    sliced,
    a_page,
    asked_at_the_database,
    a_list_that_is_used_twice,
    all_pages_of_a_list,
    a_list_by_another_name,
    large_parts,
    all_of_them,
    few_rows,
]


def answered(serve: Server, work: Callable[[], Any]) -> Cycle:
    def view(request: Any) -> HttpResponse:
        work()
        return HttpResponse()

    cycle = serve(view).get("/").cycle
    assert cycle.failed_rules == ()
    return cycle


def found(cycle: Cycle) -> list[Finding]:
    return [one for one in cycle.findings if one.code == "CI107"]


@pytest.mark.parametrize("kind", WASTED)
def test_finds_rows_that_were_loaded_for_a_few(serve_wsgi: Server, kind: str) -> None:
    work, words = WASTED[kind]

    (finding,) = answered(serve_wsgi, work).findings  # and nothing else

    assert finding.code == "CI107"
    assert finding.title.startswith(f"{ROWS} rows of shelf.Tag were loaded, and ")
    assert words in finding.fix
    assert finding.caller is not None
    assert finding.caller.function == work.__name__
    assert 0 < finding.saved_ns < finding.cost_ns
    is_loop = "loop" in words
    assert finding.severity is (Severity.INFO if is_loop else Severity.WARNING)


@pytest.mark.parametrize("work", WELL)
def test_does_not_find(serve_wsgi: Server, work: Callable[[], Any]) -> None:
    assert found(answered(serve_wsgi, work)) == []


def test_finds_them_in_a_template_and_in_an_async_site(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        return render(request, "shelf/some_tags.html", {"tags": Tag.objects.order_by("pk")})

    (finding,) = found(serve(view).get("/").cycle)
    assert finding.title == f"{ROWS} rows of shelf.Tag were loaded, and 20 were used"
    assert finding.template == ("shelf/some_tags.html", 1)


def test_does_not_find_a_loop_that_an_exception_ended(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        for tag in Tag.objects.all():
            raise ValueError(tag)
        return HttpResponse()

    assert found(serve(view).get("/").cycle) == []


def test_does_not_find_a_loop_of_a_stream_that_nobody_read_to_its_end(
    serve_wsgi: Server,
) -> None:
    def rows() -> Iterator[str]:
        for tag in Tag.objects.all():
            yield tag.name

    def view(request: Any) -> StreamingHttpResponse:
        response = StreamingHttpResponse(rows())
        next(iter(response))
        return response

    assert found(serve_wsgi(view).get("/").cycle) == []


def test_one_queryset_that_was_counted_and_loaded_is_told_once(serve_wsgi: Server) -> None:
    def counted_and_left() -> None:
        tags = Tag.objects.order_by("pk")
        for at, _ in enumerate(tags if tags.count() else ()):
            if at == 2:
                break

    assert [one.code for one in answered(serve_wsgi, counted_and_left).findings] == ["CI107"]


def test_a_threshold_says_what_is_much(serve_wsgi: Server, switched_on: Any) -> None:
    switched_on(THRESHOLDS={"UNREAD_ROWS": 116})
    assert len(found(answered(serve_wsgi, a_loop_that_ends_early))) == 1
    switched_on(THRESHOLDS={"UNREAD_ROWS": 118})
    assert found(answered(serve_wsgi, a_loop_that_ends_early)) == []
