"""CI601, CI602 and CI701: errors in the log, mail before the commit, keys that are never found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity, TemplateLine

LOGGED = Code(
    code="CI601",
    severity=Severity.WARNING,
    title="An error was logged",
    django="topics/logging/",
)
MAILED = Code(
    code="CI602",
    severity=Severity.WARNING,
    title="A mail was sent before the transaction was committed",
    django="topics/db/transactions/#performing-actions-after-commit",
)
MISSED = Code(
    code="CI701",
    severity=Severity.INFO,
    title="A key was asked for again and again, and never found",
    django="topics/cache/#the-low-level-cache-api",
)

_LONGEST_TITLE = 160

_BEGIN = re.compile(r"\s*(?:BEGIN|START)\b", re.I)
_END = re.compile(r"\s*(?:COMMIT|END|ROLLBACK(?!\s+(?:\w+\s+)?TO\b))\b", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each thing beside the stages that somebody should look at."""
    # An exception that became a response is told as such; Django logs it besides.
    is_told = any(one.kind == "exception" for one in cycle.events)
    open_ns = _open(cycle)
    for event in cycle.events:
        if event.kind == "log":
            is_error = event.attributes.get("level") in ("ERROR", "CRITICAL")
            if is_error and not (is_told and event.name.startswith("django.")):
                yield _logged(event)
        elif event.kind == "mail":
            is_inside = any(start <= event.at_ns < end for start, end in open_ns)
            if is_inside and not event.attributes.get("error"):
                yield _mailed(event)
    yield from _missed(cycle, thresholds)


def _logged(event: Event) -> Finding:
    lines = str(event.attributes.get("message", "")).strip().splitlines()
    first = lines[0][:_LONGEST_TITLE] if lines else event.name
    return LOGGED.about(
        f"Logged as an error: {first}",
        f"The logger {event.name} says so; the view of side events shows all of it.",
        caller=_caller(event),
        template=_template(event),
        evidence=(event.parent,),
    )


def _mailed(event: Event) -> Finding:
    return MAILED.about(
        f"A mail was sent inside of a transaction: {event.name[:_LONGEST_TITLE]}",
        "If the transaction is rolled back, the mail has gone out all the same; and it holds "
        "locks while it is sent. Send it by transaction.on_commit(...).",
        caller=_caller(event),
        template=_template(event),
        evidence=(event.parent,),
        cost_ns=int(event.attributes.get("duration_ns") or 0),
    )


def _open(cycle: Cycle) -> list[tuple[int, int]]:
    """Return from when to when a transaction was open in the thread of the view, by alias."""
    spans: list[tuple[int, int]] = []
    begun: dict[tuple[str, str], int] = {}
    for query in cycle.queries:
        if query.is_transaction and query.error is None:
            key = query.alias, query.thread
            if _BEGIN.match(query.sql):
                begun[key] = query.start_ns
            elif _END.match(query.sql) and key in begun:
                spans.append((begun.pop(key), query.start_ns))
    return spans


def _missed(cycle: Cycle, thresholds: Thresholds) -> Iterator[Finding]:
    misses: dict[tuple[str, str], list[Event]] = {}
    known: set[tuple[str, str]] = set()
    for event in cycle.events:
        if event.kind != "cache":
            continue
        alias, keys = str(event.attributes.get("alias")), event.attributes.get("keys") or ()
        is_miss = event.name in ("get", "aget") and event.attributes.get("misses") == 1
        for key in keys:
            if is_miss:
                misses.setdefault((alias, str(key)), []).append(event)
            else:
                known.add((alias, str(key)))
    for place, group in misses.items():
        if place not in known and len(group) >= max(thresholds.cache_misses, 2):
            yield MISSED.about(
                f"The key {place[1]!r} was asked for {len(group)} times and is not in the cache",
                "Nothing sets it. Keep what was worked out instead, by get_or_set(); None is kept "
                "too, if the default is a value of its own.",
                caller=_caller(group[0]),
                template=_template(group[0]),
                evidence=(one.parent for one in group[:1]),
                count=len(group),
                cost_ns=sum(int(one.attributes.get("duration_ns") or 0) for one in group),
            )


def _caller(event: Event) -> Frame | None:
    return next((frame for frame in event.frames if frame.is_project), None)


def _template(event: Event) -> TemplateLine | None:
    found = event.attributes.get("template")
    if not isinstance(found, dict) or not isinstance(found.get("line"), int):
        return None
    return TemplateLine(name=str(found.get("name")), line=found["line"])


RULE = Rule(find, (LOGGED, MAILED, MISSED))
