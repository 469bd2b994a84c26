"""What ran beside the view, as the panel shows it."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import threads
from cycle_inspector.panel.engine import render
from cycle_inspector.panel.layout import own_times
from cycle_inspector.panel.stages import context
from cycle_inspector.panel.timeline import lay_out
from cycle_inspector.records import Cycle, Span, Stage
from tests.factories import MS, make_cycle, make_query, make_render, make_span, make_stage


def make_work(kind: str = "thread", **given: Any) -> Span:
    attributes = {
        "kind": kind,
        "function": "count_stock",
        "begun": True,
        "ended": True,
        "waited_ns": 0,
        **given.pop("attributes", {}),
    }
    values = {
        "id": 5,
        "parent": 4,
        "name": "thread stock-taker",
        "thread": "stock-taker",
        "start_ns": 5 * MS,
        "duration_ns": 10 * MS,
    }
    return make_span(attributes=attributes, **{**values, **given})


def make(*spans: Span, queries: Any = (), **given: Any) -> Cycle:
    return make_cycle(spans=(make_span(parent=None), *spans), queries=tuple(queries), **given)


def gateway(**facts: Any) -> dict[Stage, Any]:
    return {Stage.GATEWAY: make_stage(Stage.GATEWAY, facts=facts)}


# What there is


def test_a_cycle_without_threads_shows_none() -> None:
    assert threads.followed(make()) == []
    assert context(make(), Stage.VIEW)["beside"] == []


@pytest.mark.parametrize(
    ("work", "name", "beside"),
    [
        (make_work(), "stock-taker", "count_stock"),
        (make_work(name="thread Thread-1 (count_stock)"), "Thread-1 (count_stock)", ""),
        (make_work("call", name="call count_stock"), "count_stock", "in stock-taker"),
        (make_work("call", name="call count_stock", thread=""), "count_stock", ""),
        (make_work("task", name="task Task-1 (count_stock)"), "Task-1 (count_stock)", ""),
    ],
)
def test_each_has_a_name_and_what_is_said_beside_it(work: Span, name: str, beside: str) -> None:
    (found,) = threads.followed(make(work))

    assert (found.name, found.beside, found.end) == (name, beside, "")


def test_each_counts_the_queries_right_inside_it() -> None:
    outer, inner = make_work(), make_work(id=6, parent=5)
    queries = [
        make_query(id=10, parent=4),
        make_query(id=11, parent=5),
        make_query(id=12, parent=30),  # in a render, in the outer one
        make_query(id=13, parent=6),
        make_query(id=14, parent=6, is_transaction=True, sql="BEGIN"),
    ]
    cycle = make(outer, inner, queries=queries, renders=(make_render(id=9, parent=5),))
    found = threads.followed(cycle)

    assert [one.query_count for one in found] == [1, 1]
    assert [one.depth for one in found] == [0, 1]


def test_a_query_of_a_render_in_a_thread_is_the_threads() -> None:
    cycle = make(
        make_work(),
        queries=[make_query(id=12, parent=9)],
        renders=(make_render(id=9, parent=5),),
    )
    assert threads.followed(cycle)[0].query_count == 1


def test_a_document_whose_parents_go_in_circles_is_shown() -> None:
    cycle = make(make_work(parent=6), make_work(id=6, parent=5), queries=[make_query(parent=6)])
    assert [one.query_count for one in threads.followed(cycle)] == [0, 1]


@pytest.mark.parametrize(
    ("attributes", "end"),
    [
        ({}, ""),
        ({"ended": False}, "still running"),
        ({"begun": False, "ended": False}, "not begun"),
    ],
)
def test_what_outlived_the_cycle_says_so(attributes: dict[str, bool], end: str) -> None:
    (found,) = threads.followed(make(make_work(attributes=attributes)))
    assert found.end == end


def test_start_is_known_unless_the_span_says_otherwise() -> None:
    known, unknown = threads.followed(
        make(make_work(), make_work("task", id=6, attributes={"start_known": False}))
    )
    assert (known.is_start_known, unknown.is_start_known) == (True, False)


# Where queries usually run


def test_usual_thread_of_a_sync_server_is_the_gateways() -> None:
    queries = [make_query(id=10 + n, thread="other") for n in range(3)]
    cycle = make(queries=queries, stages=gateway(interface="WSGI", thread="main"))
    assert threads.usual_thread(cycle) == "main"


def test_usual_thread_of_an_async_server_is_that_of_most_queries_outside_of_others() -> None:
    queries = [
        *(make_query(id=10 + n, parent=5, thread="stock-taker") for n in range(3)),
        *(make_query(id=20 + n, parent=4, thread="sync") for n in range(2)),
        make_query(id=30, parent=4, thread="odd"),
    ]
    stages = gateway(interface="ASGI", thread="loop")
    assert threads.usual_thread(make(make_work(), queries=queries, stages=stages)) == "sync"
    assert threads.usual_thread(make(make_work(), queries=queries[:3], stages=stages)) == "loop"


def test_usual_thread_of_a_block_is_that_of_most_queries() -> None:
    assert threads.usual_thread(make()) == ""
    assert threads.usual_thread(make(queries=[make_query()])) == "MainThread"


# Elsewhere in the panel


def test_thread_of_the_view_is_not_that_of_a_thread_it_started() -> None:
    early = make_work(id=2, parent=None)  # started by a middleware, before the view
    cycle = make(early, stages=gateway(thread="main"))
    assert context(cycle, Stage.VIEW)["thread"] == "MainThread"


def test_timeline_has_a_row_for_each_and_the_bar_of_the_view_stays_its_own() -> None:
    cycle = make(
        make_work(duration_ns=35 * MS, attributes={"ended": False}),
        make_work("task", id=6, name="task later (x)", attributes={"start_known": False}),
        stages={Stage.VIEW: make_stage(Stage.VIEW, start_ns=3 * MS, duration_ns=30 * MS)},
    )
    rows = [one for one in lay_out(cycle).rows if one.stage == "view"]

    view, thread, task = rows
    assert [(bar.x, bar.width) for bar in view.bars] == [("7.500%", "75.000%")]
    assert (thread.name, thread.note) == ("stock-taker", "count_stock · still running")
    assert (thread.depth, thread.number) == (1, None)
    assert [(bar.x, bar.width) for bar in thread.bars] == [("12.500%", "87.500%")]
    assert (task.name, task.bars, task.start_ns) == ("later (x)", (), None)


def test_timeline_has_rows_for_the_longest_only() -> None:
    spans = [make_work(id=10 + n, duration_ns=(n + 1) * MS) for n in range(20)]
    rows = [one for one in lay_out(make(*spans)).rows if one.stage == "view"]
    assert [one.duration_ns for one in rows[1:]] == [(n + 1) * MS for n in range(12, 20)]


# Own times


def test_time_of_threads_is_not_added_to_the_views() -> None:
    spans = [make_work(id=10 + n, duration_ns=20 * MS) for n in range(8)]
    inside = [make_query(id=30, parent=10, start_ns=6 * MS, duration_ns=5 * MS)]
    assert own_times(make(*spans, queries=inside)) == {Stage.VIEW: 30 * MS}


def test_queries_of_a_task_are_the_views() -> None:
    inside = [make_query(id=30, parent=5, start_ns=6 * MS, duration_ns=5 * MS)]
    times = own_times(make(make_work("task"), queries=inside))
    assert times == {Stage.VIEW: 25 * MS, Stage.DATABASE: 5 * MS}


def test_a_view_in_a_thread_of_a_middleware_is_on_the_way() -> None:
    outer = make_span(id=1, parent=None, stage=Stage.MIDDLEWARE, start_ns=0, duration_ns=40 * MS)
    cycle = make_cycle(spans=(outer, make_work(id=2, parent=1), make_span(parent=2)))
    assert own_times(cycle) == {Stage.MIDDLEWARE: 10 * MS, Stage.VIEW: 30 * MS}


# On the page


def show(cycle: Cycle, stage: Stage) -> str:
    return render(f"stages/{stage.value}.html", context(cycle, stage))


PLACE = {"path": "/srv/shop/views.py", "line": 7, "function": "stock", "is_project": True}


def test_the_view_lists_its_threads_with_what_is_known_of_them() -> None:
    late = {"ended": False, "caller": PLACE, "raised": "ValueError: no such shelf"}
    page = show(make(make_work(attributes=late), queries=[make_query(parent=5)]), Stage.VIEW)

    assert "Threads and tasks" in page
    assert "<strong>stock-taker</strong>" in page
    assert "still running when the response was complete" in page
    assert "started at" in page
    assert "srv/shop/views.py:7" in page
    assert "ValueError: no such shelf" in page


def test_a_view_without_threads_says_nothing_of_them() -> None:
    assert "Threads and tasks" not in show(make(), Stage.VIEW)


def test_a_task_whose_start_is_not_known_has_no_times_but_says_where_it_waits() -> None:
    work = make_work("task", attributes={"start_known": False, "suspended": PLACE})
    page = show(make(work), Stage.VIEW).partition("Threads and tasks")[2]

    assert "waits at" in page
    assert "5.00 ms" not in page
    assert "10.0 ms" not in page


def test_names_of_threads_are_text() -> None:
    hostile = "<script>alert(1)</script>"
    work = make_work(
        name=f"thread {hostile}", attributes={"function": hostile, "raised": hostile, "ended": True}
    )
    query = make_query(parent=5, thread=hostile)
    cycle = make(work, queries=[query])

    for stage in (Stage.VIEW, Stage.DATABASE):
        page = show(cycle, stage)
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_first_two_hundred_are_listed() -> None:
    page = show(make(*(make_work(id=10 + n) for n in range(201))), Stage.VIEW)
    assert page.count("<strong>stock-taker</strong>") == 200
    assert "The first 200 are listed" in page


def test_a_query_names_its_thread_where_that_is_not_the_usual_one() -> None:
    chip = 'title="The thread it ran in">stock-taker</span>'
    stages = gateway(interface="WSGI", thread="MainThread")
    usual, other = make_query(), make_query(thread="stock-taker")

    assert chip in show(make(queries=[other], stages=stages), Stage.DATABASE)
    assert "The thread it ran in" not in show(make(queries=[usual], stages=stages), Stage.DATABASE)


def test_of_a_block_a_query_names_its_thread_only_if_there_are_several() -> None:
    alone = show(make(queries=[make_query()]), Stage.DATABASE)
    assert "The thread it ran in" not in alone
