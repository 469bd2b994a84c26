"""Whole cycles, through the real handlers, as they stand in the history."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from cycle_inspector.exporters import json_document
from cycle_inspector.history import reader
from cycle_inspector.records import Stage
from tests.shelf.models import Author, Book
from tests.shelf.views import PAGE
from tests.site import Answer, Site, ask_asgi, failures, find_cycle

# Under ASGI Django warns that it consumes a sync iterator whole, and under WSGI an async one.
_CONSUMED = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")

TAG = '<script type="module" src="/__cycle__/panel.js"></script>'


@pytest.mark.parametrize("path", ["/hello/", "/ahello/", "/class/", "/async-class/"])
def test_a_page_is_kept_with_all_eleven_stages(site: Site, path: str) -> None:
    answer = site.get(path)

    cycle = answer.cycle
    assert [summary.stage for summary in cycle.stages] == list(Stage)
    assert cycle.request["path"] == path
    assert cycle.response["status"] == 200
    assert not any(event.kind == "fault" for event in failures(cycle))
    assert cycle.dropped == {}
    assert json_document.export(cycle)["id"] == answer.cycle_id


def test_a_page_differs_by_the_script_element_only(site: Site) -> None:
    answer = site.get("/hello/")

    assert answer.text == PAGE.replace("</body>", TAG + "</body>")
    assert answer.headers.get("content-length") in (None, str(len(answer.body)))


def test_the_headers_name_the_cycle_beside_what_the_page_sent(site: Site) -> None:
    answer = site.get("/hello/")

    assert answer.headers["cycle-url"] == f"/__cycle__/{answer.cycle_id}/"
    assert answer.headers["server-timing"] == f'cycle;desc="{answer.cycle_id}"'


@_CONSUMED
@pytest.mark.parametrize("path", ["/data/", "/download/", "/redirect/"])
def test_what_is_no_page_is_not_touched(site: Site, settings: Any, path: str) -> None:
    with_tool = site.get(path)
    settings.MIDDLEWARE = settings.MIDDLEWARE[1:-1]
    without = Site(site.server).get(path)

    assert with_tool.body == without.body
    added = {"cycle-id", "cycle-url", "server-timing"}
    assert with_tool.headers.keys() - without.headers.keys() == added
    assert {name: with_tool.headers[name] for name in without.headers} == without.headers


@pytest.mark.parametrize("count", [0, 1, 7, 101])
def test_a_page_with_n_queries_shows_n(site: Site, count: int) -> None:
    cycle = site.get(f"/queries/{count}/").cycle

    assert len(cycle.statements) == count
    assert cycle.stage(Stage.DATABASE).count == count
    assert [query.params for query in cycle.statements] == [(1, number) for number in range(count)]


def test_eight_threads_do_not_mix_their_queries(wsgi_site: Site) -> None:
    counts = [number % 8 for number in range(64)]
    wsgi_site.get("/queries/0/")  # builds the chain

    def visit(count: int) -> Answer:
        try:
            return wsgi_site.get(f"/queries/{count}/")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(visit, counts))

    cycles = [answer.cycle for answer in answers]
    assert [len(cycle.statements) for cycle in cycles] == counts
    assert len({cycle.id for cycle in cycles}) == len(counts)


@pytest.mark.parametrize("page", ["aqueries", "gathered", "queries"])
def test_twenty_concurrent_async_requests_do_not_mix_their_queries(
    asgi_site: Site, page: str
) -> None:
    counts = [number % 5 for number in range(20)]

    async def visit_all() -> list[Answer]:
        visits = (ask_asgi(asgi_site.handler, "GET", f"/{page}/{count}/") for count in counts)
        return await asyncio.gather(*visits)

    answers = asyncio.run(visit_all())

    assert [len(answer.cycle.statements) for answer in answers] == counts


@_CONSUMED
@pytest.mark.parametrize("path", ["/stream/", "/astream/"])
def test_queries_of_a_stream_belong_to_its_cycle(site: Site, path: str) -> None:
    Book.objects.create(title="one")

    answer = site.get(path)

    assert answer.text.endswith(TAG + "</body></html>")
    assert len(answer.cycle.statements) == 1
    facts = answer.cycle.stage(Stage.RESPONSE).facts
    assert facts["streaming"] is True
    assert facts["chunks"] == 3
    assert facts["size_bytes"] == len(answer.body) - len(TAG)
    assert facts["last_byte_ns"] >= facts["first_byte_ns"] > 0


def test_a_stream_that_raises_half_way_raises_on_and_is_kept(wsgi_site: Site) -> None:
    with pytest.raises(ValueError, match="half-way"):
        wsgi_site.get("/broken-stream/")

    newest = reader.latest()
    assert newest is not None
    cycle = find_cycle(newest)
    assert [event.name for event in failures(cycle)] == ["ValueError"]
    assert cycle.findings[0].code == "CI001"


def test_a_request_inside_a_request_is_a_cycle_of_its_own(wsgi_site: Site) -> None:
    answer = wsgi_site.get("/nested/")

    inner_id = answer.text.rpartition(">")[2]
    outer, inner = answer.cycle, find_cycle(inner_id)
    assert len(outer.statements) == 2
    assert len(inner.statements) == 2
    assert inner.parent == outer.id
    assert outer.parent is None


def test_the_context_carried_into_a_thread_keeps_its_queries(wsgi_site: Site) -> None:
    (query,) = wsgi_site.get("/in-thread/").cycle.statements

    assert query.thread == "worker"


def test_threads_of_sync_to_async_keep_their_queries(site: Site) -> None:
    assert len(site.get("/through-threads/").cycle.statements) == 2


def test_an_exception_is_kept_with_the_line_that_raised_it(site: Site) -> None:
    answer = site.get("/raises/")

    assert answer.status == 500
    (event,) = failures(answer.cycle)
    assert (event.kind, event.name) == ("exception", "ValueError")
    assert event.attributes["message"] == "no such shelf"
    assert event.frames[0].function == "raises"
    assert answer.cycle.findings[0].title == "ValueError: no such shelf"


def test_a_404_of_the_resolver_is_kept_with_the_patterns_tried(site: Site) -> None:
    answer = site.get("/nothing-here/")

    routing = answer.cycle.stage(Stage.ROUTING)
    assert answer.status == 404
    assert routing.facts["not_found"] is True
    assert "hello/" in routing.facts["tried"]
    assert answer.cycle.findings == ()


def test_nothing_is_sent_recorded_or_served_with_debug_off(settings: Any, site: Site) -> None:
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {
        key: value for key, value in settings.CYCLE_INSPECTOR.items() if key != "ENABLED"
    }
    off = Site(site.server)

    answer = off.get("/hello/")

    assert answer.text == PAGE
    assert not {"cycle-id", "cycle-url", "server-timing"} & answer.headers.keys()
    assert off.get("/__cycle__/panel.js").status == 404
    assert not settings_path(settings).exists()


def settings_path(settings: Any) -> Any:
    return settings.CYCLE_INSPECTOR["HISTORY_PATH"]


def test_lazily_loaded_relations_are_named_with_their_template_line(site: Site) -> None:
    for number in range(4):
        Book.objects.create(title=str(number), author=Author.objects.create(name=str(number)))

    cycle = site.get("/in-template/").cycle

    assert len(cycle.statements) == 5
    lazy = cycle.statements[-1]
    assert lazy.relation == "shelf.Book.author"
    assert (lazy.template.name, lazy.template.line) == ("shelf/book.html", 2)
    assert lazy.caller.function == "in_template"
    (finding,) = cycle.findings
    assert finding.title == "N+1: 4 × shelf.Book.author"
    assert cycle.stage(Stage.MODELS).facts["instances"] == [["shelf.Book", 4], ["shelf.Author", 4]]


def test_the_templates_are_a_tree(wsgi_site: Site) -> None:
    Book.objects.create(title="one")

    renders = wsgi_site.get("/in-template/").cycle.renders

    assert [(one.name, one.how) for one in renders] == [
        ("shelf/books.html", "template"),
        ("shelf/base.html", "extends"),
        ("shelf/book.html", "template"),
    ]
    by_id = {one.id: one for one in renders}
    assert by_id[renders[2].parent].name == "shelf/base.html"
    assert (renders[2].template.name, renders[2].template.line) == ("shelf/books.html", 4)
    assert all(one.own_ns <= one.duration_ns for one in renders)


def test_form_templates_are_folded(wsgi_site: Site) -> None:
    renders = wsgi_site.get("/form/").cycle.renders

    (folded,) = [one for one in renders if one.how == "folded"]
    assert folded.count > 5
    assert folded.template.line == 1
