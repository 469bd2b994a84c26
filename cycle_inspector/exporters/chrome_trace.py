"""A cycle in Chrome's Trace Event format, for Perfetto, chrome://tracing and speedscope.

Times are microseconds from the start of the cycle. Each thread is a row of nested bars; work of one
thread that overlaps without being nested, as tasks of an event loop do, gets a row of its own below
it, since these viewers draw a bar inside whatever began before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cycle_inspector.exporters.json_document import in_milliseconds
from cycle_inspector.records import Cycle, Event, Frame, Query, Render, Span, Stage, TemplateLine

_PROCESS = 1
_LONGEST_NAME = 80  # of a bar; the whole statement is in its arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """Work on a thread, before it has its row."""

    thread: str
    name: str
    category: str
    start_ns: int
    duration_ns: int
    arguments: dict[str, Any]

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns


def export(cycle: Cycle) -> dict[str, Any]:
    """Return the trace as the JSON object format has it."""
    main = _main_thread(cycle)
    rows = _rows(sorted(_bars(cycle, main), key=lambda bar: (bar.start_ns, -bar.end_ns)))
    numbers = {row: number for number, row in enumerate(rows, start=1)}
    first_row = {thread: number for (thread, at), number in numbers.items() if at == 0}
    events = [_named("process_name", 0, _title(cycle))]
    for (thread, at), number in numbers.items():
        events.append(_named("thread_name", number, f"{thread} ({at + 1})" if at else thread))
    for row, bars in rows.items():
        events.extend(_complete(bar, numbers[row]) for bar in bars)
    threads: dict[int, str] = {}
    for records in (cycle.spans, cycle.queries, cycle.renders):
        threads |= {one.id: one.thread for one in records}
    for event in cycle.events:
        thread = threads.get(event.parent, main) if event.parent is not None else main
        events.append(_instant(event, first_row.get(thread, 1)))
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {
            "cycle": cycle.id,
            "started_at": cycle.started_at.isoformat(),
            "findings": [one.title for one in cycle.findings],
            "dropped": dict(cycle.dropped),
        },
    }


def _bars(cycle: Cycle, main: str) -> Iterator[_Bar]:
    yield _Bar(
        thread=main,
        name=_title(cycle),
        category="cycle",
        start_ns=0,
        duration_ns=cycle.duration_ns,
        arguments={**in_milliseconds(cycle.request), "response": in_milliseconds(cycle.response)},
    )
    for span in cycle.spans:
        yield _bar(span, span.stage, span.name, in_milliseconds(span.attributes))
    for query in cycle.queries:
        yield _bar(query, Stage.DATABASE, " ".join(query.sql.split()), _of_query(query))
    for render in cycle.renders:
        yield _bar(render, Stage.TEMPLATES, render.name or "(a string)", _of_render(render))


def _bar(record: Span | Query | Render, stage: Stage, name: str, arguments: dict[str, Any]) -> _Bar:
    return _Bar(
        thread=record.thread,
        name=name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…",
        category=stage.value,
        start_ns=record.start_ns,
        duration_ns=max(record.duration_ns, 0),
        arguments=arguments,
    )


def _rows(bars: Iterable[_Bar]) -> dict[tuple[str, int], list[_Bar]]:
    """Return `bars`, which come in the order of their start, by thread and row of it."""
    rows: dict[tuple[str, int], list[_Bar]] = {}
    open_until: dict[tuple[str, int], list[int]] = {}
    for bar in bars:
        at = 0
        while True:
            row = bar.thread, at
            ends = open_until.setdefault(row, [])
            while ends and ends[-1] <= bar.start_ns:
                ends.pop()
            if not ends or bar.end_ns <= ends[-1]:
                ends.append(bar.end_ns)
                rows.setdefault(row, []).append(bar)
                break
            at += 1
    first = {thread: bars[0].start_ns for (thread, at), bars in rows.items() if at == 0}
    return dict(sorted(rows.items(), key=lambda item: (first[item[0][0]], item[0])))


def _main_thread(cycle: Cycle) -> str:
    first = next((one.thread for one in cycle.spans), None)
    return str(first or cycle.stage(Stage.GATEWAY).facts.get("thread") or "MainThread")


def _title(cycle: Cycle) -> str:
    method = cycle.request.get("method")
    return f"{method} {cycle.request.get('path')}" if method else "A recorded block"


def _of_query(query: Query) -> dict[str, Any]:
    return {
        "sql": query.sql,
        "params": list(query.params) if isinstance(query.params, tuple) else query.params,
        "rows": query.rows,
        "alias": query.alias,
        "caller": _place(query.caller),
        "template": _line(query.template),
        "relation": query.relation,
        "error": query.error,
    }


def _of_render(render: Render) -> dict[str, Any]:
    return {
        "origin": render.origin,
        "how": render.how,
        "count": render.count,
        "template": _line(render.template),
        "error": render.error,
    }


def _place(frame: Frame | None) -> str | None:
    return None if frame is None else f"{frame.path}:{frame.line} {frame.function}"


def _line(line: TemplateLine | None) -> str | None:
    return None if line is None else f"{line.name}:{line.line}"


def _microseconds(nanoseconds: int) -> float:
    return nanoseconds / 1_000


def _complete(bar: _Bar, number: int) -> dict[str, Any]:
    return {
        "ph": "X",
        "name": bar.name,
        "cat": bar.category,
        "ts": _microseconds(bar.start_ns),
        "dur": _microseconds(bar.duration_ns),
        "pid": _PROCESS,
        "tid": number,
        "args": bar.arguments,
    }


def _instant(event: Event, number: int) -> dict[str, Any]:
    return {
        "ph": "i",
        "s": "t",
        "name": f"{event.kind}: {event.name}",
        "cat": event.stage.value,
        "ts": _microseconds(event.at_ns),
        "pid": _PROCESS,
        "tid": number,
        "args": {"caller": _place(event.caller), **in_milliseconds(event.attributes)},
    }


def _named(what: str, number: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": _PROCESS, "tid": number, "args": {"name": name}}
