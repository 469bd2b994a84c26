"""CI203 and CI204: many savepoints from one line; a query after an error in a transaction."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from cycle_inspector.analysis._queries import place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Query, Severity

SAVEPOINTS = Code(
    code="CI203",
    severity=Severity.WARNING,
    title="Many savepoints from one line",
    django="topics/db/transactions/#savepoints",
)
BROKEN = Code(
    code="CI204",
    severity=Severity.ERROR,
    title="A query after an error inside of atomic()",
    django="topics/db/transactions/#controlling-transactions-explicitly",
)

# Of django.db.transaction.TransactionManagementError, and of PostgreSQL's own by psycopg.
_AFTER_AN_ERROR = ("TransactionManagementError", "InFailedSqlTransaction")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line that makes savepoints in a loop, and for a broken block."""
    yield from _savepoints(cycle, thresholds)
    for event in cycle.events:
        if event.kind == "exception" and event.name.rpartition(".")[2] in _AFTER_AN_ERROR:
            yield from _broken(cycle, event)


def _savepoints(cycle: Cycle, thresholds: Thresholds) -> Iterator[Finding]:
    place = place_of()
    groups: dict[Hashable, list[Query]] = {}
    ends: dict[Hashable, int] = {}
    for query in cycle.queries:
        if query.is_transaction and query.caller is not None:
            words = query.sql.split(None, 1)
            key = query.alias, place(query)
            if words and words[0].upper() == "SAVEPOINT":
                groups.setdefault(key, []).append(query)
            elif words and words[0].upper() == "RELEASE":
                ends[query.alias] = ends.get(query.alias, 0) + query.duration_ns
    for group in groups.values():
        if len(group) >= max(thresholds.savepoints, 2):
            cost_ns = sum(query.duration_ns for query in group)
            yield SAVEPOINTS.about_queries(
                group,
                f"{len(group)} savepoints, each with a statement to make and one to release it",
                "atomic() inside of atomic() makes a savepoint. Put one atomic() around the loop; "
                "where a row that fails need not be undone by itself, atomic(savepoint=False).",
                cost_ns=cost_ns + ends.get(group[0].alias, 0),
            )


def _broken(cycle: Cycle, event: Event) -> Iterator[Finding]:
    failed = [one for one in cycle.queries if one.error and one.start_ns <= event.at_ns]
    if failed:
        yield BROKEN.about_queries(
            failed[-1:],
            "A query failed inside of atomic(), and the block went on",
            "After an error the whole block must be rolled back. Catch the exception outside of "
            "atomic(), or put an atomic() of its own around the statement that may fail.",
            cost_ns=0,
        )


RULE = Rule(find, (SAVEPOINTS, BROKEN))
