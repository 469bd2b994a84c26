from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import timeline
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_query, make_render, make_span, make_stage
from tests.panel.sample import rich_cycle


def row(cycle: Any, name: str) -> timeline.Row:
    [found] = [one for one in timeline.lay_out(cycle).rows if one.name == name]
    return found


def browser(**facts: Any) -> timeline.BrowserTimeline | None:
    cycle = make_cycle(stages={Stage.BROWSER: make_stage(Stage.BROWSER, facts=facts)})
    return timeline.lay_out_browser(cycle)


def middleware(**given: Any) -> Any:
    return make_span(**{"stage": Stage.MIDDLEWARE, "start_ns": 0, "duration_ns": 40 * MS, **given})


def test_the_timeline_has_a_row_for_each_stage_in_order() -> None:
    rows = timeline.lay_out(rich_cycle()).rows

    assert [one.name for one in rows if one.number] == [stage.value for stage in Stage]
    assert [one.number for one in rows if one.number] == list(range(1, 12))


def test_the_rows_inside_a_stage_follow_it() -> None:
    rows = timeline.lay_out(rich_cycle()).rows
    stages = [one.stage for one in rows]

    assert stages == sorted(stages, key=lambda one: list(Stage).index(Stage(one)))
    assert [one.name for one in rows if one.number is None][:2] == [
        "SecurityMiddleware",
        "SessionMiddleware",
    ]


def test_a_middleware_is_drawn_at_both_ends() -> None:
    span = middleware(name="shop.Slow", attributes={"in_ns": 2 * MS, "out_ns": 1 * MS})

    shown = row(make_cycle(spans=(span,)), "Slow")

    thread, way_in, way_out = shown.bars
    assert (way_in.x, way_in.width) == ("0.000%", "5.000%")
    assert (way_out.x, way_out.width) == ("97.500%", "2.500%")
    assert (thread.x, thread.end, thread.look) == ("5.000%", "97.500%", "thread")
    assert (shown.duration_ns, shown.full_name) == (3 * MS, "shop.Slow")


def test_a_hook_is_drawn_as_one_bar_and_named_after_its_middleware() -> None:
    span = middleware(name="process_view shop.Csrf", duration_ns=2 * MS, attributes={})

    shown = row(make_cycle(spans=(span,)), "Csrf")

    assert [(one.x, one.width) for one in shown.bars] == [("0.000%", "5.000%")]
    assert (shown.note, shown.duration_ns) == ("process_view", 2 * MS)


def test_ends_that_are_longer_than_the_middleware_do_not_overlap() -> None:
    span = middleware(name="shop.Odd", attributes={"in_ns": 30 * MS, "out_ns": 30 * MS})

    _, way_in, way_out = row(make_cycle(spans=(span,)), "Odd").bars

    assert (way_in.end, way_out.x) == ("75.000%", "75.000%")


def test_a_stage_is_drawn_where_its_queries_ran() -> None:
    queries = (
        make_query(id=1, start_ns=0, duration_ns=4 * MS),
        make_query(id=2, start_ns=20 * MS, duration_ns=4 * MS),
    )

    shown = row(make_cycle(queries=queries), "database")

    assert [(one.x, one.width) for one in shown.bars] == [
        ("0.000%", "10.000%"),
        ("50.000%", "10.000%"),
    ]
    assert (shown.start_ns, shown.duration_ns) == (0, 8 * MS)


def test_queries_at_once_take_their_time_once() -> None:
    at_once = tuple(make_query(id=at, start_ns=0, duration_ns=4 * MS) for at in range(3))

    assert row(make_cycle(queries=at_once), "database").duration_ns == 4 * MS


def test_a_stage_without_spans_is_drawn_by_its_summary() -> None:
    summary = make_stage(Stage.GATEWAY, start_ns=0, duration_ns=10 * MS)

    shown = row(make_cycle(stages={Stage.GATEWAY: summary}), "gateway")

    assert [one.width for one in shown.bars] == ["25.000%"]


