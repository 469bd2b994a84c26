"""The side events of a cycle: as tables by kind, in words under a stage, and on the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cycle_inspector.panel.filters import counted, ms
from cycle_inspector.panel.layout import Axis
from cycle_inspector.records import SIDE_KINDS, Cycle, Event, Frame, Severity, Stage, is_mark

VIEW = "events"
"""What the view is called in the rail and in addresses."""

_LEVELS = {
    "CRITICAL": Severity.ERROR,
    "ERROR": Severity.ERROR,
    "WARNING": Severity.WARNING,
}
_MOST_DOTS = 100  # in one row, which is some hundred pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One or more events at nearly the same instant, or one that took its time."""

    x: str
    end: str  # of an event that took so long that it is drawn as a line; empty for a dot
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


def _nothing(_: list[Line]) -> list[Any]:
    return []


def _name(event: Event) -> str:
    return event.name


def _error(event: Event) -> Severity | None:
    return Severity.ERROR if event.attributes.get("error") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the side events of one kind are shown; the table itself is `events/<kind>.html`."""

    title: str
    noun: str  # one,many
    said: Callable[[Event], str] = _name  # on the timeline
    severity: Callable[[Event], Severity | None] = _error
    sums: Callable[[list[Line]], list[Any]] = _nothing  # what the template gets as `sums`


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The side events of one kind, for its part of the view."""

    kind: Kind
    template: str
    lines: list[Line]
    sums: list[Any]


def of(cycle: Cycle) -> list[Event]:
    """Return the side events."""
    return [one for one in cycle.events if one.kind in SIDE_KINDS]


def others(cycle: Cycle) -> list[Event]:
    """Return the other events, but for what the project marks: what went wrong."""
    return [one for one in cycle.events if one.kind not in SIDE_KINDS and not is_mark(one)]


def words(cycle: Cycle, stage: Stage) -> str:
    """Return what happened in `stage`, counted; empty if nothing did."""
    counts = Counter(one.kind for one in of(cycle) if one.stage is stage)
    return ", ".join(counted(counts[name], KINDS[name].noun) for name in SIDE_KINDS if counts[name])


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template of the view is filled with."""
    lines: dict[str, list[Line]] = {name: [] for name in SIDE_KINDS}
    for one in of(cycle):
        lines[one.kind].append(_line(one))
    return {
        "sections": [
            Section(
                kind=KINDS[name],
                template=f"cycle_inspector/events/{name}.html",
                lines=found,
                sums=KINDS[name].sums(found),
            )
            for name, found in lines.items()
            if found
        ],
        "dropped": cycle.dropped.get("events", 0),
    }


def dots(cycle: Cycle, stage: Stage, axis: Axis) -> tuple[Dot, ...]:
    """Return what happened in `stage`, as lines and as dots; those that would touch are one."""
    least = axis.total_ns / _MOST_DOTS
    lines: list[list[Event]] = []
    points: list[list[Event]] = []
    for one in sorted((one for one in of(cycle) if one.stage is stage), key=lambda one: one.at_ns):
        groups = lines if _duration(one) >= least else points
        if groups and one.at_ns - groups[-1][0].at_ns < least:
            groups[-1].append(one)
        else:
            groups.append([one])
    # The dots come last: they may stand on a line.
    return (*(_dot(one, axis, is_line=True) for one in lines), *(_dot(one, axis) for one in points))


def _dot(group: list[Event], axis: Axis, *, is_line: bool = False) -> Dot:
    end = max(one.at_ns + _duration(one) for one in group)
    return Dot(
        x=axis.percent(group[0].at_ns),
        end=axis.percent(end) if is_line else "",
        words=_said(group),
        severity=max(map(_severity, group), key=_rank),
    )


def _said(group: list[Event]) -> str:
    first = group[0]
    more = f", and {len(group) - 1} more" if len(group) > 1 else ""
    return f"{first.kind} at {ms(first.at_ns)}: {KINDS[first.kind].said(first)[:120]}{more}"


def _line(event: Event) -> Line:
    facts = event.attributes
    keys, count, size = facts.get("keys") or (), facts.get("key_count"), facts.get("size")
    return Line(
        event=event,
        caller=event.caller or next(iter(event.frames), None),
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


def _duration(event: Event) -> int:
    found = event.attributes.get("duration_ns")
    return found if isinstance(found, int) else 0


def _message(event: Event) -> str:
    return str(event.attributes.get("message") or "")


def _named_message(event: Event) -> str:
    return f"{event.name}: {_message(event)}"


def _sent(event: Event) -> str:
    return f"{event.name} {event.attributes.get('sender') or ''}".rstrip()


def _of_warning(event: Event) -> Severity:
    return Severity.ERROR if event.attributes.get("raised") else Severity.WARNING


def _of_caught(event: Event) -> Severity:
    return Severity.WARNING


def _asked(event: Event) -> str:
    return f"{event.name} {event.attributes.get('url') or ''}".rstrip()


def _filed(event: Event) -> str:
    return f"{event.name} {event.attributes.get('name') or ''}".rstrip()


def _validated(event: Event) -> str:
    errors = event.attributes.get("error_count")
    return f"{event.name}: {counted(errors, 'error,errors') if errors else 'valid'}"


def _of_validation(event: Event) -> Severity | None:
    return Severity.WARNING if event.attributes.get("valid") is False else _error(event)


def _checked(event: Event) -> str:
    return f"{event.name}: {'granted' if event.attributes.get('granted') is True else 'denied'}"


def _of_answer(event: Event) -> Severity | None:
    status = event.attributes.get("status")
    if event.attributes.get("error") or (isinstance(status, int) and status >= 500):
        return Severity.ERROR
    return Severity.WARNING if isinstance(status, int) and status >= 400 else None


def _level(event: Event) -> Severity | None:
    return _LEVELS.get(str(event.attributes.get("level")))


def _call(event: Event) -> str:
    return f"{event.name} {', '.join(map(str, event.attributes.get('keys') or []))}"


def _severity(event: Event) -> str:
    found = KINDS[event.kind].severity(event)
    return "" if found is None else found.value


def _rank(severity: str) -> int:
    return Severity(severity).rank + 1 if severity else 0


KINDS: Mapping[str, Kind] = {
    "log": Kind(title="Logs", noun="log record,log records", said=_message, severity=_level),
    "cache": Kind(title="Cache", noun="cache call,cache calls", said=_call, sums=_caches),
    "mail": Kind(title="Mail", noun="mail,mails"),
    "warning": Kind(
        title="Warnings", noun="warning,warnings", said=_named_message, severity=_of_warning
    ),
    "caught": Kind(
        title="Caught exceptions",
        noun="caught exception,caught exceptions",
        said=_named_message,
        severity=_of_caught,
    ),
    "signal": Kind(title="Signals", noun="signal,signals", said=_sent),
    "task": Kind(title="Background tasks", noun="background task,background tasks"),
    "http": Kind(
        title="Outgoing HTTP",
        noun="outgoing request,outgoing requests",
        said=_asked,
        severity=_of_answer,
    ),
    "storage": Kind(title="File storage", noun="storage call,storage calls", said=_filed),
    "static": Kind(title="Static files", noun="static file,static files"),
    "message": Kind(
        title="Messages for the user",
        noun="message for the user,messages for the user",
        said=_named_message,
    ),
    "form": Kind(title="Forms", noun="form,forms", said=_validated, severity=_of_validation),
    "permission": Kind(
        title="Permission checks", noun="permission check,permission checks", said=_checked
    ),
}
"""Every one of `SIDE_KINDS`."""
