"""CI205: many writes from one line, each of them a commit of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._queries import is_of_factory, place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import commits_of
from cycle_inspector.analysis.write_loops import looped
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = Code(
    code="CI205",
    severity=Severity.WARNING,
    title="Many commits from one line",
    django="topics/db/transactions/#controlling-transactions-explicitly",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line that writes again and again outside of a transaction.

    A loop for which one statement could write all rows is told as such (CI111), and the words of
    that say it. An atomic() inside of a loop is what a project has chosen.
    """
    least = max(thresholds.commits, 2)
    place = place_of()
    groups: dict[Hashable, list[Query]] = {}
    for query in commits_of(cycle):
        if query.caller is not None:
            groups.setdefault((query.alias, place(query)), []).append(query)
    many = [group for group in groups.values() if len(group) >= least]
    if not many:
        return
    told = looped(cycle, thresholds)
    for group in many:
        if not is_of_factory(group[0]) and told.isdisjoint(query.id for query in group):
            yield CODE.about_queries(
                group,
                f"{len(group)} commits: each of these writes is a transaction of its own",
                "Put transaction.atomic() around the loop: one commit for all of them. Then they "
                "stand or fall together.",
                cost_ns=sum(query.duration_ns for query in group),
            )


RULE = Rule(find, (CODE,))
