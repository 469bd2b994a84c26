"""CI204: a query after an error inside of atomic()."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity

CODE = Code(
    code="CI204",
    severity=Severity.ERROR,
    title="A query after an error inside of atomic()",
    django="topics/db/transactions/#controlling-transactions-explicitly",
)

# Django's own, PostgreSQL's by psycopg, and what Django makes of the latter.
_AFTER_AN_ERROR = ("TransactionManagementError", "InFailedSqlTransaction", "InternalError")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for the last query that failed by itself before an error that says so."""
    for event in cycle.events:
        name = event.name.rpartition(".")[2]
        if event.kind != "exception" or name not in _AFTER_AN_ERROR:
            continue
        # The one that was refused has an error too, which names its class.
        failed = [
            one
            for one in cycle.queries
            if one.error and one.start_ns <= event.at_ns and not _is_refused(one)
        ]
        # Other things are internal errors as well.
        if failed and (name != "InternalError" or _is_next_refused(failed[-1], cycle)):
            yield CODE.about_queries(
                failed[-1:],
                "A query failed inside of atomic(), and the block went on",
                "After an error the whole block must be rolled back. Catch the exception outside "
                "of atomic(), or put an atomic() of its own around the statement that may fail.",
                cost_ns=0,
            )


def _is_refused(query: Query) -> bool:
    return (query.error or "").partition(":")[0] in _AFTER_AN_ERROR


def _is_next_refused(failed: Query, cycle: Cycle) -> bool:
    """Whether the query after `failed` was refused, rather than a rollback."""
    later = (
        one for one in cycle.queries if one.alias == failed.alias and one.start_ns > failed.start_ns
    )
    following = next(later, None)
    return following is not None and _is_refused(following)


RULE = Rule(find, (CODE,))
