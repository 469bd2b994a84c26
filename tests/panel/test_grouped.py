from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cycle_inspector.analysis.grouping import GROUPINGS
from cycle_inspector.panel import grouped, pages
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.records import Stage, TemplateLine
from tests.factories import MS, make_cycle, make_frame, make_query
from tests.panel.sample import rich_cycle

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")


def numbers(count: int, **asked: str) -> list[int]:
    many = tuple(make_query(id=at, duration_ns=at * MS) for at in range(1, count + 1))
    return [one.number for one in grouped.context(make_cycle(queries=many), asked)["lines"]]


def test_every_way_to_group_has_a_name() -> None:
    assert tuple(grouped.NAMES) == (grouped.LIST, *GROUPINGS)


@pytest.mark.parametrize("way", grouped.NAMES)
def test_each_way_is_shown_and_marked_as_chosen(way: str) -> None:
    html = pages.queries(rich_cycle(), URLS, {"by": way})

    assert f'queries?by={way}" aria-current="true"' in html
    assert "<table" in html
    assert "data-part" in html


def test_a_way_that_is_none_is_the_list() -> None:
    assert grouped.context(rich_cycle(), {"by": "<b>"})["way"] == "list"
    assert grouped.context(rich_cycle(), {"by": "table"})["way"] == "table"


def test_the_list_is_sorted_by_order_or_by_time() -> None:
    assert numbers(3) == [1, 2, 3]
    assert numbers(3, sort="time") == [3, 2, 1]
    assert numbers(3, sort="x") == [1, 2, 3]


def test_a_list_of_five_thousand_comes_in_pages() -> None:
    assert numbers(5_000) == list(range(1, 201))
    assert numbers(5_000, **{"from": "4901"}) == list(range(4_901, 5_001))


def test_a_stage_of_five_thousand_shows_the_first_and_leads_to_the_next() -> None:
    many = tuple(make_query(id=at) for at in range(1, 5_001))
    html = pages.stage(make_cycle(queries=many), Stage.DATABASE, URLS)

    assert html.count("<tr class") == 200
    assert 'queries?by=list&amp;from=201"' in html
    assert "The next of 5000 queries" in html


def test_a_stage_without_a_page_of_its_queries_shows_them_all() -> None:
    cycle = make_cycle(queries=tuple(make_query(id=at) for at in range(1, 302)))
    html = pages.stage(cycle, Stage.DATABASE, Urls(assets="/static/"))

    assert html.count("<tr class") == 301
    assert "queries?by=list" not in html


def test_two_hundred_queries_and_their_transactions_are_one_table() -> None:
    begin = make_query(id=1, is_transaction=True)
    many = [begin, *(make_query(id=at) for at in range(2, 202))]
    html = pages.stage(make_cycle(queries=tuple(many)), Stage.DATABASE, URLS)

    assert html.count("<tr class") == 201
    assert "The next of" not in html


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "²", "9" * 5_000])
def test_a_number_that_is_none_is_the_beginning(text: str) -> None:
    assert numbers(3, **{"from": text}) == [1, 2, 3]


def test_a_number_beyond_the_end_is_the_last() -> None:
    assert numbers(3, **{"from": "9"}) == [3]


def test_the_pages_before_and_after_are_linked_where_there_are_any() -> None:
    few, many = (
        make_cycle(queries=tuple(make_query(id=at) for at in range(count))) for count in (2, 500)
    )
    middle: dict[str, Any] = grouped.context(many, {"from": "201"})
    whole = grouped.context(few, {})

    assert (middle["before"], middle["after"]) == (
        "by=list&sort=order&from=1",
        "by=list&sort=order&from=401",
    )
    assert (whole["before"], whole["after"]) == ("", "")


@pytest.mark.parametrize(("count", "is_said"), [(200, False), (201, True)])
def test_groups_that_are_left_out_are_told_of(count: int, is_said: bool) -> None:
    many = tuple(make_query(id=at, sql=f"SELECT 1 FROM t{at}") for at in range(count))
    html = pages.queries(make_cycle(queries=many), URLS, {"by": "table"})

    assert ("groups these 200 took longest" in html) is is_said


def test_the_first_queries_of_a_group_are_linked() -> None:
    html = pages.queries(make_cycle(queries=(make_query(),)), URLS, {"by": "table"})

    assert '?by=list&amp;from=1">#1</a>' in html


def test_what_a_query_names_is_no_markup() -> None:
    query = make_query(sql='SELECT 1 FROM "<b>x"')

    for way in grouped.NAMES:
        assert "<b>x" not in pages.queries(make_cycle(queries=(query, query)), URLS, {"by": way})


def test_no_queries_are_a_sentence() -> None:
    for way in grouped.NAMES:
        assert "<table" not in pages.queries(make_cycle(queries=()), URLS, {"by": way})


def test_a_caller_is_shown_by_the_end_of_its_path_and_told_whole() -> None:
    frame = make_frame(path="/srv/books/shop/catalog/views.py", line=7)
    html = pages.queries(make_cycle(queries=(make_query(frames=(frame,)),)), URLS, {"by": "caller"})

    assert 'title="/srv/books/shop/catalog/views.py:7">shop/catalog/views.py:7<' in html


def test_rails_of_transactions_stand_beside_the_queries_in_order_alone() -> None:
    begin = make_query(id=1, sql="BEGIN", is_transaction=True)
    cycle = make_cycle(queries=(begin, make_query(id=2)))

    depths = {
        sort: [one.standing.depth for one in grouped.context(cycle, {"sort": sort})["lines"]]
        for sort in ("order", "time")
    }

    assert depths == {"order": [1], "time": [0]}


def test_the_group_that_took_longest_comes_first_with_its_share() -> None:
    brief = [make_query(id=at, sql="SELECT 1 FROM a", duration_ns=1 * MS) for at in range(7)]
    long = make_query(id=9, sql="SELECT 1 FROM b", duration_ns=21 * MS)

    rows = grouped.context(make_cycle(queries=(*brief, long)), {"by": "table"})["rows"]

    assert [(one.label, one.count, one.share, one.first) for one in rows] == [
        ("b", 1, "75%", (8,)),
        ("a", 7, "25%", (1, 2, 3, 4, 5)),
    ]


@pytest.mark.parametrize(
    ("way", "given", "label"),
    [
        ("table", {"sql": "SELECT 1"}, "No table"),
        ("caller", {"frames": ()}, "No line of your own"),
        ("template", {"template": None}, "No template"),
        ("template", {"template": TemplateLine(name="a.html", line=2)}, "a.html:2"),
    ],
)
def test_a_group_is_called_by_what_its_queries_share(
    way: str, given: dict[str, Any], label: str
) -> None:
    cycle = make_cycle(queries=(make_query(**given),))

    assert [one.label for one in grouped.context(cycle, {"by": way})["rows"]] == [label]


def test_queries_that_took_no_time_have_no_share() -> None:
    cycle = make_cycle(queries=(make_query(duration_ns=0),))

    assert [one.share for one in grouped.context(cycle, {"by": "shape"})["rows"]] == [""]


@pytest.mark.parametrize("root", [None, "/__cycle__/a/queries/"])
def test_a_query_of_the_list_can_be_explained_where_that_is_allowed(root: str | None) -> None:
    urls = replace(URLS, queries=None if root is None else lambda _: root)
    html = pages.queries(make_cycle(queries=(make_query(id=10),)), urls, {})

    assert ('src="/__cycle__/a/queries/10/explain"' in html) is (root is not None)
