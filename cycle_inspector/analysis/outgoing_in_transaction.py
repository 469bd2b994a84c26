"""CI206: a transaction was held open while another server was asked."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._calls import duration_ns
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import Transaction, Transactions
from cycle_inspector.records import Cycle, Event, Finding, Severity, Stage

CODE = Code(
    code="CI206",
    severity=Severity.WARNING,
    title="A transaction was held open while another server was asked",
    django="topics/db/transactions/#controlling-transactions-explicitly",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each transaction inside of which outgoing HTTP took long.

    A mail inside of one is another finding, CI602, however long it took.
    """
    asked = [one for one in cycle.events if one.kind == "http"]
    if not asked:
        return
    transactions = Transactions(cycle)
    inside: dict[Transaction, list[Event]] = {}
    for event in asked:
        around = transactions.around(event)
        if around is not None:
            inside.setdefault(around, []).append(event)
    limit_ns = thresholds.wait_in_transaction_ms * 1_000_000
    for transaction, events in inside.items():
        waited_ns = sum(map(duration_ns, events))
        if waited_ns >= limit_ns:
            yield _finding(transaction, events, waited_ns, cycle)


def _finding(
    transaction: Transaction, events: list[Event], waited_ns: int, cycle: Cycle
) -> Finding:
    held_ns = transaction.end_ns - transaction.begin.start_ns
    count = len(events)
    calls = "an outgoing request" if count == 1 else f"{count} outgoing requests"
    return CODE.about(
        f"A transaction was open for {held_ns / 1_000_000:.0f} ms, "
        f"{waited_ns / 1_000_000:.0f} ms of them waiting for {calls}",
        "Meanwhile its rows stay locked, and its connection is taken. Ask before atomic() begins, "
        f"or after it, by transaction.on_commit(...).{_of_requests(transaction, cycle)}",
        caller=events[0].caller,
        template=events[0].template,
        evidence=(transaction.begin.id,),
        count=count,
        cost_ns=waited_ns,
    )


def _of_requests(transaction: Transaction, cycle: Cycle) -> str:
    """Return what to do where the whole view is a transaction: no line of a project began it."""
    start_ns, end_ns = transaction.begin.start_ns, transaction.end_ns
    is_of_request = transaction.begin.alias in (
        cycle.stage(Stage.VIEW).facts.get("atomic") or ()
    ) and any(
        one.stage is Stage.VIEW
        and one.start_ns < end_ns
        and start_ns < one.start_ns + one.duration_ns
        for one in cycle.spans
    )
    if not is_of_request:
        return ""
    return (
        " No line of yours began it: ATOMIC_REQUESTS makes a transaction of the whole view. Take "
        "the view out of that by @transaction.non_atomic_requests, and put atomic() around what "
        "belongs together."
    )


RULE = Rule(find, (CODE,))
