"""CI104 to CI106: what was prefetched or loaded, and not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

UNUSED = Code(
    code="CI104",
    severity=Severity.WARNING,
    title="A relation was prefetched, and nobody read it",
    django="ref/models/querysets/#prefetch-related",
)
NUMBER = Code(
    code="CI105",
    severity=Severity.WARNING,
    title="Rows were loaded for their number alone",
    django="topics/db/optimization/#don-t-overuse-count-and-exists",
)
TWICE = Code(
    code="CI106",
    severity=Severity.INFO,
    title="A queryset was asked for its number, and then for its rows",
    django="topics/db/optimization/#don-t-overuse-count-and-exists",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each load whose rows or objects nobody read."""
    facts = cycle.stage(Stage.MODELS).facts
    by_id = {query.id: query for query in cycle.queries}
    for prefetch in facts.get("prefetches") or ():
        yield from _prefetch(prefetch, by_id)
    for load in facts.get("loads") or ():
        yield from _load(load, by_id, thresholds)


def _prefetch(one: Mapping[str, Any], by_id: Mapping[int, Query]) -> Iterator[Finding]:
    queries = _queries(one, by_id)
    # What is read past its prefetch is told where it is read; and nothing was found in vain.
    if one.get("used") is not False or one.get("bypassed") or one.get("peers") or not queries:
        return
    if queries[0].caller is None or not one.get("children"):
        return
    lookup, cost_ns = one.get("lookup"), sum(query.duration_ns for query in queries)
    yield UNUSED.about_queries(
        queries,
        f"Prefetched and not used: {one.get('model')} {lookup}, {one['children']} objects",
        f'Take "{lookup}" out of prefetch_related(), at least for this page.',
        cost_ns=cost_ns,
        saved_ns=cost_ns,
    )


def _load(
    one: Mapping[str, Any], by_id: Mapping[int, Query], thresholds: Thresholds
) -> Iterator[Finding]:
    queries, rows = _queries(one, by_id), one.get("rows") or 0
    if not queries or queries[0].caller is None or one.get("for") or one.get("limited"):
        return
    ways, model = one.get("ways") or (), one.get("model")
    cost_ns = sum(query.duration_ns for query in queries)
    is_unread = one.get("taken") == 0 and rows >= max(thresholds.unread_rows, 1)
    if is_unread and ways and set(ways) <= {"len", "bool"}:
        asks = "exists()" if set(ways) == {"bool"} else "count()"
        yield NUMBER.about_queries(
            queries,
            f"{rows} rows of {model} were loaded, and only their number was asked for",
            f"Ask the database instead: .{asks} on the queryset.",
            cost_ns=cost_ns,
            saved_ns=cost_ns,
        )
    asked = [by_id[at] for _, at in one.get("asked") or () if at in by_id]
    if asked and one.get("times") == 1:
        what = one["asked"][0][0]
        cost_ns = sum(query.duration_ns for query in asked)
        yield TWICE.about_queries(
            [*asked, *queries],
            f"{what}() of a queryset of {model} whose rows are loaded anyway",
            "Load the rows first: once a queryset holds them, "
            + ("bool() of it" if what == "exists" else "len() of it")
            + " asks the database nothing.",
            cost_ns=cost_ns,
            saved_ns=cost_ns,
        )


def _queries(one: Mapping[str, Any], by_id: Mapping[int, Query]) -> list[Query]:
    return [by_id[at] for at in one.get("queries") or () if at in by_id]


RULE = Rule(find, (UNUSED, NUMBER, TWICE))
