"""Many commits from one line, by real requests; on each server in tests/databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds, many_commits
from cycle_inspector.records import Cycle
from tests.conftest import Server
from tests.factories import make_cycle, make_frame, make_query

COUNT = 20


def insert(at: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (name) VALUES (%s)", [f"group {at}"])


def one_by_one(*_: Any) -> HttpResponse:
    for at in range(COUNT):
        insert(at)
    return HttpResponse()


def in_one_transaction(*_: Any) -> HttpResponse:
    with transaction.atomic():
        return one_by_one()


def in_transactions_of_its_own(*_: Any) -> HttpResponse:
    for at in range(COUNT):
        with transaction.atomic():
            insert(at)
    return HttpResponse()


def saved(*_: Any) -> HttpResponse:
    for at in range(COUNT):
        Group(name=f"group {at}").save()
    return HttpResponse()


def saved_in_one_transaction(*_: Any) -> HttpResponse:
    with transaction.atomic():
        return saved()


def got_or_created_in_one_transaction(*_: Any) -> HttpResponse:
    with transaction.atomic():
        for at in range(COUNT):
            Group.objects.get_or_create(name=f"group {at}")
    return HttpResponse()


def codes(cycle: Cycle) -> list[str]:
    return [one.code for one in cycle.findings]


def test_finds_a_loop_that_commits_each_row(serve_wsgi: Server) -> None:
    (finding,) = serve_wsgi(one_by_one).get("/").cycle.findings
    assert finding.code == "CI205"
    assert finding.title == "20 commits: each of these writes is a transaction of its own"
    assert finding.count == len(finding.evidence) == COUNT
    assert finding.cost_ns > 0
    assert finding.caller is not None
    assert finding.caller.function == "insert"
    assert "transaction.atomic() around the loop" in finding.fix


@pytest.mark.parametrize("view", [in_one_transaction, in_transactions_of_its_own])
def test_does_not_find_what_a_transaction_holds(serve_wsgi: Server, view: Any) -> None:
    assert codes(serve_wsgi(view).get("/").cycle) == []


def test_a_loop_of_saves_is_told_once(serve_wsgi: Server) -> None:
    (finding,) = serve_wsgi(saved).get("/").cycle.findings
    assert finding.code == "CI111"
    assert finding.fix.endswith("put transaction.atomic() around it.")


@pytest.mark.parametrize("view", [saved_in_one_transaction, got_or_created_in_one_transaction])
def test_with_a_transaction_around_it_no_other_rule_speaks(serve_wsgi: Server, view: Any) -> None:
    (finding,) = serve_wsgi(view).get("/").cycle.findings
    assert finding.code == "CI111"
    assert "atomic()" not in finding.fix


@pytest.mark.parametrize("work", [one_by_one, saved])
def test_does_not_find_a_loop_in_a_transaction_that_was_open_before(
    transactional_db: None, work: Callable[[], Any]
) -> None:
    with transaction.atomic(), record() as recording:
        work()
    assert "CI205" not in codes(recording.cycle)
    assert not any("atomic()" in one.fix for one in recording.cycle.findings)


def test_does_not_find_a_few_or_those_of_others() -> None:
    def found(count: int, **given: Any) -> int:
        sql = "INSERT INTO a VALUES (%s)"
        queries = tuple(make_query(id=at, sql=sql, **given) for at in range(count))
        return len(list(many_commits.find(make_cycle(queries=queries), Thresholds())))

    assert found(20) == 1
    assert found(19) == 0
    assert found(20, frames=(make_frame(is_project=False),)) == 0
    factory = make_frame(path="/site-packages/factory/django.py", is_project=False)
    assert found(20, frames=(factory, make_frame())) == 0
