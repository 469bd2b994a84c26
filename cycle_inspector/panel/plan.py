"""The plan of one recorded query as a fragment, or the sentence why there is none."""

from __future__ import annotations

from contextlib import suppress

from django.utils.safestring import SafeString

from cycle_inspector.explain import running, slow
from cycle_inspector.explain.statements import Refused
from cycle_inspector.history import plans
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.panel.engine import render
from cycle_inspector.records import Cycle, Query


def find(cycle: Cycle, number: int) -> Query | None:
    """Return the query of `cycle` with the id `number`."""
    return next((one for one in cycle.queries if one.id == number), None)


def show(query: Query, *, measure: bool, cycle_id: str | None = None) -> SafeString:
    """Ask the database for the plan of `query` now, and return what there is to say.

    What it says of indexes is kept with the cycle of this id, for the rules.
    """
    try:
        plan = running.explain(query, measure=measure)
    except Refused as reason:
        return render("plan.html", {"query": query, "reason": str(reason)})
    if cycle_id is not None:
        with suppress(HistoryUnavailable):  # it is shown all the same
            plans.keep(cycle_id, slow.told(query, plan))
    return render("plan.html", {"query": query, "plan": plan})
