"""The plan of one recorded query as a fragment, or the sentence why there is none."""

from __future__ import annotations

from django.utils.safestring import SafeString

from cycle_inspector.explain import running
from cycle_inspector.explain.statements import Refused
from cycle_inspector.panel.engine import render
from cycle_inspector.records import Cycle, Query


def find(cycle: Cycle, number: int) -> Query | None:
    """Return the query of `cycle` with the id `number`."""
    return next((one for one in cycle.queries if one.id == number), None)


def show(query: Query, *, measure: bool) -> SafeString:
    """Ask the database for the plan of `query` now, and return what there is to say."""
    try:
        plan = running.explain(query, measure=measure)
    except Refused as reason:
        return render("plan.html", {"query": query, "reason": str(reason)})
    return render("plan.html", {"query": query, "plan": plan})
