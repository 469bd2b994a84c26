"""Context processors: which ran, what they took and what they added."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.template import RequestContext
from django.test import RequestFactory

from cycle_inspector import record
from cycle_inspector.records import Stage
from tests.collectors.test_templates import ENGINE, recorded
from tests.shelf.models import Book


@pytest.mark.django_db
def test_what_context_processors_took_and_added_is_told() -> None:
    def shelf(request: Any) -> dict[str, Any]:
        return {"count": Book.objects.count()}

    context = RequestContext(RequestFactory().get("/"), {"own": 1}, processors=[shelf])

    cycle = recorded(lambda: ENGINE.get_template("part.html").render(context))

    (ran,) = cycle.stage(Stage.TEMPLATES).facts["processors"]
    assert ran["render"] == cycle.renders[0].id
    assert ran["processors"][-1].endswith(".shelf")
    assert (ran["queries"], ran["query_ids"]) == (1, [cycle.queries[0].id])
    assert ran["duration_ns"] > 0
    assert [one["name"] for one in ran["each"]] == ran["processors"]
    *others, own = [one["query_ids"] for one in ran["each"]]
    assert (others, own) == ([[]] * len(others), ran["query_ids"])
    assert ["count", "int", "0"] in ran["names"]
    assert "own" not in [name for name, _, _ in ran["names"]]


def test_each_context_processor_has_its_own_time() -> None:
    def quick(request: Any) -> dict[str, Any]:
        return {}

    def slow(request: Any) -> dict[str, Any]:
        time.sleep(0.02)
        return {}

    context = RequestContext(RequestFactory().get("/"), processors=[quick, slow, quick])
    cycle = recorded(lambda: ENGINE.get_template("part.html").render(context))

    (ran,) = cycle.stage(Stage.TEMPLATES).facts["processors"]
    times = {one["name"].rpartition(".")[2]: one["duration_ns"] for one in ran["each"]}
    assert times["slow"] >= 20_000_000
    assert times["quick"] < times["slow"]
    assert sum(one["duration_ns"] for one in ran["each"]) <= ran["duration_ns"]


def test_a_context_is_what_it_was_afterwards() -> None:
    processors = [lambda request: {"a": 1}]
    context = RequestContext(RequestFactory().get("/"), processors=processors)
    before = context._processors  # type: ignore[attr-defined]

    recorded(lambda: ENGINE.get_template("part.html").render(context))

    assert context._processors is before  # type: ignore[attr-defined]


def test_a_context_whose_processors_are_kept_otherwise_is_rendered_as_ever() -> None:
    class Own(RequestContext):
        _processors = (lambda request: {"a": 1},)  # type: ignore[assignment]

    context = Own(RequestFactory().get("/"))
    del context._processors  # type: ignore[attr-defined]
    cycle = recorded(lambda: ENGINE.get_template("part.html").render(context))

    (ran,) = cycle.stage(Stage.TEMPLATES).facts["processors"]
    assert ran["each"] == []
    assert [name for name, _, _ in ran["names"]][-1] == "a"


def test_a_context_processor_that_raises_raises_the_same() -> None:
    def broken(request: Any) -> dict[str, Any]:
        raise ZeroDivisionError

    context = RequestContext(RequestFactory().get("/"), processors=[broken])

    with record() as recording, pytest.raises(ZeroDivisionError):
        ENGINE.get_template("part.html").render(context)

    assert recording.cycle.stage(Stage.TEMPLATES).facts["processors"] == []
