from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector.exporters.chrome_trace import export
from cycle_inspector.records import Cycle
from tests.factories import MS, make_cycle, make_event, make_query, make_span
from tests.panel.sample import rich_cycle
from tests.site import Site


def bars(cycle: Cycle) -> list[dict[str, Any]]:
    return [one for one in export(cycle)["traceEvents"] if one["ph"] == "X"]


def rows(cycle: Cycle) -> dict[int, str]:
    return {
        one["tid"]: one["args"]["name"]
        for one in export(cycle)["traceEvents"]
        if one["name"] == "thread_name"
    }


def assert_nested(cycle: Cycle) -> None:
    """Check what the viewers rely on: within a row, bars stand inside or beside each other."""
    open_bars: dict[int, list[float]] = {}
    for bar in sorted(bars(cycle), key=lambda one: (one["ts"], -one["dur"])):
        ends = open_bars.setdefault(bar["tid"], [])
        while ends and ends[-1] <= bar["ts"]:
            ends.pop()
        assert not ends or bar["ts"] + bar["dur"] <= ends[-1] + 0.001
        ends.append(bar["ts"] + bar["dur"])


@pytest.mark.parametrize(
    "path", ["/queries/3/", "/in-template/", "/gathered/5/", "/in-thread/", "/through-threads/"]
)
def test_bars_are_nested_within_each_row(site: Site, path: str) -> None:
    cycle = site.get(path).cycle

    assert_nested(cycle)
    records = len(cycle.spans) + len(cycle.queries) + len(cycle.renders)
    assert len(bars(cycle)) == records + 1
    assert {one["tid"] for one in bars(cycle)} <= rows(cycle).keys()


def test_times_are_microseconds_from_the_start() -> None:
    found = bars(make_cycle(queries=(make_query(),)))

    assert (found[0]["name"], found[0]["ts"], found[0]["dur"]) == ("GET /books/", 0, 40_000)
    assert (found[1]["ts"], found[1]["dur"], found[1]["cat"]) == (6_000, 250, "database")


def test_query_has_its_statement_and_its_line() -> None:
    query = make_query()
    given = bars(make_cycle(queries=(query,)))[1]["args"]

    assert given["sql"] == query.sql
    assert given["params"] == [7]
    assert given["caller"] == "/srv/shop/catalog/views.py:22 book_list"
    assert given["template"] == "catalog/book_list.html:14"


def test_long_statement_has_a_short_name() -> None:
    given = bars(make_cycle(queries=(make_query(sql=f"SELECT  {'x' * 100}"),)))[1]

    assert given["name"] == f"SELECT {'x' * 73}…"


def test_overlapping_work_of_one_thread_has_rows_of_its_own() -> None:
    cycle = make_cycle(
        spans=(
            make_span(id=1, parent=None, start_ns=0, duration_ns=10 * MS),
            make_span(id=2, parent=1, start_ns=1 * MS, duration_ns=4 * MS),
            make_span(id=3, parent=1, start_ns=3 * MS, duration_ns=4 * MS),
            make_span(id=4, parent=1, start_ns=6 * MS, duration_ns=1 * MS),
        )
    )

    assert_nested(cycle)
    assert list(rows(cycle).values()) == ["MainThread", "MainThread (2)"]
    assert [one["tid"] for one in bars(cycle)] == [1, 1, 1, 1, 2]


def test_nested_work_stays_in_one_row() -> None:
    cycle = make_cycle(
        spans=(
            make_span(id=1, parent=None, start_ns=0, duration_ns=40 * MS),
            make_span(id=2, parent=1, start_ns=0, duration_ns=40 * MS),
            make_span(id=3, parent=2, start_ns=40 * MS, duration_ns=0),
        )
    )

    assert list(rows(cycle).values()) == ["MainThread"]


def test_each_thread_has_a_row() -> None:
    cycle = make_cycle(
        spans=(make_span(id=1, parent=None, thread="main"),),
        queries=(make_query(id=2, thread="worker"),),
    )

    assert list(rows(cycle).values()) == ["main", "worker"]


def test_events_are_instants_in_the_row_of_their_parent() -> None:
    cycle = make_cycle(
        spans=(
            make_span(id=1, parent=None, thread="main"),
            make_span(id=4, parent=1, thread="worker"),
        ),
        events=(make_event(parent=4), make_event(parent=None)),
    )
    found = [one for one in export(cycle)["traceEvents"] if one["ph"] == "i"]

    assert [rows(cycle)[one["tid"]] for one in found] == ["worker", "main"]
    assert found[0]["name"] == "exception: ValueError"
    assert found[0]["args"]["message"] == "no such shelf"


def test_trace_is_json_all_the_way() -> None:
    trace = export(rich_cycle())

    assert json.loads(json.dumps(trace, allow_nan=False)) == trace
    assert trace["otherData"]["findings"][0] == "N+1: 40 × catalog.Book.author"
