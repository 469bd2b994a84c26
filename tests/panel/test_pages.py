from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cycle_inspector import panel
from cycle_inspector.history.links import Links
from cycle_inspector.panel import pages, stages
from cycle_inspector.panel.pages import Urls
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_finding, make_query, make_stage
from tests.panel.sample import (
    HOSTILE,
    empty_cycle,
    failed_cycle,
    full_facts,
    hostile_cycle,
    make_row,
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


def test_a_change_is_shown_as_the_text_that_it_is():
    diff = "--- /a.py\n+++ /a.py\n@@ -1 +1 @@\n-a = '<i>'\n+a = '<b>'"
    cycle = make_cycle(findings=(make_finding(diff=diff),))

    page = pages.overview(cycle, URLS)

    assert '<span class="added">+a = &#x27;&lt;b&gt;&#x27;</span>' in page


def test_what_was_dropped_is_said():
    assert "12 more queries were only counted" in pages.stage(rich_cycle(), Stage.DATABASE)
    assert "12 more queries were only counted" in pages.overview(rich_cycle(), URLS)
    assert "were only counted" not in pages.stage(rich_cycle(), Stage.TEMPLATES)


def test_an_exception_is_shown_first():
    shown = pages.overview(failed_cycle(), URLS)
    assert "FieldError" in shown
    assert shown.index("FieldError") < shown.index("The cycle")


def test_one_broken_stage_does_not_take_the_others_with_it(caplog):
    broken = make_stage(Stage.MODELS, facts={"instances": [7]})
    shown = pages.page(make_cycle(stages={Stage.MODELS: broken}), URLS)
    assert "The models stage of this cycle cannot be shown (TypeError)" in shown
    assert "No query was sent" in shown
    assert len(caplog.records) == 1


def test_without_a_root_there_are_no_links_to_other_pages():
    links = Links(outer=make_row(id="x"), inside=(make_row(),))
    cycle = rich_cycle(parent="x", cause="inside")
    shown = pages.embed(cycle, Urls(assets="/static/cycle_inspector/"), links=links)
    assert "Ran inside" in shown
    assert "<a data-cycle" not in shown
    assert "/__cycle__/" not in shown
    assert "None" not in shown
    assert 'href="/static/cycle_inspector/tokens.css"' in shown
    assert shown.lstrip().startswith("<cycle-embed>\n<template shadowrootmode")


def test_links_to_other_cycles_lead_where_they_are_told_to():
    links = Links(outer=make_row(id="x"), inside=(make_row(id="y"),))
    cycle = rich_cycle(parent="x", cause="inside")
    urls = Urls(assets="/assets/", cycle=lambda cycle_id: f"/admin/{cycle_id}/change/")
    shown = pages.embed(cycle, urls, links=links)
    assert shown.count('href="/admin/x/change/" data-cycle="x"') == 2  # in the head as well
    assert 'href="/admin/y/change/" data-cycle="y"' in shown
    assert "Full page" not in shown


def test_a_chain_of_redirects_is_shown_in_its_order():
    rows = (make_row(id="a", path="/a/", status=301), make_row(id="b", path="/b/", status=302))
    cycle = rich_cycle(parent="b", cause="redirect")
    shown = pages.page(cycle, URLS, links=Links(before=rows))
    assert "Redirected from</a>" in shown
    assert Markup(shown).text.index("GET /a/") < Markup(shown).text.index("GET /b/")
    assert shown.index("Redirected here from") < shown.index("N+1: 40")


def test_cycles_that_a_page_caused_are_listed_by_how_it_did():
    links = Links(
        inside=(make_row(path="/inner/"),), fetched=(make_row(path="/api/"),), fetched_count=2
    )
    shown = pages.overview(rich_cycle(), URLS, links=links)
    assert shown.index("Cycles inside this one") < shown.index("GET /inner/")
    assert shown.index("Fetched by this page") < shown.index("GET /api/")
    assert "1 more is not listed." in shown


def test_a_page_without_other_cycles_says_nothing_of_them():
    shown = pages.page(rich_cycle(), URLS)
    for words in ('data-cycle="0', "Redirected", "Fetched", "Cycles inside", "Led to"):
        assert words not in shown.partition("cycle-report>")[2]


def test_the_paths_of_other_cycles_are_text():
    row = make_row(path=HOSTILE, method="GET")
    links = Links(before=(row,), inside=(row,), fetched=(row,))
    markup = Markup(pages.page(rich_cycle(), URLS, links=links))
    assert not {"img"} & set(markup.tags)
    assert markup.text.count(HOSTILE) == 3


def test_pages_that_say_why_there_is_nothing():
    assert "It is &lt;full&gt;." in pages.problem("No", "It is <full>.", URLS)
    assert "It is &lt;full&gt;." in pages.problem_fragment("It is <full>.")
    assert "No request has been recorded yet" in pages.index([], URLS)


def test_ten_thousand_queries_can_be_shown():
    many = tuple(make_query(id=at, params=(at,), start_ns=at) for at in range(10_000))
    shown = pages.stage(make_cycle(queries=many), Stage.DATABASE)
    assert "10000 queries" in shown


def test_a_block_has_a_title():
    shown = pages.page(replace(empty_cycle(), duration_ns=0), URLS)
    assert "A recorded block" in shown
    assert "None" not in Markup(shown).text
