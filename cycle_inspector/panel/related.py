"""The cycles that one belongs together with, in the words of its report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cycle_inspector.history.links import Links
from cycle_inspector.records import Cycle

LINKS = {"inside": "Parent cycle", "redirect": "Redirected from", "fetch": "Fetched by"}
"""What the link to the cause of a cycle says, by how it caused it."""

NOTES = {"inside": "inside another", "redirect": "after a redirect", "fetch": "fetched by a page"}
"""The same beside a cycle in a list."""

_GONE = {
    "inside": "Ran inside a cycle that is no longer kept.",
    "redirect": "Redirected here by a cycle that is no longer kept.",
    "fetch": "Fetched by a page that is no longer kept.",
}


def parent_of(cycle: Cycle, links: Links) -> Any | None:
    """Return the row of what caused `cycle`, if it is kept."""
    near = (links.outer, links.page, *links.before)
    return next((row for row in near if row is not None and row.id == cycle.parent), None)


def ways(cycle: Cycle, links: Links) -> list[dict[str, Any]]:
    """Return how the client came to `cycle` and where it went, a sentence each."""
    told = (
        ("Ran inside", (links.outer,)),
        ("Fetched by", (links.page,)),
        ("Redirected here from", links.before),
        ("Led to", links.after),
    )
    found: list[dict[str, Any]] = [
        {"words": words, "rows": rows}
        for words, given in told
        if (rows := [row for row in given if row is not None])
    ]
    if cycle.cause in _GONE and parent_of(cycle, links) is None:
        found.insert(0, {"words": _GONE[cycle.cause], "rows": ()})
    return found


def groups(links: Links) -> Iterable[dict[str, Any]]:
    """Return the cycles that one has caused, by how it did."""
    if links.inside:
        yield {"title": "Cycles inside this one", "rows": links.inside}
    if links.fetched:
        left_out = links.fetched_count - len(links.fetched)
        yield {"title": "Fetched by this page", "rows": links.fetched, "left_out": left_out}
