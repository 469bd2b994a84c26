"""CI201 and CI202: statements that grow slow with the table: long IN lists and deep OFFSETs."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import place_of, reads
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

IN_LIST = Code(
    code="CI201",
    severity=Severity.INFO,
    title="A statement has a long list of values",
    django="ref/models/querysets/#in",
)
OFFSET = Code(
    code="CI202",
    severity=Severity.WARNING,
    title="Many rows are read and passed over",
    django="topics/pagination/",
)

_IN = re.compile(r"\bIN \(((?:%s|\?)(?:, ?(?:%s|\?))*)\)", re.I)
_OFFSET = re.compile(r"\bOFFSET (\d+)", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line with a long IN list, and for each with a deep OFFSET."""
    place = place_of()
    lists: dict[Hashable, list[tuple[int, Query]]] = {}
    skips: dict[Hashable, list[tuple[int, Query]]] = {}
    for query in cycle.statements:
        # Most statements are shorter than the list alone.
        if len(query.sql) >= thresholds.in_list * 2 and reads(query):
            count = _longest(query.sql)
            if count >= thresholds.in_list:
                lists.setdefault((query.alias, place(query)), []).append((count, query))
        found = _OFFSET.search(query.sql) if "OFFSET" in query.sql else None
        if found is not None and int(found[1]) >= thresholds.offset_rows:
            skips.setdefault((query.alias, place(query)), []).append((int(found[1]), query))
    prefetched = _prefetched(cycle)
    for group in lists.values():
        # prefetch_related() has no other way to ask.
        if any(query.id in prefetched for _, query in group):
            continue
        queries = [query for _, query in group]
        yield IN_LIST.about_queries(
            queries,
            f"A list of {max(count for count, _ in group)} values in one statement",
            "Each value is sent and planned. Let the database find them: give filter(...__in=) the "
            "queryset instead of a list of keys, or join by filtering on the relation.",
            cost_ns=sum(query.duration_ns for query in queries),
        )
    for group in skips.values():
        queries = [query for _, query in group]
        yield OFFSET.about_queries(
            queries,
            f"OFFSET {max(count for count, _ in group)}: so many rows are read and thrown away",
            "The further the page, the slower. Ask for the rows after the last one shown, as in "
            'filter(pk__gt=last).order_by("pk")[:n], which an index finds at once.',
            cost_ns=sum(query.duration_ns for query in queries),
        )


def _prefetched(cycle: Cycle) -> set[int]:
    prefetches = cycle.stage(Stage.MODELS).facts.get("prefetches") or ()
    return {query for one in prefetches for query in one.get("queries") or ()}


def _longest(sql: str) -> int:
    return max((match[1].count(",") + 1 for match in _IN.finditer(sql)), default=0)


RULE = Rule(find, (IN_LIST, OFFSET))