def test_a_stage_that_did_nothing_has_neither_bar_nor_time() -> None:
    shown = row(make_cycle(), "models")

    assert (shown.bars, shown.start_ns, shown.duration_ns) == ((), None, None)


def test_the_browser_has_no_bar_on_the_axis_of_the_server() -> None:
    shown = row(rich_cycle(), "browser")

    assert shown.bars == ()
    assert shown.duration_ns == 342 * MS


def test_a_stream_makes_the_axis_as_long_as_its_last_byte() -> None:
    facts = {"last_byte_ns": 90 * MS}
    cycle = make_cycle(stages={Stage.RESPONSE: make_stage(Stage.RESPONSE, facts=facts)})

    assert timeline.lay_out(cycle).total_ns == 90 * MS
    assert timeline.lay_out(make_cycle()).total_ns == 40 * MS


def test_one_template_needs_no_row_of_its_own() -> None:
    rows = timeline.lay_out(make_cycle(renders=(make_render(),))).rows

    assert len(rows) == len(Stage)


def test_of_many_templates_only_the_longest_have_rows() -> None:
    renders = tuple(
        make_render(id=at, parent=None, name=f"{at}.html", duration_ns=at * MS)
        for at in range(1, 12)
    )

    rows = timeline.lay_out(make_cycle(renders=renders)).rows

    assert [one.name for one in rows if one.number is None] == [f"{at}.html" for at in range(4, 12)]


def test_the_same_template_in_a_loop_is_one_row_with_its_number() -> None:
    shown = row(rich_cycle(), "catalog/_book.html")

    assert (shown.note, shown.depth, shown.duration_ns) == ("× 40", 3, 40 * 1_100_000)


def test_a_failed_view_says_what_it_raised() -> None:
    facts = {"name": "a.b", "exception": {"type": "FieldError", "message": ""}}
    cycle = make_cycle(stages={Stage.VIEW: make_stage(Stage.VIEW, facts=facts)})

    assert row(cycle, "view").note == "raised FieldError"


def test_until_the_browser_has_sent_its_timings_there_is_no_timeline_of_it() -> None:
    assert browser() is None
    assert browser(cls=0.1, dns_ns=4, first_byte_ns="soon") is None


def test_the_browser_waits_receives_and_builds() -> None:
    shown = browser(first_byte_ns=25 * MS, response_end_ns=50 * MS, load_ns=100 * MS)

    assert shown is not None
    assert [(bar.x, bar.width, bar.look, spent) for bar, _, spent in shown.spells] == [
        ("0.000%", "25.000%", "waiting", 25 * MS),
        ("25.000%", "25.000%", "receiving", 25 * MS),
        ("50.000%", "50.000%", "building", 50 * MS),
    ]
    assert [(one.name, one.x) for one in shown.marks] == [
        ("First byte", "25.000%"),
        ("Last byte", "50.000%"),
        ("Loaded", "100.000%"),
    ]


@pytest.mark.parametrize(
    "facts", [{"load_ns": 100}, {"first_byte_ns": 60, "response_end_ns": 50, "load_ns": 100}]
)
def test_spells_that_cannot_be_are_not_drawn(facts: dict[str, int]) -> None:
    shown = browser(**facts)

    assert shown is not None
    assert shown.spells == ()
    assert "Loaded" in [one.name for one in shown.marks]


def test_a_tree_of_spans_is_walked_parents_first() -> None:
    spans = [
        make_span(id=3, parent=1, start_ns=2),
        make_span(id=4, parent=3, start_ns=3),
        make_span(id=1, parent=None, start_ns=0),
        make_span(id=2, parent=1, start_ns=1),
        make_span(id=9, parent=77, start_ns=9),
    ]

    assert [(one.id, depth) for one, depth in timeline.walk(spans)] == [
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 2),
        (9, 0),
    ]


def test_a_very_deep_tree_is_walked_without_recursion() -> None:
    spans = [make_span(id=at, parent=at - 1 or None, start_ns=at) for at in range(1, 3_000)]

    assert [depth for _, depth in timeline.walk(spans)][-1] == 2_998
