"""Outgoing HTTP inside of a transaction, by real requests to a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse

from cycle_inspector.records import Cycle, Finding
from tests.answers import SLOW_SECONDS, answering
from tests.conftest import Server


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with answering() as address:
        yield address


def found(cycle: Cycle) -> list[Finding]:
    assert cycle.failed_rules == ()
    return [one for one in cycle.findings if one.code == "CI206"]


def inside(url: str) -> Callable[[Any], HttpResponse]:
    def view(request: Any) -> HttpResponse:
        with transaction.atomic():
            Group.objects.create(name="new")
            requests.get(url, timeout=5)
        return HttpResponse()

    return view


def test_finds_a_slow_request_inside_of_a_transaction(serve: Server, root: str) -> None:
    (finding,) = found(serve(inside(f"{root}/slow")).get("/").cycle)
    assert "waiting for an outgoing request" in finding.title
    assert finding.cost_ns >= SLOW_SECONDS * 1e9
    assert finding.caller is not None
    assert finding.caller.function.endswith("view")
    assert "ATOMIC_REQUESTS" not in finding.fix


def test_does_not_find_a_short_one(serve: Server, root: str) -> None:
    assert found(serve(inside(root)).get("/").cycle) == []


def test_a_threshold_says_what_is_long(serve_wsgi: Server, switched_on: Any, root: str) -> None:
    switched_on(THRESHOLDS={"WAIT_IN_TRANSACTION_MS": 0})
    assert len(found(serve_wsgi(inside(root)).get("/").cycle)) == 1
    switched_on(THRESHOLDS={"WAIT_IN_TRANSACTION_MS": 1_000})
    assert found(serve_wsgi(inside(f"{root}/slow")).get("/").cycle) == []


def test_does_not_find_one_beside_a_transaction(serve: Server, root: str) -> None:
    def view(request: Any) -> HttpResponse:
        answer = requests.get(f"{root}/slow", timeout=5)
        with transaction.atomic():
            Group.objects.create(name=answer.text)
            transaction.on_commit(lambda: requests.get(f"{root}/slow", timeout=5) and None)
        return HttpResponse()

    assert found(serve(view).get("/").cycle) == []


def test_does_not_find_one_of_another_thread(serve_wsgi: Server, root: str) -> None:
    def view(request: Any) -> HttpResponse:
        thread = threading.Thread(target=requests.get, args=(f"{root}/slow",))
        with transaction.atomic():
            Group.objects.create(name="new")
            thread.start()
            thread.join()
        return HttpResponse()

    assert found(serve_wsgi(view).get("/").cycle) == []


def test_atomic_requests_are_told_in_their_words(
    serve_wsgi: Server, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    @transaction.non_atomic_requests
    def taken_out(request: Any) -> HttpResponse:
        requests.get(f"{root}/slow", timeout=5)
        return HttpResponse()

    def view(request: Any) -> HttpResponse:
        return taken_out(request)

    (finding,) = found(serve_wsgi(view).get("/").cycle)
    assert "ATOMIC_REQUESTS makes a transaction of the whole view" in finding.fix
    assert "@transaction.non_atomic_requests" in finding.fix
    assert found(serve_wsgi(taken_out).get("/").cycle) == []
