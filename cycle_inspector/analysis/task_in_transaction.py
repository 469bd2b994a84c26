"""CI604: a background task was handed over before the transaction around it was committed."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import Transaction, Transactions, writes
from cycle_inspector.records import Cycle, Event, Finding, Severity

CODE = Code(
    code="CI604",
    severity=Severity.WARNING,
    title="A background task was handed over before the transaction was committed",
    django="topics/tasks/#transactions",
)

_LONGEST_TITLE = 160
_TAKEN = ("enqueued", "successful", "failed")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each task that was handed over while a transaction was open.

    Not where the queue is a table of a database, whose row is a part of that transaction; nor where
    Celery runs the task at once, which is how it is called as a function as well.
    """
    tasks = [one for one in cycle.events if one.kind == "task" and _is_handed_over(one)]
    if not tasks:
        return
    transactions = Transactions(cycle)
    groups: dict[tuple[object, ...], list[Event]] = {}
    for event in tasks:
        around = transactions.around(event)
        if around is not None and not _is_row(event, around, cycle):
            groups.setdefault((event.name, event.caller, event.template), []).append(event)
    for group in groups.values():
        first = group[0]
        times = "" if len(group) == 1 else f" {len(group)} times"
        yield CODE.about(
            f"The task {_name(first)} was handed over{times} inside of a transaction",
            "A worker may run it before the commit, and not find what was written; and if the "
            "transaction is rolled back, it runs all the same. Hand it over by "
            f"{_by(first)}.",
            caller=first.caller,
            template=first.template,
            evidence=(first.parent,),
            count=len(group),
        )


def _name(event: Event) -> str:
    return event.name[:_LONGEST_TITLE]


def _is_handed_over(event: Event) -> bool:
    said = event.attributes
    if said.get("by") == "celery" and said.get("here"):
        return False
    return said.get("state") in _TAKEN


def _is_row(event: Event, around: Transaction, cycle: Cycle) -> bool:
    """Whether the line that hands the task over has just written a row in the transaction."""
    begin = around.begin
    return event.caller is not None and any(
        (query.alias, query.thread) == (begin.alias, begin.thread)
        and begin.start_ns <= query.start_ns <= event.at_ns
        and query.caller == event.caller
        and writes(query)
        for query in cycle.statements
    )


def _by(event: Event) -> str:
    if event.attributes.get("by") == "celery":
        return "transaction.on_commit(partial(task.delay, ...)), or by task.delay_on_commit(...)"
    return "transaction.on_commit(partial(task.enqueue, ...))"


RULE = Rule(find, (CODE,))
