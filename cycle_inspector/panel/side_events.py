"""The side events of a cycle: as tables by kind, in words under a stage, and on the timeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cycle_inspector.panel.filters import counted, ms
from cycle_inspector.panel.layout import Axis
from cycle_inspector.records import SIDE_KINDS, Cycle, Event, Frame, Severity, Stage, is_mark

VIEW = "events"
"""What the view is called in the rail and in addresses."""

_NOUNS = {
    "log": "log record,log records",
    "cache": "cache call,cache calls",
    "mail": "mail,mails",
}
_LEVELS = {
    "CRITICAL": Severity.ERROR,
    "ERROR": Severity.ERROR,
    "WARNING": Severity.WARNING,
}
_MOST_DOTS = 100  # in one row, which is some hundred pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One or more events at nearly the same instant."""

    x: str
    words: str
    severity: str


@dataclass(slots=True, kw_only=True)
class CacheSum:
    """What was asked of one cache."""

    alias: str
    calls: int = 0
    hits: int = 0
    misses: int = 0
    duration_ns: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def operations(self) -> list[tuple[str, int]]:
        """Return each operation with its number, the most frequent first."""
        return self.counts.most_common()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event with what a table shows beside it."""

    event: Event
    caller: Frame | None  # of the project, or else the innermost
    severity: str
    size: int | None  # of a value in a cache
    more: int  # keys that are not listed


def of(cycle: Cycle) -> list[Event]:
    """Return the side events."""
    return [one for one in cycle.events if one.kind in SIDE_KINDS]


def others(cycle: Cycle) -> list[Event]:
    """Return the other events, but for what the project marks: what went wrong."""
    return [one for one in cycle.events if one.kind not in SIDE_KINDS and not is_mark(one)]


def words(cycle: Cycle, stage: Stage) -> str:
    """Return what happened in `stage`, counted; empty if nothing did."""
    counts = Counter(one.kind for one in of(cycle) if one.stage is stage)
    return ", ".join(counted(counts[kind], _NOUNS[kind]) for kind in SIDE_KINDS if counts[kind])


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template of the view is filled with."""
    lines: dict[str, list[Line]] = {kind: [] for kind in SIDE_KINDS}
    for one in of(cycle):
        lines[one.kind].append(_line(one))
    return {
        "logs": lines["log"],
        "calls": lines["cache"],
        "caches": _caches(lines["cache"]),
        "mails": lines["mail"],
        "dropped": cycle.dropped.get("events", 0),
    }


def dots(cycle: Cycle, stage: Stage, axis: Axis) -> tuple[Dot, ...]:
    """Return the dots of what happened in `stage`, those that would touch made one."""
    least = axis.total_ns / _MOST_DOTS
    groups: list[list[Event]] = []
    for one in sorted((one for one in of(cycle) if one.stage is stage), key=lambda one: one.at_ns):
        if groups and one.at_ns - groups[-1][0].at_ns < least:
            groups[-1].append(one)
        else:
            groups.append([one])
    return tuple(
        Dot(
            x=axis.percent(group[0].at_ns),
            words=_said(group),
            severity=max(map(_severity, group), key=_rank),
        )
        for group in groups
    )


def _said(group: list[Event]) -> str:
    first = group[0]
    text = str(first.attributes.get("message") or "") if first.kind == "log" else first.name
    if first.kind == "cache":
        text += f" {', '.join(map(str, first.attributes.get('keys') or []))}"
    more = f", and {len(group) - 1} more" if len(group) > 1 else ""
    return f"{first.kind} at {ms(first.at_ns)}: {text[:120]}{more}"


def _line(event: Event) -> Line:
    facts = event.attributes
    caller = next((one for one in event.frames if one.is_project), None)
    keys, count, size = facts.get("keys") or (), facts.get("key_count"), facts.get("size")
    return Line(
        event=event,
        caller=caller or next(iter(event.frames), None),
        severity=_severity(event),
        size=size if isinstance(size, int) else None,
        more=count - len(keys) if isinstance(count, int) else 0,
    )


def _caches(calls: list[Line]) -> list[CacheSum]:
    sums: dict[str, CacheSum] = {}
    for one in calls:
        facts = one.event.attributes
        alias = str(facts.get("alias") or "")
        found = sums.setdefault(alias, CacheSum(alias=alias))
        found.calls += 1
        found.hits += facts.get("hits") or 0
        found.misses += facts.get("misses") or 0
        found.duration_ns += facts.get("duration_ns") or 0
        found.counts[one.event.name] += 1
    return list(sums.values())


def _severity(event: Event) -> str:
    if event.attributes.get("error"):
        return Severity.ERROR.value
    found = _LEVELS.get(str(event.attributes.get("level"))) if event.kind == "log" else None
    return found.value if found is not None else ""


def _rank(severity: str) -> int:
    return Severity(severity).rank + 1 if severity else 0
