"""CI204: a query after an error inside of atomic()."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI204",
    severity=Severity.ERROR,
    title="A query after an error inside of atomic()",
    django="topics/db/transactions/#controlling-transactions-explicitly",
)

# Of django.db.transaction.TransactionManagementError, and of PostgreSQL's own by psycopg.
_AFTER_AN_ERROR = ("TransactionManagementError", "InFailedSqlTransaction")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for the last query that failed by itself before an error that says so."""
    for event in cycle.events:
        if event.kind != "exception" or event.name.rpartition(".")[2] not in _AFTER_AN_ERROR:
            continue
        # The one that was refused has an error too, which names its class.
        failed = [
            one
            for one in cycle.queries
            if one.error and one.start_ns <= event.at_ns and not _is_refused(one.error)
        ]
        if failed:
            yield CODE.about_queries(
                failed[-1:],
                "A query failed inside of atomic(), and the block went on",
                "After an error the whole block must be rolled back. Catch the exception outside "
                "of atomic(), or put an atomic() of its own around the statement that may fail.",
                cost_ns=0,
            )


def _is_refused(error: str) -> bool:
    return any(name in error.partition(":")[0] for name in _AFTER_AN_ERROR)


RULE = Rule(find, (CODE,))
