"""Full scans of large tables, by plans that the writer has asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from cycle_inspector.analysis import Thresholds, full_scan, slow_query
from cycle_inspector.records import Cycle, Stage
from tests.conftest import Server
from tests.factories import MS, make_cycle, make_query, make_stage
from tests.shelf.models import Book, Tag

ROWS = 1_200
SLOW = {"THRESHOLDS": {"SLOW_QUERY_MS": 0}}


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    Tag.objects.bulk_create(Tag(name=f"tag {at}") for at in range(ROWS))
    Book.objects.create(title="alone")


def by_a_column(request: Any) -> HttpResponse:
    return HttpResponse(str(list(Tag.objects.filter(name="tag 7"))))


def in_an_order(request: Any) -> HttpResponse:
    return HttpResponse(str(list(Tag.objects.order_by("name")[:5])))


def by_its_key(request: Any) -> HttpResponse:
    return HttpResponse(str(Tag.objects.get(pk=Tag.objects.values_list("pk")[7][0])))


def few_rows(request: Any) -> HttpResponse:
    return HttpResponse(str(list(Book.objects.filter(title="alone"))))


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def codes(cycle: Cycle) -> set[str]:
    assert cycle.failed_rules == ()
    return {one.code for one in cycle.findings} & {"CI103", "CI121"}


@pytest.mark.parametrize(
    ("view", "purpose"),
    [(by_a_column, "to find those with name = ?"), (in_an_order, "to put them in order of name")],
)
def test_finds_a_scan_that_an_index_would_spare(
    serve: Server, switched_on: Any, view: Any, purpose: str
) -> None:
    switched_on(EXPLAIN_SLOW_QUERIES=True, **SLOW)

    (finding,) = [one for one in serve(view).get("/").cycle.findings if one.code != "CI101"]

    assert finding.code == "CI121"  # and not as a slow query besides
    assert (
        finding.title
        == f"Full scan: all 1\N{NO-BREAK SPACE}200 rows of shelf_tag are read {purpose}"
    )
    assert "Add an index on shelf_tag(name)" in finding.fix
    assert finding.caller is not None
    assert finding.caller.function == view.__name__
    assert finding.cost_ns > 0


@pytest.mark.parametrize("view", [by_its_key, few_rows])
def test_does_not_find_what_an_index_finds_or_a_small_table(
    serve: Server, switched_on: Any, view: Any
) -> None:
    switched_on(EXPLAIN_SLOW_QUERIES=True, **SLOW)
    assert codes(serve(view).get("/").cycle) == {"CI103"}


def test_nothing_is_explained_unless_it_is_asked_for(serve: Server, switched_on: Any) -> None:
    switched_on(**SLOW)
    cycle = serve(by_a_column).get("/").cycle
    assert codes(cycle) == {"CI103"}
    assert "plans" not in cycle.stage(Stage.DATABASE).facts


def test_nothing_is_found_once_the_index_is_there(serve_wsgi: Server, switched_on: Any) -> None:
    switched_on(EXPLAIN_SLOW_QUERIES=True, **SLOW)
    run("CREATE INDEX of_a_test ON shelf_tag(name)")
    try:
        cycle = serve_wsgi(by_a_column).get("/").cycle
    finally:
        run("DROP INDEX of_a_test")
    assert codes(cycle) == {"CI103"}


def test_a_statement_that_ran_often_is_told_once_with_all_its_time() -> None:
    scan = {"table": "t", "rows": 5_000.0, "purpose": "to find some", "columns": ["a"]}
    plans = [{"query": 2, "scans": [scan]}]
    queries = tuple(
        make_query(id=at, sql="SELECT a FROM t", duration_ns=200 * MS) for at in range(3)
    )
    stage = make_stage(Stage.DATABASE, facts={"plans": plans})
    cycle = make_cycle(queries=queries, stages={Stage.DATABASE: stage})

    (finding,) = full_scan.find(cycle, Thresholds())

    assert (finding.evidence, finding.cost_ns) == ((2, 0, 1), 600 * MS)
    assert list(slow_query.find(cycle, Thresholds())) == []
    assert list(full_scan.find(cycle, Thresholds(full_scan_rows=5_001))) == []
    assert len(list(slow_query.find(cycle, Thresholds(full_scan_rows=5_001)))) == 1
