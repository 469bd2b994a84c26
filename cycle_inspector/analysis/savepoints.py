"""CI203: many savepoints from one line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from cycle_inspector.analysis._queries import place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.write_loops import looped
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = Code(
    code="CI203",
    severity=Severity.WARNING,
    title="Many savepoints from one line",
    django="topics/db/transactions/#savepoints",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line that makes savepoints in a loop.

    Those of get_or_create() are Django's own; that one is called in a loop is told as CI111.
    """
    place = place_of()
    groups: dict[Hashable, list[Query]] = {}
    releases: dict[tuple[str, str], int] = {}  # the time of each, by alias and savepoint
    for query in cycle.queries:
        words = query.sql.split() if query.is_transaction else []
        if not words:
            continue
        if words[0].upper() == "SAVEPOINT" and query.caller is not None:
            groups.setdefault((query.alias, place(query)), []).append(query)
        elif words[0].upper() == "RELEASE":
            releases[query.alias, words[-1]] = query.duration_ns
    many = [group for group in groups.values() if len(group) >= max(thresholds.savepoints, 2)]
    told = _places_told(cycle, thresholds, place) if many else set()
    for group in many:
        if (group[0].alias, place(group[0])) not in told:
            yield CODE.about_queries(
                group,
                f"{len(group)} savepoints, each with a statement to make and one to release it",
                "atomic() inside of atomic() makes a savepoint. Put one atomic() around the loop; "
                "where a row that fails need not be undone by itself, atomic(savepoint=False).",
                cost_ns=sum(
                    one.duration_ns + releases.get((one.alias, one.sql.split()[-1]), 0)
                    for one in group
                ),
            )


def _places_told(
    cycle: Cycle, thresholds: Thresholds, place: Callable[[Query], Hashable]
) -> set[Hashable]:
    """Return the places, by alias, of the loops whose rows could be written at once."""
    ids = looped(cycle, thresholds)
    return {(query.alias, place(query)) for query in cycle.queries if query.id in ids}


RULE = Rule(find, (CODE,))
