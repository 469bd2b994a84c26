"""CI202: many rows are read and passed over."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = Code(
    code="CI202",
    severity=Severity.WARNING,
    title="Many rows are read and passed over",
    django="topics/pagination/",
)

_OFFSET = re.compile(r"\bOFFSET (\d+)", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line with a deep OFFSET."""
    place = place_of()
    skips: dict[Hashable, list[tuple[int, Query]]] = {}
    for query in cycle.statements:
        found = _OFFSET.search(query.sql) if "OFFSET" in query.sql else None
        if found is not None and int(found[1]) >= thresholds.offset_rows:
            skips.setdefault((query.alias, place(query)), []).append((int(found[1]), query))
    for group in skips.values():
        queries = [query for _, query in group]
        yield CODE.about_queries(
            queries,
            f"OFFSET {max(count for count, _ in group)}: so many rows are read and thrown away",
            "The further the page, the slower. Ask for the rows after the last one shown, as in "
            'filter(pk__gt=last).order_by("pk")[:n], which an index finds at once.',
            cost_ns=sum(query.duration_ns for query in queries),
        )


RULE = Rule(find, (CODE,))
