"""CI604: a background task was handed over before the transaction around it was committed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import Transaction, Transactions, writes
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity

CODE = Code(
    code="CI604",
    severity=Severity.WARNING,
    title="A background task was handed over before the transaction was committed",
    django="topics/tasks/#transactions",
)

_LONGEST_TITLE = 160
_TAKEN = ("enqueued", "successful", "failed")

# When each line has written, in order, by alias and thread and line.
_Writes = dict[tuple[str, str, Frame | None], list[int]]


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each task that was handed over while a transaction was open.

    Not where the queue is a table of a database, whose row is a part of that transaction; nor where
    Celery runs the task at once, which is how it is called as a function as well.
    """
    tasks = [one for one in cycle.events if one.kind == "task" and _is_handed_over(one)]
    if not tasks:
        return
    transactions, written = Transactions(cycle), _writes_of(cycle)
    groups: dict[tuple[object, ...], list[Event]] = {}
    for event in tasks:
        around = transactions.around(event)
        if around is not None and not _is_row(event, around, written):
            groups.setdefault((event.name, event.caller, event.template), []).append(event)
    for group in groups.values():
        first = group[0]
        times = "" if len(group) == 1 else f" {len(group)} times"
        yield CODE.about_events(
            group,
            f"The task {_name(first)} was handed over{times} inside of a transaction",
            "A worker may run it before the commit, and not find what was written; and if the "
            "transaction is rolled back, it runs all the same. Hand it over by "
            f"{_by(first)}.",
        )


def _name(event: Event) -> str:
    return event.name[:_LONGEST_TITLE]


def _is_handed_over(event: Event) -> bool:
    said = event.attributes
    if said.get("by") == "celery" and said.get("here"):
        return False
    return said.get("state") in _TAKEN


def _writes_of(cycle: Cycle) -> _Writes:
    found: _Writes = {}
    for query in cycle.statements:
        if writes(query):
            key = query.alias, query.thread, query.caller
            found.setdefault(key, []).append(query.start_ns)
    for moments in found.values():
        moments.sort()
    return found


def _is_row(event: Event, around: Transaction, written: _Writes) -> bool:
    """Whether the line that hands the task over has just written a row in the transaction."""
    begin = around.begin
    moments = written.get((begin.alias, begin.thread, event.caller), [])
    return event.caller is not None and (
        bisect_left(moments, begin.start_ns) < bisect_right(moments, event.at_ns)
    )


def _by(event: Event) -> str:
    if event.attributes.get("by") == "celery":
        return "transaction.on_commit(partial(task.delay, ...)), or by task.delay_on_commit(...)"
    return "transaction.on_commit(partial(task.enqueue, ...))"


RULE = Rule(find, (CODE,))
