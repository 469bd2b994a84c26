from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cycle_inspector import panel
from cycle_inspector.panel import layout, notes, pages, queries, renders, sql, stages, timeline
from cycle_inspector.panel.pages import Urls
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_query, make_render, make_span, make_stage
from tests.panel.sample import (
    HOSTILE,
    empty_cycle,
    failed_cycle,
    full_facts,
    hostile_cycle,
    rich_cycle,
)

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")
PACKAGE = Path(panel.__file__).parent.parent


class Markup(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((tag, *pair) for pair in attrs)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("facts", [{}, None])
def test_every_stage_shows_empty_and_full_facts(stage, facts):
    shown = full_facts()[stage] if facts is None else facts
    cycle = make_cycle(stages={stage: make_stage(stage, facts=shown)})
    html = pages.stage(cycle, stage)
    assert "cannot be shown" not in html
    assert stages.ABOUT[stage].sentence.split(".")[0].replace("'", "&#x27;") in html


@pytest.mark.parametrize("stage", list(Stage))
def test_every_fact_may_be_missing(stage):
    facts = full_facts()[stage]
    for key in facts:
        rest = {name: value for name, value in facts.items() if name != key}
        cycle = make_cycle(stages={stage: make_stage(stage, facts=rest)})
        assert "cannot be shown" not in pages.stage(cycle, stage)


@pytest.mark.parametrize("make", [rich_cycle, failed_cycle, empty_cycle])
def test_a_page_holds_no_style_and_no_script_of_its_own(make):
    markup = Markup(pages.page(make(), URLS))
    assert "style" not in markup.tags
    scripts = [one for one in markup.attributes if one[0] == "script"]
    assert scripts == [("script", "type", "module"), ("script", "src", "/__cycle__/report.js")]
    for _, name, _ in markup.attributes:
        assert name != "style"
        assert not name.startswith("on")


def test_no_template_has_an_inline_style_or_script():
    for path in (PACKAGE / "templates" / "cycle_inspector").rglob("*.html"):
        source = path.read_text()
        assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:", source), path
        assert not re.search(r"<script(?! type=\"module\" src=)", source), path
        assert not re.search(r"\|\s*safe|autoescape off", source), path


def test_markup_from_outside_comes_out_as_text():
    markup = Markup(pages.page(hostile_cycle(), URLS))
    assert "img" not in markup.tags
    assert markup.tags.count("script") == 1
    assert not [one for one in markup.attributes if one[1].startswith("on")]
    assert HOSTILE in markup.text
    for stage in Stage:
        fragment = Markup(pages.stage(hostile_cycle(), stage))
        assert not {"img", "script"} & set(fragment.tags)
        assert "cannot be shown" not in fragment.text


def test_the_ids_of_a_page_are_unique():
    found = re.findall(r'\sid="([^"]*)"', pages.page(rich_cycle(), URLS))
    assert len(found) == len(set(found)) > 20


def test_geometry_stands_in_attributes():
    shown = pages.overview(rich_cycle(), URLS)
    for x, width in re.findall(r'<rect[^>]* x="([^"]*)" width="([^"]*)"', shown):
        assert re.fullmatch(r"\d{1,3}\.\d{3}%", x)
        assert re.fullmatch(r"\d{1,3}\.\d{3}%", width)


def test_what_was_dropped_is_said():
    assert "12 more queries were only counted" in pages.stage(rich_cycle(), Stage.DATABASE)
    assert "12 more queries were only counted" in pages.overview(rich_cycle(), URLS)
    assert "were only counted" not in pages.stage(rich_cycle(), Stage.TEMPLATES)


def test_an_exception_is_shown_first():
    shown = pages.overview(failed_cycle(), URLS)
    assert "FieldError" in shown
    assert shown.index("FieldError") < shown.index("The cycle")
    assert "Cannot resolve keyword" in pages.stage(failed_cycle(), Stage.VIEW)


def test_one_broken_stage_does_not_take_the_others_with_it(caplog):
    broken = make_stage(Stage.MODELS, facts={"instances": [7]})
    shown = pages.page(make_cycle(stages={Stage.MODELS: broken}), URLS)
    assert "The models stage of this cycle cannot be shown (TypeError)" in shown
    assert "No query was sent" in shown
    assert len(caplog.records) == 1


def test_the_browser_is_waited_for_only_on_pages():
    assert "Waiting for the browser" in pages.stage(make_cycle(), Stage.BROWSER)
    fetched = make_cycle(response={"status": 200, "content_type": "application/json"})
    assert "Not a page" in pages.stage(fetched, Stage.BROWSER)


def test_without_a_root_there_are_no_links_to_other_pages():
    shown = pages.embed(rich_cycle(parent="x"), Urls(assets="/static/cycle_inspector/"))
    assert "/__cycle__/" not in shown
    assert "None" not in shown
    assert 'href="/static/cycle_inspector/tokens.css"' in shown
    assert shown.lstrip().startswith("<cycle-embed>\n<template shadowrootmode")


def test_pages_that_say_why_there_is_nothing():
    assert "It is &lt;full&gt;." in pages.problem("No", "It is <full>.", URLS)
    assert "It is &lt;full&gt;." in pages.problem_fragment("It is <full>.")
    assert "No request has been recorded yet" in pages.index([], URLS)


# Timeline and layout


def test_the_timeline_has_a_row_for_each_stage_in_order():
    rows = timeline.lay_out(rich_cycle()).rows
    assert [row.name for row in rows if row.number] == [stage.value for stage in Stage]
    assert [row.number for row in rows if row.number] == list(range(1, 12))


def test_a_middleware_is_drawn_at_both_ends():
    attributes = {"in_ns": 2 * MS, "out_ns": 1 * MS}
    span = make_span(
        stage=Stage.MIDDLEWARE,
        name="shop.Slow",
        start_ns=0,
        duration_ns=40 * MS,
        attributes=attributes,
    )
    [row] = [one for one in timeline.lay_out(make_cycle(spans=(span,))).rows if one.name == "Slow"]
    thread, way_in, way_out = row.bars
    assert (way_in.x, way_in.width) == ("0.000%", "5.000%")
    assert (way_out.x, way_out.width) == ("97.500%", "2.500%")
    assert (thread.x, thread.end) == ("5.000%", "97.500%")
    assert row.duration_ns == 3 * MS


def test_tiny_neighbours_are_drawn_as_one():
    bars = layout.Axis(10_000 * MS).bars([(at * MS, at * MS + 1) for at in range(9)], "work")
    assert len(bars) == 1


def test_own_times_never_exceed_the_cycle():
    view = make_span(id=1, parent=None, start_ns=0, duration_ns=10 * MS)
    at_once = tuple(
        make_query(id=10 + one, parent=1, start_ns=2 * MS, duration_ns=4 * MS) for one in range(3)
    )
    times = layout.own_times(make_cycle(spans=(view,), queries=at_once))
    assert times[Stage.VIEW] == 6 * MS


@pytest.mark.parametrize("total", [0, 1, 999, 84 * MS, 3_600_000 * MS])
def test_an_axis_has_few_labels_inside_the_drawing(total):
    ticks = layout.Axis(total).ticks()
    assert len(ticks) <= 6
    assert all(0 < float(one.x.rstrip("%")) < 100 for one in ticks)


# Queries, templates, SQL


def test_repeated_queries_are_shown_in_full_once():
    lines = queries.lines(rich_cycle())
    authors = [one for one in lines if one.query.relation]
    assert authors[0].like is None
    assert {one.like for one in authors[1:]} == {authors[0].number}
    assert all(one.marks[0].label == "N+1" for one in authors)


def test_statements_that_ran_more_than_once_are_counted():
    first, second = queries.shapes(rich_cycle())
    assert (first.count, second.count, second.same_count) == (40, 2, 2)


def test_transaction_statements_have_no_number():
    begin = make_query(id=1, sql="BEGIN", is_transaction=True, params=None)
    lines = queries.lines(make_cycle(queries=(begin, make_query(id=2))))
    assert [one.number for one in lines] == [None, 1]


def test_the_same_include_in_a_loop_is_one_branch():
    found = renders.branches(rich_cycle())
    assert [(one.first.name, one.depth, one.count) for one in found] == [
        ("catalog/book_list.html", 0, 1),
        ("base.html", 1, 1),
        ("catalog/_book.html", 2, 40),
        ("django/forms/div.html", 2, 6),
    ]


def test_a_template_with_a_lost_parent_is_a_root():
    [branch] = renders.branches(make_cycle(renders=(make_render(parent=999),)))
    assert branch.depth == 0


def test_a_statement_of_a_megabyte_is_shown_as_it_is():
    huge = "SELECT * FROM t WHERE id IN (" + "%s, " * 250_000 + "%s)"
    assert sql.Formatter().format(huge) == huge
    assert len(sql.shorten(huge)) < 300
    assert "<span" not in sql.highlight(huge)


def test_formatting_stops_when_its_time_is_used_up():
    formatter = sql.Formatter(budget_seconds=0)
    assert formatter.format("select 1 from t where a and b") == "select 1 from t where a and b"


def test_ten_thousand_queries_can_be_shown():
    many = tuple(make_query(id=at, params=(at,), start_ns=at) for at in range(10_000))
    shown = pages.stage(make_cycle(queries=many), Stage.DATABASE)
    assert "10000 queries" in shown


def test_a_note_on_facts_of_another_shape_is_empty():
    odd = make_stage(Stage.MODELS, facts={"instances": 7})
    assert notes.note(make_cycle(), odd) == ""


def test_a_block_has_a_title():
    shown = pages.page(replace(empty_cycle(), duration_ns=0), URLS)
    assert "A recorded block" in shown
    assert "None" not in Markup(shown).text


def test_the_thousandth_repetition_is_one_line():
    many = tuple(make_query(id=at, params=(at,), start_ns=at) for at in range(1_100))
    lines = queries.lines(make_cycle(queries=many))
    assert [one.is_brief for one in lines].count(True) == 100
    assert "as #1, with 1099" in pages.stage(make_cycle(queries=many), Stage.DATABASE)
