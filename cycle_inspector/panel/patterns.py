"""Every pattern that was tried for a cycle's path, worked out when it is asked for.

The project's URLconf is searched as it is now; what the cycle recorded is told beside it. A URLconf
that the record names is imported only if it is ROOT_URLCONF: another one is searched if this
process has it already. Where there is none to search, the recorded texts are all there is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import get_resolver
from django.utils import translation

from cycle_inspector import routes

# These two hide what the record hides. They hook nothing.
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._redaction import is_secret
from cycle_inspector.panel import routing
from cycle_inspector.records import Cycle, Stage

_MOST_NEAR = 10
_SECONDS = 0.05
_FARTHEST_OF_MATCH = 10  # beside a match only what would have matched, but for something, matters


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The patterns in the order in which they were tried."""

    path: str
    urlconf: str
    rows: list[routing.Row]
    first: int = 1  # the number of the first of them
    near: list[dict[str, Any]] = field(default_factory=list)
    is_match: bool = False
    problem: str = ""  # why these are the recorded ones
    change: str = ""  # how these differ from the recorded ones

    @property
    def count(self) -> int:
        """How many were tried; of recorded ones that were not kept the count is all there is."""
        return self.first - 1 + len(self.rows)


class _NotSearched(Exception):
    """There is nothing to search; its text is a sentence."""


def of(cycle: Cycle) -> Listing:
    """Return the patterns for the path of `cycle`."""
    facts = cycle.stage(Stage.ROUTING).facts
    path = facts.get("path_info")
    method = str(cycle.request.get("method") or "")
    try:
        if not facts:
            raise _NotSearched("No URL was looked up.")
        if not isinstance(path, str):
            raise _NotSearched("The path was not kept whole.")
        resolver = _resolver(facts)
        with translation.override(facts.get("language")):
            return _search(resolver, path, method, facts)
    except _NotSearched as reason:
        return _recorded(cycle, facts, str(reason))
    except Exception as error:  # the URLconf is the project's: it may raise anything
        said = ": ".join(filter(None, (type(error).__name__, message_of(error))))
        return _recorded(cycle, facts, f"The URLconf cannot be searched now. {said}")


def _resolver(facts: Mapping[str, Any]) -> Any:
    urlconf, root = facts.get("urlconf"), getattr(settings, "ROOT_URLCONF", None)
    if urlconf == root or (not facts.get("own_urlconf") and not isinstance(root, str)):
        return get_resolver()
    if not isinstance(urlconf, str) or urlconf not in sys.modules:
        raise _NotSearched(f"This process has no URLconf {urlconf}.")
    return get_resolver(urlconf)


def _search(resolver: Any, path: str, method: str, facts: Mapping[str, Any]) -> Listing:
    found = routes.search(resolver, path)
    tried = found.tried
    misses = routes.find(
        tried[:-1] if found.matched else tried,
        path,
        method=method,
        most=_MOST_NEAR,
        seconds=_SECONDS,
    )
    if found.matched:
        misses = tuple(one for one in misses if one.distance < _FARTHEST_OF_MATCH)
    near = {one.order for one in misses}
    rows = [
        (routes.text_of(chain), "near" if order in near else "", routes.name_of(chain))
        for order, chain in enumerate(tried)
    ]
    if found.matched:
        rows[-1] = (rows[-1][0], "matched", rows[-1][2])
    urlconf = str(facts.get("urlconf"))
    said = [routes.said_of(one, urlconf, is_secret) for one in misses]
    return Listing(
        path=path,
        urlconf=urlconf,
        rows=rows,
        near=[{**one, "said": routing.pieces(one["sentence"])} for one in said],
        is_match=found.matched,
        change=_change(len(tried), found.matched, facts),
    )


def _change(count: int, matched: bool, facts: Mapping[str, Any]) -> str:  # noqa: FBT001
    before, was_match = facts.get("tried_count"), facts.get("route") is not None
    if count == before and matched is was_match:
        return ""
    outcome = "one of them matched" if was_match else "none matched"
    return (
        f"The URLconf is not what it was: when this cycle was recorded, {before} patterns were "
        f"tried, and {outcome}."
    )


def _recorded(cycle: Cycle, facts: Mapping[str, Any], reason: str) -> Listing:
    told = routing.context(cycle)
    return Listing(
        path=str(told["path"] or ""),
        urlconf=str(facts.get("urlconf") or ""),
        rows=told["tried"],
        first=told["tried_from"],
        near=told["near"],
        is_match=facts.get("route") is not None,
        problem=f"{reason} These are the patterns as they were recorded."
        if told["tried"]
        else reason,
    )
