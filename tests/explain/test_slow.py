"""Slow reads are explained after the request, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from cycle_inspector import record
from cycle_inspector.explain import slow
from cycle_inspector.records import Cycle, Stage
from tests.shelf.models import Book, Tag

pytestmark = pytest.mark.django_db(transaction=True)


def ran(*work: Any) -> Cycle:
    with record() as recording:
        for one in work:
            one()
    return recording.cycle


def plans(cycle: Cycle, least_ns: int = 0) -> list[int]:
    """Return which queries have a plan."""
    facts = slow.explained(cycle, least_ns).stage(Stage.DATABASE).facts
    return [one["query"] for one in facts.get("plans") or ()]


def read() -> None:
    list(Tag.objects.filter(name="a"))


def test_a_slow_read_has_its_plan() -> None:
    cycle = slow.explained(ran(read), 0)
    (plan,) = cycle.stage(Stage.DATABASE).facts["plans"]
    assert plan["query"] == cycle.queries[0].id
    assert [one["table"] for one in plan["scans"]] == ["shelf_tag"]


def test_a_statement_is_explained_once_by_its_slowest_run() -> None:
    cycle = ran(read, read, read)
    slowest = max(cycle.queries, key=lambda one: one.duration_ns)
    assert plans(cycle) == [slowest.id]


def test_a_cycle_without_slow_reads_stays_as_it_is() -> None:
    cycle = ran(read)
    assert slow.explained(cycle, 10**12) is cycle


def test_no_more_than_some_are_explained() -> None:
    fields = ("id", "name", "notes", "boards", "pk")
    reads = [lambda name=one: list(Tag.objects.order_by(name)[:1]) for one in fields]
    assert len(plans(ran(*reads))) == slow.MOST


def test_a_write_is_not_explained() -> None:
    assert plans(ran(lambda: Book.objects.create(title="new"))) == []


def test_what_cannot_be_explained_costs_nothing() -> None:
    cycle = ran(read)
    (query,) = cycle.queries
    gone = replace(cycle, queries=(query._replace(alias="gone"),))
    hidden = replace(cycle, queries=(query._replace(params=None),))
    failed = replace(cycle, queries=(query._replace(error="OperationalError: no"),))
    assert [plans(one) for one in (gone, hidden, failed)] == [[], [], []]


def test_a_database_in_memory_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cycle = ran(read)
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: True)
    assert plans(cycle) == []


def test_nothing_of_it_is_recorded() -> None:
    cycle = ran(read)
    with record() as recording:
        plans(cycle)
    assert recording.cycle.queries == ()
