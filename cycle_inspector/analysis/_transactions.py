"""The transactions of a cycle, and which queries ran outside of any.

They are read off the transaction statements, in the order in which each connection ran them. What
was open before the cycle began is said by the database stage: then nothing ran outside of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from cycle_inspector.analysis._queries import reads
from cycle_inspector.records import Cycle, Event, Query, Stage

_BEGIN = re.compile(r"\s*(?:BEGIN|START)\b", re.I)
_OPEN = re.compile(r"\s*(?:BEGIN|START|SAVEPOINT)\b", re.I)
_END = re.compile(r"\s*(?:COMMIT|END|ABORT|ROLLBACK(?!\s+(?:\w+\s+)?TO\b))\b", re.I)
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH)\b", re.I)

_Connection = tuple[str, str]  # an alias in a thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """From its BEGIN to its COMMIT or ROLLBACK, both of them seen."""

    begin: Query
    end_ns: int


class Transactions:
    """The transactions that began and ended in a cycle, to look up what happened inside of one."""

    def __init__(self, cycle: Cycle) -> None:
        self._ended: dict[_Connection, list[Transaction]] = {}  # those of one never overlap
        # An event has no thread; what it stands in does.
        self._threads = {
            one.id: one.thread for many in (cycle.spans, cycle.renders) for one in many
        }
        begun: dict[_Connection, Query] = {}
        for query in cycle.queries:
            if not query.is_transaction or query.error is not None:
                continue
            key = query.alias, query.thread
            if _BEGIN.match(query.sql):
                begun[key] = query
            elif key in begun and _END.match(query.sql):
                ended = Transaction(begin=begun.pop(key), end_ns=query.start_ns)
                self._ended.setdefault(key, []).append(ended)

    def around(self, event: Event) -> Transaction | None:
        """Return a transaction that was open in the thread of `event` as it happened."""
        thread = self._threads.get(event.parent or 0)
        for (_, other), ended in self._ended.items():
            if thread in (None, other):
                at = bisect_right(ended, event.at_ns, key=lambda one: one.begin.start_ns) - 1
                if at >= 0 and event.at_ns < ended[at].end_ns:
                    return ended[at]
        return None


def commits_of(cycle: Cycle) -> list[Query]:
    """Return the writes that were each a commit of their own."""
    before = cycle.stage(Stage.DATABASE).facts.get("open_before") or ()
    left_out = {tuple(one) for one in before if isinstance(one, list | tuple)}
    found: list[Query] = []
    open_ones: set[_Connection] = set()
    for query in cycle.queries:
        key = query.alias, query.thread
        if query.is_transaction:
            if _END.match(query.sql):
                open_ones.discard(key)
            elif query.error is None and _OPEN.match(query.sql):
                open_ones.add(key)
        elif query.error is None and key not in open_ones and key not in left_out and writes(query):
            found.append(query)
    return found


def writes(query: Query) -> bool:
    """Whether the statement changes rows."""
    return _WRITES.match(query.sql) is not None and not reads(query)
