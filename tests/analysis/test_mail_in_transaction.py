"""A mail before the commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.mail_in_transaction import find
from cycle_inspector.records import Finding

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Django 2028 will not have"),
]


def send() -> None:
    send_mail("Thanks", "Your books are on their way.", "shop@example.com", ["ada@example.com"])


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        work()
    return list(find(recording.cycle, Thresholds()))


def test_finds_a_mail_that_a_view_sends_in_its_transaction(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            send()
        return HttpResponse("ok")

    (finding,) = find(serve(view).get("/").cycle, Thresholds())
    assert finding.code == "CI602"
    assert finding.title == "A mail was sent inside of a transaction: Thanks"
    assert finding.cost_ns > 0
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_finds_a_mail_of_a_transaction_that_was_rolled_back() -> None:
    def work() -> None:
        with transaction.atomic():
            with transaction.atomic():
                send()
            transaction.set_rollback(True)

    (finding,) = found(work)
    assert finding.code == "CI602"


def test_finds_a_mail_after_a_savepoint_was_rolled_back() -> None:
    def work() -> None:
        with transaction.atomic():
            with transaction.atomic():
                transaction.set_rollback(True)
            send()

    (finding,) = found(work)
    assert finding.code == "CI602"


def test_does_not_find_a_mail_that_waits_for_the_commit() -> None:
    def work() -> None:
        with transaction.atomic():
            transaction.on_commit(partial(send))

    assert found(work) == []


def test_does_not_find_a_mail_without_a_transaction() -> None:
    def work() -> None:
        send()
        with transaction.atomic():
            pass
        send()

    assert found(work) == []


def test_does_not_find_a_mail_of_another_thread(settings: Any, switched_on: Any) -> None:
    switched_on(FOLLOW_THREADS=True)

    def work() -> None:
        with transaction.atomic():
            thread = threading.Thread(target=send)
            thread.start()
            thread.join()

    with record() as recording:
        work()
    assert "mail" in [one.kind for one in recording.cycle.events]
    assert list(find(recording.cycle, Thresholds())) == []
