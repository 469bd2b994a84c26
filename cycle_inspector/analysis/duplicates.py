"""CI102: the very same statement ran more than once."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cycle_inspector.analysis._queries import key_of_params, reads
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.n_plus_one import repeated
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = "CI102"


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each statement that was repeated with equal parameters.

    A write to the same database in between starts the count anew: the second answer may differ.
    Repetitions inside an N+1 are that finding's, whose fix ends them too.
    """
    least = max(thresholds.duplicate_queries, 2)
    candidates = _repeated(cycle, least)
    if not candidates:
        return
    elsewhere = {query.id for group in repeated(cycle, thresholds) for query in group}
    by_itself_ns = _by_itself_from(cycle)
    for candidate in candidates:
        group = [query for query in candidate if query.id not in elsewhere]
        if len(group) < least:
            continue
        if not all(_is_of_django(one) and one.start_ns >= by_itself_ns for one in group):
            yield _finding(group)


def _repeated(cycle: Cycle, least: int) -> list[list[Query]]:
    """Return the reads that ran at least `least` times with equal parameters and no write between.

    What their parameters are is looked at only where a statement was repeated.
    """
    writes: dict[str, int] = {}  # by alias, so far
    statements: dict[tuple[str, int, str], list[Query]] = {}
    for query in cycle.statements:
        if not reads(query):
            writes[query.alias] = writes.get(query.alias, 0) + 1
        elif query.error is None:
            key = query.alias, writes.get(query.alias, 0), query.sql
            statements.setdefault(key, []).append(query)
    found: list[list[Query]] = []
    for many in statements.values():
        groups: dict[str, list[Query]] = {}
        for query in many if len(many) >= least else ():
            params = key_of_params(query.params)
            if params is not None:
                groups.setdefault(params, []).append(query)
        found += [group for group in groups.values() if len(group) >= least]
    return found


def _by_itself_from(cycle: Cycle) -> float:
    """Return the time from which Django repeats queries of its own accord."""
    # The admin counts the rows of a list with and without its filters, even where there are none.
    if cycle.stage(Stage.VIEW).facts.get("kind") == "admin view":
        return 0
    # The page about an exception shows the querysets of all frames, and so it runs them.
    return min((one.at_ns for one in cycle.events if one.kind == "exception"), default=math.inf)


def _is_of_django(query: Query) -> bool:
    """Whether no line of the project, nor of any other package, has led to it."""
    return not query.frames and query.template is None


def _finding(group: list[Query]) -> Finding:
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        title=f"Duplicate query: the same statement ran {len(group)} times",
        caller=group[0].caller,
        template=group[0].template,
        count=len(group),
        cost_ns=sum(query.duration_ns for query in group[1:]),
        saved_ns=sum(query.duration_ns for query in group[1:]),
        evidence=tuple(query.id for query in group),
        fix=_fix(group),
        model_field=group[0].relation,
    )


def _fix(group: list[Query]) -> str:
    places = {(query.caller, query.template) for query in group}
    if len(places) == 1:
        return "Run it once, before the loop or the calls that repeat it, and use its result there."
    return (
        f"It is asked for at {len(places)} places. Ask once and pass the result on: in the view's "
        "context, or as a cached_property."
    )


RULE = Rule(
    find,
    (
        Code(
            code=CODE,
            severity=Severity.WARNING,
            title="The very same query ran more than once",
            django="topics/db/optimization/#understand-cached-attributes",
        ),
    ),
)
