from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector.panel.pages import Urls
from cycle_inspector.panel.summary import summarise
from cycle_inspector.records import Severity, Stage
from tests.factories import MS, make_cycle, make_finding, make_query, make_span, make_stage
from tests.panel.sample import empty_cycle, make_row, rich_cycle

URLS = Urls(root="/shop/__cycle__/", assets="/")


def summary(**given: Any) -> dict[str, Any]:
    return summarise(make_cycle(**given), URLS)


def test_it_is_json_as_it_is() -> None:
    for cycle in (rich_cycle(), empty_cycle()):
        shown = summarise(cycle, URLS)
        assert json.loads(json.dumps(shown)) == shown


def test_it_names_the_cycle_its_request_and_its_page() -> None:
    shown = summary()

    assert shown["url"] == f"/shop/__cycle__/{shown['id']}/"
    assert (shown["method"], shown["path"], shown["status"]) == ("GET", "/books/", 200)
    assert (shown["kind"], shown["duration_ms"]) == ("request", 40.0)


@pytest.mark.parametrize(
    ("routing", "view", "name"),
    [
        ({"view_name": "shop:list", "route": "books/"}, {"name": "shop.views.books"}, "shop:list"),
        ({"view_name": "", "route": "books/"}, {"name": "shop.views.books"}, "shop.views.books"),
        ({"route": "books/"}, {}, "books/"),
        ({}, {}, None),
    ],
)
def test_it_is_named_by_the_best_name_there_is(routing: Any, view: Any, name: str | None) -> None:
    stages = {
        Stage.ROUTING: make_stage(Stage.ROUTING, facts=routing),
        Stage.VIEW: make_stage(Stage.VIEW, facts=view),
    }

    assert summary(stages=stages)["name"] == name


def test_queries_are_counted_with_those_that_were_dropped() -> None:
    begin = make_query(id=1, sql="BEGIN", is_transaction=True)
    same = [make_query(id=at, sql="SELECT 1") for at in (2, 3, 4)]
    other = make_query(id=5, sql="SELECT 2")

    shown = summary(queries=(begin, *same, other), dropped={"queries": 7})

    assert (shown["query_count"], shown["repeated_count"]) == (11, 3)


def test_the_first_finding_is_the_one_that_is_said() -> None:
    findings = (
        make_finding(code="CI001", severity=Severity.ERROR, title="KeyError"),
        make_finding(code="CI101"),
    )

    shown = summary(findings=findings)

    assert shown["finding"] == {"code": "CI001", "severity": "error", "title": "KeyError"}
    assert shown["finding_count"] == 2


def test_a_cycle_without_findings_has_none_to_say() -> None:
    assert (summary()["finding"], summary()["finding_count"]) == (None, 0)


def test_only_stages_that_took_time_are_in_the_strip() -> None:
    view = make_span(id=1, parent=None, duration_ns=10 * MS)
    query = make_query(id=2, parent=1, start_ns=view.start_ns, duration_ns=4 * MS)

    assert summary(spans=(view,), queries=(query,))["stages"] == [
        {"stage": "view", "own_ms": 6.0},
        {"stage": "database", "own_ms": 4.0},
    ]


def test_the_redirects_before_it_are_told_in_their_order() -> None:
    rows = [make_row(path="/a/", severity="error"), make_row(path="/b/")]

    shown = summarise(make_cycle(), URLS, before=rows)["redirects"]

    assert [(one["path"], one["severity"]) for one in shown] == [("/a/", "error"), ("/b/", None)]


def test_a_cycle_that_nobody_was_redirected_to_tells_none() -> None:
    assert summary()["redirects"] == []
