"""CI201: a statement has a long list of values."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import place_of, reads
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = Code(
    code="CI201",
    severity=Severity.INFO,
    title="A statement has a long list of values",
    django="ref/models/querysets/#in",
)

_IN = re.compile(r"\bIN \(((?:%s|\?)(?:, ?(?:%s|\?))*)\)", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line with a long IN list.

    Those of prefetch_related() are left out, which has no other way to ask.
    """
    place = place_of()
    lists: dict[Hashable, list[tuple[int, Query]]] = {}
    for query in cycle.statements:
        # Most statements are shorter than the list alone.
        if len(query.sql) >= thresholds.in_list * 2 and reads(query):
            count = max((match[1].count(",") + 1 for match in _IN.finditer(query.sql)), default=0)
            if count >= thresholds.in_list:
                lists.setdefault((query.alias, place(query)), []).append((count, query))
    prefetched = _prefetched(cycle) if lists else frozenset()
    for group in lists.values():
        queries = [query for _, query in group]
        if not any(query.id in prefetched for query in queries):
            yield CODE.about_queries(
                queries,
                f"A list of {max(count for count, _ in group)} values in one statement",
                "Each value is sent and planned. Let the database find them: give filter(...__in=) "
                "the queryset instead of a list of keys, or join by filtering on the relation.",
                cost_ns=sum(query.duration_ns for query in queries),
            )


def _prefetched(cycle: Cycle) -> frozenset[int]:
    prefetches = cycle.stage(Stage.MODELS).facts.get("prefetches") or ()
    return frozenset(query for one in prefetches for query in one.get("queries") or ())


RULE = Rule(find, (CODE,))
