from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import notes
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_query, make_render, make_stage
from tests.panel.sample import failed_cycle, rich_cycle


def note(stage: Stage, facts: dict[str, Any] | None = None, **given: Any) -> str:
    summary = make_stage(stage, facts=facts or {})
    return notes.note(make_cycle(stages={stage: summary}, **given), summary)


@pytest.mark.parametrize(
    ("stage", "facts", "words"),
    [
        (Stage.CLIENT, {"method": "PUT", "path": "/a/"}, "PUT /a/"),
        (
            Stage.CLIENT,
            {"method": "GET", "path": "/a/", "address": "10.0.0.7"},
            "GET /a/ from 10.0.0.7",
        ),
        (Stage.CLIENT, {}, "GET /books/"),  # as the cycle says itself
        (Stage.CLIENT, {"method": "PUT", "path": "/a/", "body": "unread"}, "PUT /a/ · body unread"),
        (Stage.CLIENT, {"method": "PUT", "path": "/a/", "body": "read"}, "PUT /a/"),
        (Stage.GATEWAY, {"interface": "ASGI", "server": "ASGI 3.0"}, "ASGI · ASGI 3.0"),
        (Stage.GATEWAY, {"interface": "WSGI", "server": ""}, "WSGI"),
        (Stage.SETTINGS, {"module": "shop.settings"}, "shop.settings"),
        (Stage.SETTINGS, {}, ""),
        (Stage.SETTINGS, {"module": "a.b", "changed": {"changes": [{}, {}]}}, "a.b · 2 changes"),
        (Stage.MIDDLEWARE, {"onion": [{"name": "shop.Cache", "short_circuit": False}]}, ""),
        (
            Stage.MIDDLEWARE,
            {"onion": [{"name": "a.B"}, {"name": "shop.Cache", "short_circuit": True}]},
            "Cache answered by itself",
        ),
        (
            Stage.MIDDLEWARE,
            {
                "onion": [
                    {"name": "a.B", "became": [404, 301]},
                    {"name": "shop.Rates", "raised": {"type": "shop.Outdated"}},
                ]
            },
            "Rates raised Outdated",
        ),
        (Stage.ROUTING, {"view_name": "shop:list", "route": "books/"}, "shop:list"),
        (Stage.ROUTING, {"view_name": "", "route": "books/"}, "books/"),
        (Stage.ROUTING, {"not_found": True, "view_name": "x"}, "no pattern matched"),
        (Stage.VIEW, {"name": "shop.views.catalogue.BookList"}, "catalogue.BookList"),
        (Stage.VIEW, {"name": "view"}, "view"),
        (Stage.VIEW, {}, ""),
        (
            Stage.VIEW,
            {"name": "a.b", "exception": {"type": "django.core.exceptions.FieldError"}},
            "raised FieldError",
        ),
        (Stage.MODELS, {}, ""),
        (Stage.MODELS, {"instances": [["a.B", 1]]}, "1 object loaded"),
        (
            Stage.MODELS,
            {
                "instances": [["a.B", 2], ["a.C", 3]],
                "lazy": [["a.B.c", 4]],
                "saved": [["a.B", 1, 1]],
            },
            "5 objects loaded, 4 lazily, 2 saved",
        ),
        (Stage.TEMPLATES, {"missing": [{"name": "gone.html"}]}, "gone.html is missing"),
        (Stage.TEMPLATES, {}, ""),
        (Stage.BROWSER, {"load_ns": 342 * MS, "first_byte_ns": MS}, "done after 342 ms"),
        (Stage.BROWSER, {"first_byte_ns": 9 * MS}, "done after 9.00 ms"),
        (Stage.BROWSER, {"load_ns": "soon"}, ""),
    ],
)
def test_a_note_says_what_the_stage_did(stage: Stage, facts: Any, words: str) -> None:
    assert note(stage, facts) == words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "200 · text/html · 1.2 KB"),
        (
            {"status": 404, "content_type": "text/plain; charset=x", "size_bytes": 0},
            "404 · text/plain · 0 B",
        ),
        ({"streaming": True, "ended": "complete"}, "200 · text/html · 1.2 KB · streamed"),
        ({"streaming": True, "ended": "unseen"}, "200 · text/html · 1.2 KB · streamed"),
        ({"streaming": True, "ended": "raised"}, "200 · text/html · 1.2 KB · stream cut off"),
        ({"streaming": True, "ended": "closed"}, "200 · text/html · 1.2 KB · stream cut off"),
        ({"missing": "No response was made: CancelledError."}, "none was made"),
    ],
)
def test_the_note_on_a_response_says_what_left(facts: Any, words: str) -> None:
    assert note(Stage.RESPONSE, facts) == words


