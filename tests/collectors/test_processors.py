"""Context processors: which ran, what they took and what they added."""

from __future__ import annotations

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
    assert ["count", "int", "0"] in ran["names"]
    assert "own" not in [name for name, _, _ in ran["names"]]


def test_a_context_processor_that_raises_raises_the_same() -> None:
    def broken(request: Any) -> dict[str, Any]:
        raise ZeroDivisionError

    context = RequestContext(RequestFactory().get("/"), processors=[broken])

    with record() as recording, pytest.raises(ZeroDivisionError):
        ENGINE.get_template("part.html").render(context)

    assert recording.cycle.stage(Stage.TEMPLATES).facts["processors"] == []
