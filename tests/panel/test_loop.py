"""The loop: eleven stops, and shares that add up."""

from __future__ import annotations

import pytest

from cycle_inspector.panel import loop
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.pages import overview
from cycle_inspector.records import Cycle, Stage
from tests.factories import MS, make_cycle, make_query, make_span, make_stage
from tests.panel.sample import rich_cycle


def stop(cycle: Cycle, stage: Stage) -> loop.Stop:
    [found] = [one for one in loop.stops(cycle) if one.stage == stage.value]
    return found


def test_there_is_a_stop_for_each_stage_in_order() -> None:
    stops = loop.stops(rich_cycle())

    assert [one.stage for one in stops] == [stage.value for stage in Stage]
    assert [one.number for one in stops] == list(range(1, 12))
    assert all(one.role and one.about.sentence for one in stops)


def test_shares_are_of_own_times_and_add_up() -> None:
    view = make_span(id=1, stage=Stage.VIEW, start_ns=0, duration_ns=40 * MS)
    query = make_query(id=2, parent=1, start_ns=10 * MS, duration_ns=10 * MS)
    cycle = make_cycle(spans=(view,), queries=(query,), stages={})

    found = {one.stage: one for one in loop.stops(cycle)}

    assert (found["view"].own_ns, found["view"].share) == (30 * MS, "75 %")
    assert (found["database"].own_ns, found["database"].share) == (10 * MS, "25 %")
    assert found["templates"].own_ns is None
    assert sum(one.percent or 0 for one in found.values()) == pytest.approx(100)


def test_what_took_any_time_can_be_seen() -> None:
    view = make_span(id=1, stage=Stage.VIEW, start_ns=0, duration_ns=1000 * MS)
    query = make_query(id=2, parent=1, start_ns=0, duration_ns=1 * MS)
    cycle = make_cycle(spans=(view,), queries=(query,), stages={})

    database = stop(cycle, Stage.DATABASE)

    assert (database.share, database.arc) == ("<1 %", "1.50")
    assert stop(cycle, Stage.TEMPLATES).arc == "0"


def test_the_browser_has_a_time_and_no_share_of_the_servers() -> None:
    measured = make_stage(Stage.BROWSER, facts={"load_ns": 90 * MS})

    browser = stop(make_cycle(stages={Stage.BROWSER: measured}), Stage.BROWSER)

    assert (browser.own_ns, browser.share) == (90 * MS, "")
    assert stop(make_cycle(stages={}), Stage.BROWSER).own_ns is None


def test_a_cycle_in_which_nothing_was_measured_is_a_loop_all_the_same() -> None:
    assert [one.percent for one in loop.stops(make_cycle(spans=(), stages={}))] == [None] * 11


def test_each_stop_leads_to_its_stage_and_is_explained() -> None:
    html = overview(rich_cycle(), Urls(assets="/__cycle__/", root="/__cycle__/"))

    for one in loop.stops(rich_cycle()):
        assert f'<a class="stop-name" href="#{one.stage}">' in html
        assert one.about.page in html
