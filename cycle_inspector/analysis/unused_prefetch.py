"""CI104: a relation was prefetched, and nobody read it."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI104",
    severity=Severity.WARNING,
    title="A relation was prefetched, and nobody read it",
    django="ref/models/querysets/#prefetch-related",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each lookup whose objects nobody read.

    What is read past its prefetch is told where it is read; and nothing was found in vain.
    """
    queries_by = queries_of(cycle)
    for one in cycle.stage(Stage.MODELS).facts.get("prefetches") or ():
        if one.get("used") is not False or one.get("bypassed") or one.get("peers"):
            continue
        queries = queries_by(one.get("queries"))
        if not queries or queries[0].caller is None or not one.get("children"):
            continue
        lookup, cost_ns = one.get("lookup"), sum(query.duration_ns for query in queries)
        yield CODE.about_queries(
            queries,
            f"Prefetched and not used: {one.get('model')} {lookup}, {one['children']} objects",
            f'Take "{lookup}" out of prefetch_related(). Where other requests of this view read '
            "it, prefetch it for those alone.",
            cost_ns=cost_ns,
            saved_ns=cost_ns,
        )


RULE = Rule(find, (CODE,))
