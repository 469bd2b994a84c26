"""What on_commit() was to do and did not, by real requests."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse

from cycle_inspector.analysis import Thresholds, failed_callback
from cycle_inspector.records import Cycle, Finding, Stage
from tests.conftest import Server
from tests.factories import make_cycle, make_stage


def stumble() -> None:
    raise ValueError("no such shelf")


def walk() -> None:
    pass


def found(cycle: Cycle) -> list[Finding]:
    assert cycle.failed_rules == ()
    return [one for one in cycle.findings if one.code == "CI207"]


def test_finds_a_callback_that_raised(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        with transaction.atomic():
            for callback in (walk, stumble, walk):
                transaction.on_commit(callback)
        return HttpResponse()

    answer = serve(view).get("/")

    (finding,) = found(answer.cycle)
    assert answer.status == 500
    assert finding.title == (
        "After the commit stumble() raised ValueError: no such shelf, "
        "and 1 more callback not called"
    )
    assert "is committed all the same" in finding.fix
    assert finding.caller is not None
    assert (finding.caller.path, finding.caller.function) == (__file__, "stumble")


def test_finds_one_that_the_view_catches(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                transaction.on_commit(stumble)
        except ValueError:
            pass
        return HttpResponse()

    answer = serve(view).get("/")

    assert answer.status == 200
    (finding,) = answer.cycle.findings
    assert finding.title == "After the commit stumble() raised ValueError: no such shelf"


def test_finds_one_that_django_catches(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        with transaction.atomic():
            transaction.on_commit(stumble, robust=True)
            transaction.on_commit(walk)
        return HttpResponse()

    (finding,) = serve(view).get("/").cycle.findings
    assert finding.title == "After the commit stumble() raised ValueError: no such shelf"
    assert "Django's log" in finding.fix
    assert finding.caller is not None
    assert finding.caller.function == "stumble"


def test_does_not_find_one_that_did_its_work_or_was_never_called(serve: Server) -> None:
    def view(request: Any) -> HttpResponse:
        with transaction.atomic():
            transaction.on_commit(walk)
        with transaction.atomic():
            transaction.on_commit(stumble)
            transaction.set_rollback(True)
        return HttpResponse()

    assert serve(view).get("/").cycle.findings == ()


def test_does_not_find_what_was_raised_without_a_transaction(serve_wsgi: Server) -> None:
    def view(request: Any) -> HttpResponse:
        transaction.on_commit(stumble)
        return HttpResponse()

    cycle = serve_wsgi(view).get("/").cycle
    assert [one.code for one in cycle.findings] == ["CI001"]


def test_a_line_of_a_library_is_no_caller() -> None:
    told = {"name": "ValueError", "callback": "a", "raised_at": {"path": "/lib/a.py", "line": 1}}
    stage = make_stage(Stage.DATABASE, facts={"failed_callbacks": [told]})
    cycle = make_cycle(stages={Stage.DATABASE: stage})
    (finding,) = failed_callback.find(cycle, Thresholds())
    assert finding.caller is None
    assert finding.title == "After the commit a() raised ValueError"
