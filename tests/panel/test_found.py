"""What a search finds, as it is listed."""

from __future__ import annotations

from cycle_inspector.panel import found
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_event, make_finding, make_query, make_render


def test_each_leads_to_the_view_that_shows_it() -> None:
    cycle = make_cycle(
        queries=(make_query(sql="SELECT 1 AS shelf"),),
        renders=(make_render(name="shelf.html"),),
        events=(
            make_event(kind="log", name="shelf", stage=Stage.VIEW),
            make_event(kind="exception", name="ShelfError", stage=Stage.VIEW),
        ),
        findings=(make_finding(title="shelf"),),
    )

    views = {hit.kind: view for hit, view in found.context(cycle, "shelf")["hits"]}

    assert views == {
        "query": "database",
        "template": "templates",
        "log": "events",
        "exception": "view",
        "finding": "overview",
    }


def test_many_are_counted_and_the_first_are_listed() -> None:
    cycle = make_cycle(queries=tuple(make_query(id=at) for at in range(1, 501)))

    shown = found.context(cycle, "sql:select")

    assert (len(shown["hits"]), shown["count"]) == (found.MOST, 500)
    assert "500 matches, of which the first 200" in found.fragment(cycle, "sql:select")


def test_an_empty_search_finds_nothing() -> None:
    assert found.context(make_cycle(queries=(make_query(),)), "  ")["hits"] == []


def test_what_cannot_be_understood_is_a_sentence() -> None:
    assert "time:x is no duration" in found.fragment(make_cycle(), "time:x")


def test_what_finds_nothing_says_what_can_be_asked() -> None:
    html = found.fragment(make_cycle(queries=()), "<b>nothing</b>")

    assert "&lt;b&gt;nothing&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "table:" in html


def test_what_is_found_is_text() -> None:
    cycle = make_cycle(queries=(make_query(sql="SELECT '<script>x</script>'"),))

    assert "<script>" not in found.fragment(cycle, "sql:script")
