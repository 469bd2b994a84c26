from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cycle_inspector.history.links import Links
from cycle_inspector.panel import pages
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.compare import Row, context
from cycle_inspector.records import Cycle, Stage
from tests.factories import MS, make_cycle, make_query, make_stage
from tests.panel.sample import (
    HOSTILE,
    empty_cycle,
    failed_cycle,
    hostile_cycle,
    make_row,
    rich_cycle,
)

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")


def other(cycle: Cycle, **given: Any) -> Cycle:
    return replace(cycle, id="019aaa00-0000-7000-8000-0000000000c0", **given)


def row(rows: list[Row], name: str) -> Row:
    return next(one for one in rows if one.name == name)


def times(before_ns: int, after_ns: int) -> Row:
    both = (make_cycle(duration_ns=one) for one in (before_ns, after_ns))
    return row(context(*both)["times"], "Whole cycle")


@pytest.mark.parametrize(
    ("before", "after", "change", "look"),
    [
        (80 * MS, 20 * MS, "−60.0 ms (−75 %)", "better"),
        (20 * MS, 80 * MS, "+60.0 ms (+300 %)", "worse"),
        (80 * MS, 80 * MS, "", "same"),
        (80 * MS, 84 * MS, "+4.00 ms", "same"),  # less than a tenth
        (MS // 10, MS // 5, "+0.10 ms", "same"),  # less than half a millisecond
        (0, 20 * MS, "+20.0 ms", "worse"),
        (MS, 20 * MS, "+19.0 ms", "worse"),  # so many percent say nothing
    ],
)
def test_change_is_told_unless_it_may_be_chance(
    before: int, after: int, change: str, look: str
) -> None:
    found = times(before, after)

    assert (found.change, found.look) == (change, look)


def test_bars_of_both_have_one_axis() -> None:
    before, after = times(80 * MS, 20 * MS).bars

    assert (before.look, before.width) == ("before", "100.000%")
    assert (after.look, after.width) == ("after", "25.000%")


def test_stages_are_in_their_order_below_the_whole() -> None:
    found = context(rich_cycle(), rich_cycle())["times"]

    assert [one.name for one in found] == [
        *("Whole cycle", "middleware", "routing", "view"),
        *("database", "templates", "response"),
    ]


def test_numbers_are_those_of_a_list() -> None:
    slow = make_cycle(
        queries=tuple(make_query(id=at) for at in range(8)),
        dropped={"queries": 2},
        stages={Stage.MODELS: make_stage(Stage.MODELS, facts={"instances": [["shop.Book", 9]]})},
    )
    found = context(slow, make_cycle(queries=(make_query(),)))["numbers"]

    assert (row(found, "Queries").before, row(found, "Queries").after) == ("10", "1")
    assert row(found, "Queries").change == "−9 (−90 %)"
    assert row(found, "Objects loaded").before == "9"
    assert "Status" not in [one.name for one in found]


@pytest.mark.parametrize(("size", "look"), [(1_234, "same"), (1_240, "same"), (2_000, "worse")])
def test_few_bytes_are_no_change(size: int, look: str) -> None:
    after = make_cycle(response={**make_cycle().response, "size_bytes": size})

    assert row(context(make_cycle(), after)["numbers"], "Response").look == look


def test_another_status_is_told() -> None:
    after = make_cycle(response={"status": 500})

    found = row(context(make_cycle(), after)["numbers"], "Status")
    assert (found.before, found.after) == ("200", "500")


def test_cycles_that_have_little_in_common_are_said_to() -> None:
    viewed = make_cycle(stages={Stage.VIEW: make_stage(Stage.VIEW, facts={"name": "shop.a"})})
    posted = make_cycle(request={"method": "POST", "path": "/books/"})

    assert context(make_cycle(), make_cycle())["different"] == ""
    assert context(viewed, make_cycle())["different"] == (
        "These were answered by different views: shop.a and no view."
    )
    assert context(make_cycle(), posted)["different"] == (
        "These were sent by different methods: GET and POST."
    )


def test_page_shows_what_is_gone_and_what_is_new() -> None:
    shown = pages.comparison(rich_cycle(), other(make_cycle()), URLS)

    assert '<span class="chip good">gone</span> <strong>N+1: 40' in shown
    assert "40 ×" in shown
    assert "Those of one of them were not recorded." in shown
    assert f'href="/__cycle__/{rich_cycle().id}/"' in shown
    swapped = pages.comparison(other(make_cycle()), rich_cycle(), URLS)
    assert '<span class="chip warn">new</span> <strong>N+1: 40' in swapped


def test_page_of_two_alike_is_quiet() -> None:
    shown = pages.comparison(rich_cycle(), other(rich_cycle()), URLS)

    assert '<span class="chip">in both</span> <strong>N+1: 40' in shown
    assert "shapes ran as often as before" in shown
    assert ">gone<" not in shown
    assert ">new<" not in shown


@pytest.mark.parametrize("before", [rich_cycle, failed_cycle, empty_cycle, hostile_cycle])
@pytest.mark.parametrize("after", [rich_cycle, failed_cycle, empty_cycle, hostile_cycle])
def test_any_two_can_be_compared(before: Any, after: Any) -> None:
    shown = pages.comparison(before(), other(after()), URLS)

    assert HOSTILE not in shown
    assert "<script>" not in shown
    assert " style=" not in shown


def test_many_changed_rows_are_cut() -> None:
    many = tuple(make_query(id=at, sql=f"SELECT 1 FROM t{'x' * at}") for at in range(130))
    shown = pages.comparison(make_cycle(queries=many), other(make_cycle()), URLS)

    assert "30 more shapes of queries changed." in shown


def test_report_leads_to_the_comparison_with_the_one_before() -> None:
    earlier = make_row(duration_ns=90 * MS, query_count=51)
    shown = pages.report(rich_cycle(), URLS, links=Links(earlier=earlier))

    assert f'href="/__cycle__/{earlier.id}/compare/{rich_cycle().id}"' in shown
    assert "90.0 ms, 51 queries" in shown


def test_report_without_one_before_or_outside_of_the_panel_does_not() -> None:
    admin = Urls(assets="/", cycle=lambda cycle_id: cycle_id)

    assert "Compare with" not in pages.report(rich_cycle(), URLS)
    assert "Compare with" not in pages.report(rich_cycle(), admin, links=Links(earlier=make_row()))