def test_the_note_on_the_database_counts_queries_and_failures() -> None:
    begin = make_query(id=1, is_transaction=True)
    failed = make_query(id=2, error="no such table")

    assert note(Stage.DATABASE, queries=(begin,)) == ""
    assert note(Stage.DATABASE, queries=(begin, make_query(id=3))) == "1 query"
    assert note(Stage.DATABASE, queries=(failed, make_query(id=3))) == "2 queries, 1 failed"


def test_the_note_on_templates_names_the_outermost() -> None:
    renders = (make_render(name="list.html"), make_render(id=31, name="base.html"))

    assert note(Stage.TEMPLATES, renders=renders) == "list.html"


def test_a_block_has_no_note_on_its_client() -> None:
    assert note(Stage.CLIENT, request={}) == ""


@pytest.mark.parametrize(
    ("stage", "facts"),
    [
        (Stage.MODELS, {"instances": 7}),
        (Stage.MODELS, {"instances": [7]}),
        (Stage.MIDDLEWARE, {"onion": ["a"]}),
        (Stage.VIEW, {"exception": "ValueError"}),
        (Stage.TEMPLATES, {"missing": {"name": "x"}}),
    ],
)
def test_a_note_on_facts_of_another_shape_is_empty(stage: Stage, facts: Any) -> None:
    assert note(stage, facts) == ""


def test_every_stage_of_a_real_cycle_can_be_noted() -> None:
    for cycle in (rich_cycle(), failed_cycle()):
        assert [notes.note(cycle, one) for one in cycle.stages].count("") == 1  # of the middleware


def test_four_stages_count_what_they_did() -> None:
    cycle = rich_cycle()
    counts = {one.stage: notes.stage_count(cycle, one) for one in cycle.stages}

    assert {stage: count for stage, count in counts.items() if count} == {
        Stage.MIDDLEWARE: 7,
        Stage.MODELS: 81,
        Stage.DATABASE: 45 + 12,
        Stage.TEMPLATES: 48,
    }


def test_a_stage_that_did_nothing_has_no_number() -> None:
    cycle = make_cycle()

    assert {notes.stage_count(cycle, one) for one in cycle.stages} == {None}


def test_what_was_dropped_and_folded_is_counted_too() -> None:
    renders = (make_render(count=1), make_render(id=31, how="folded", count=6))
    cycle = make_cycle(
        renders=renders,
        queries=(make_query(), make_query(id=11, is_transaction=True)),
        dropped={"renders": 3, "queries": 2},
    )

    assert notes.render_count(cycle) == 10
    assert notes.query_count(cycle) == 3


def test_the_browser_is_done_when_the_page_has_loaded() -> None:
    def end_ns(**facts: int) -> int | None:
        return notes.browser_end_ns(
            make_cycle(stages={Stage.BROWSER: make_stage(Stage.BROWSER, facts=facts)})
        )

    assert end_ns(first_byte_ns=1, load_ns=5, lcp_ns=9) == 5
    assert end_ns(first_byte_ns=1, lcp_ns=9) == 9
    assert end_ns(dns_ns=1) is None
