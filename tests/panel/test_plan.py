"""The plan of a query as a person sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from cycle_inspector.explain import running
from cycle_inspector.explain.plans import Plan, PlanNode
from cycle_inspector.history import plans
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.panel import plan
from tests.conftest import Server
from tests.factories import make_cycle, make_query
from tests.shelf.models import Book, Tag

BOOKS = 'SELECT "shelf_book"."title" FROM "shelf_book" WHERE "shelf_book"."title" = %s'
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def tags(transactional_db: None) -> None:
    Tag.objects.bulk_create(Tag(name=str(at)) for at in range(1_200))


def test_a_query_is_found_by_its_id() -> None:
    cycle = make_cycle(queries=(make_query(id=7), make_query(id=9)))

    found = plan.find(cycle, 9)

    assert found is not None
    assert found.id == 9
    assert plan.find(cycle, 8) is None


@pytest.mark.django_db(transaction=True)
def test_a_full_scan_and_the_missing_index_are_pointed_out() -> None:
    Book.objects.bulk_create(Book(title=str(at)) for at in range(300))

    shown = plan.show(make_query(sql=BOOKS, params=("A",)), measure=False)

    assert '<code>SCAN shelf_book</code> <span class="chip warn">full scan</span>' in shown
    assert "Reads all 300 rows of shelf_book to find those with title = ?: an index on " in shown
    assert "It was not run." in shown
    assert "<button" not in shown  # SQLite measures no plan


def test_a_refusal_is_a_sentence() -> None:
    shown = plan.show(make_query(sql="DELETE FROM book", params=None), measure=False)

    assert '<p class="problem">It is not explained. Only a statement that reads' in shown
    assert "<ul" not in shown


@pytest.mark.parametrize("measured", [False, True])
def test_measuring_is_offered_with_its_warning_until_it_is_done(
    monkeypatch: pytest.MonkeyPatch, measured: bool
) -> None:
    def explain(query: Any, *, measure: bool) -> Plan:
        step = PlanNode(label=HOSTILE, detail=HOSTILE, rows=3, cost=1.25, actual_rows=2)
        child = PlanNode(label="Seq Scan on book", table="book")
        steps = (step, PlanNode(label="outer", children=(child,)))
        return Plan(
            alias=HOSTILE,
            vendor="postgresql",
            steps=steps,
            is_measured=measure,
            can_be_measured=True,
        )

    monkeypatch.setattr(running, "explain", explain)
    shown = plan.show(make_query(sql=BOOKS, vendor="postgresql"), measure=measured)

    assert ("This runs the statement again" in shown) is not measured
    assert "rows estimated 3 · real 2 · cost 1.25" in shown
    assert "<ul><li><code>Seq Scan on book</code>" in shown
    assert HOSTILE not in shown


def test_what_the_plan_says_becomes_a_finding(serve: Server, tags: None) -> None:
    def view(request: Any) -> HttpResponse:
        return HttpResponse(str(list(Tag.objects.filter(name="a"))))

    answer = serve(view).get("/")
    (query,) = answer.cycle.queries
    assert [one.code for one in answer.cycle.findings] == []

    plan.show(query, measure=False, cycle_id=answer.cycle_id)

    (finding,) = answer.cycle.findings
    assert finding.code == "CI121"
    assert "Add an index on shelf_tag(name)" in finding.fix


def test_a_plan_that_cannot_be_kept_is_shown_all_the_same(
    tags: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*_: Any) -> bool:
        raise HistoryUnavailable("It is locked.")

    monkeypatch.setattr(plans, "keep", keep)
    query = make_query(sql='SELECT "name" FROM "shelf_tag" WHERE "name" = %s', params=("A",))
    assert "SCAN shelf_tag" in plan.show(query, measure=False, cycle_id="1")
