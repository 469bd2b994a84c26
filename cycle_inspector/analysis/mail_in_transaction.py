"""CI602: a mail was sent before the transaction around it was committed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI602",
    severity=Severity.WARNING,
    title="A mail was sent before the transaction was committed",
    django="topics/db/transactions/#performing-actions-after-commit",
)

_LONGEST_TITLE = 160

_BEGIN = re.compile(r"\s*(?:BEGIN|START)\b", re.I)
_END = re.compile(r"\s*(?:COMMIT|END|ROLLBACK(?!\s+(?:\w+\s+)?TO\b))\b", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each mail that was sent while a transaction of its thread was open."""
    mails = [one for one in cycle.events if one.kind == "mail" and not one.attributes.get("error")]
    if not mails:
        return
    transactions = list(_transactions(cycle))
    # An event has no thread; what it stands in does.
    threads = {one.id: one.thread for many in (cycle.spans, cycle.renders) for one in many}
    for event in mails:
        thread = threads.get(event.parent or 0)
        if any(
            start <= event.at_ns < end and thread in (None, other)
            for start, end, other in transactions
        ):
            yield CODE.about(
                f"A mail was sent inside of a transaction: {event.name[:_LONGEST_TITLE]}",
                "If the transaction is rolled back, the mail has gone out all the same; and it "
                "holds locks while it is sent. Send it by transaction.on_commit(...).",
                caller=event.caller,
                template=event.template,
                evidence=(event.parent,),
                cost_ns=int(event.attributes.get("duration_ns") or 0),
            )


def _transactions(cycle: Cycle) -> Iterator[tuple[int, int, str]]:
    """Yield of each transaction when it began, when it ended, and its thread."""
    begun: dict[tuple[str, str], int] = {}
    for query in cycle.queries:
        if query.is_transaction and query.error is None:
            key = query.alias, query.thread
            if _BEGIN.match(query.sql):
                begun[key] = query.start_ns
            elif _END.match(query.sql) and key in begun:
                yield begun.pop(key), query.start_ns, query.thread


RULE = Rule(find, (CODE,))
