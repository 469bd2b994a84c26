"""What a search finds in a cycle, as it is listed: each with the view that shows it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.utils.safestring import SafeString

from cycle_inspector.analysis import search
from cycle_inspector.panel import side_events
from cycle_inspector.panel.engine import render
from cycle_inspector.records import SIDE_KINDS, Cycle

MOST = 200  # that are listed; all are counted


def fragment(cycle: Cycle, asked: str) -> SafeString:
    """Return the list as a fragment."""
    return render("search.html", context(cycle, asked))


def context(cycle: Cycle, asked: str) -> dict[str, Any]:
    """Return what the list is filled with; `asked` is in the grammar of `analysis.search`."""
    asked = asked.strip()
    try:
        terms = search.parse(asked)
    except search.BadSearch as error:
        return {"asked": asked, "said": str(error)}
    found = search.find(cycle, terms) if terms else iter(())
    hits = [(one, view_of(one)) for one in islice(found, MOST)]
    return {"asked": asked, "hits": hits, "count": len(hits) + sum(1 for _ in found)}


def view_of(hit: search.Hit) -> str:
    """Return the view of a report that shows what was found."""
    if hit.kind == "finding":
        return "overview"
    return side_events.VIEW if hit.kind in SIDE_KINDS else hit.stage.value
