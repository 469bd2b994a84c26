"""CI602: a mail was sent before the transaction around it was committed."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._calls import duration_ns
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import Transactions
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI602",
    severity=Severity.WARNING,
    title="A mail was sent before the transaction was committed",
    django="topics/db/transactions/#performing-actions-after-commit",
)

_LONGEST_TITLE = 160


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each mail that was sent while a transaction of its thread was open."""
    mails = [one for one in cycle.events if one.kind == "mail" and not one.attributes.get("error")]
    if not mails:
        return
    transactions = Transactions(cycle)
    for event in mails:
        if transactions.around(event) is not None:
            yield CODE.about_events(
                [event],
                f"A mail was sent inside of a transaction: {event.name[:_LONGEST_TITLE]}",
                "If the transaction is rolled back, the mail has gone out all the same; and it "
                "holds locks while it is sent. Send it by transaction.on_commit(...).",
                cost_ns=duration_ns(event),
            )


RULE = Rule(find, (CODE,))
