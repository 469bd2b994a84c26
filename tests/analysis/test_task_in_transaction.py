"""Background tasks that are handed over before the commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.task_in_transaction import find
from cycle_inspector.records import Finding, Severity
from tests import background_tasks
from tests.collectors.test_background import LATER, NOW, needs_tasks, restock
from tests.shelf.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording, transaction.atomic():
        work()
    return list(find(recording.cycle, Thresholds()))


@needs_tasks
def test_finds_a_task_that_a_view_hands_over_in_its_transaction(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            Book.objects.filter(title="Ulysses").update(title="Dubliners")
            background_tasks.restock_later.enqueue("Dubliners")
        return HttpResponse("ok")

    with LATER:
        (finding,) = find(serve(view).get("/").cycle, Thresholds())

    assert (finding.code, finding.severity, finding.count) == ("CI604", Severity.WARNING, 1)
    assert finding.title == (
        "The task tests.background_tasks.restock_later was handed over inside of a transaction"
    )
    assert finding.caller is not None
    assert finding.caller.path == __file__
    assert "on_commit(partial(task.enqueue, ...))" in finding.fix


@needs_tasks
def test_finds_one_under_atomic_requests(serve: Any, settings: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        background_tasks.restock_later.enqueue("Ulysses")
        return HttpResponse("ok")

    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    try:
        with LATER:
            (finding,) = find(serve(view).get("/").cycle, Thresholds())
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False
    assert finding.code == "CI604"


@needs_tasks
def test_finds_one_that_a_backend_runs_at_once() -> None:
    with NOW:
        (finding,) = found(lambda: background_tasks.burn_later.enqueue("Ulysses"))
    assert finding.code == "CI604"


@needs_tasks
def test_finds_a_loop_once() -> None:
    def work() -> None:
        for title in ("Ulysses", "Dubliners"):
            background_tasks.restock_later.enqueue(title)

    with LATER:
        (finding,) = found(work)
    assert finding.count == 2
    assert finding.title.endswith(" was handed over 2 times inside of a transaction")


def test_finds_a_task_of_celery() -> None:
    (finding,) = found(lambda: restock.delay("Ulysses"))
    assert finding.title == "The task shop.restock was handed over inside of a transaction"
    assert "delay_on_commit" in finding.fix


@needs_tasks
def test_does_not_find_a_task_that_waits_for_the_commit() -> None:
    with LATER:
        later = partial(background_tasks.restock_later.enqueue, "Ulysses")
        assert found(lambda: transaction.on_commit(later)) == []


def test_does_not_find_tasks_outside_of_transactions() -> None:
    with record() as recording:
        restock.delay("Ulysses")
        with transaction.atomic():
            Book.objects.count()
    assert [one.kind for one in recording.cycle.events] == ["task"]
    assert list(find(recording.cycle, Thresholds())) == []


def test_does_not_find_a_task_that_is_called_here_and_now() -> None:
    assert found(lambda: restock.apply(("Ulysses",))) == []


def test_does_not_find_a_queue_that_is_a_table() -> None:
    def work() -> None:
        # As a backend does that keeps its tasks in the database: in one call, the row goes first.
        _ = Book.objects.filter(title="task").update(title="task"), restock.delay("Ulysses")

    assert found(work) == []
