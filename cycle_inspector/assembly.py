"""Assembly: what a recorder gathered -> a frozen `Cycle`.

Runs after the cycle, in the thread that keeps it. Raw things become records; then each stage is
summed up from the records by the `describe` of its collector. What cannot be made is left out and
counted, or said: it does not cost the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cycle_inspector.recorder import Pending, Recorder
from cycle_inspector.records import (
    SIDE_KINDS,
    Cycle,
    Event,
    Facts,
    Query,
    Render,
    Span,
    Stage,
    StageSummary,
    is_mark,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The records of a cycle that is over, as the stages are summed up from them."""

    start: int  # the recorder's clock at the start of the cycle
    duration_ns: int
    spans: tuple[Span, ...]
    queries: tuple[Query, ...]
    renders: tuple[Render, ...]
    events: tuple[Event, ...]  # what went wrong, without the side events
    dropped: Mapping[str, int]
    notes: Mapping[Stage, Any]

    def of(self, stage: Stage) -> Iterable[Span]:
        """Return the spans of `stage`, without those that the project has marked in it."""
        return (span for span in self.spans if span.stage is stage and not is_mark(span))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """What a stage's collector says about its stage; the times as in `StageSummary`."""

    start_ns: int = 0
    duration_ns: int = 0
    count: int = 0
    facts: Facts = field(default_factory=dict)


Describe = Callable[[Recorded], Summed]
"""How a stage is summed up; called after the cycle, in the thread that keeps it."""


def assemble(recorder: Recorder, describe: Mapping[Stage, Describe]) -> Cycle:
    """Return the cycle. A stage that `describe` fails for is left empty and said to be."""
    faults: list[Event] = []
    events: tuple[Event, ...] = _recorded(
        recorder, "events", recorder.events + recorder.marked_events
    )
    recorded = Recorded(
        start=recorder.start,
        duration_ns=recorder.end - recorder.start,
        spans=_recorded(recorder, "spans", recorder.spans + recorder.marked_spans),
        queries=_recorded(recorder, "queries", recorder.queries),
        renders=_recorded(recorder, "renders", recorder.renders),
        events=tuple(one for one in events if one.kind not in SIDE_KINDS),
        dropped=recorder.dropped,
        notes=recorder.notes,
    )
    stages = tuple(_sum_up(stage, describe.get(stage), recorded, faults) for stage in Stage)
    return Cycle(
        id=recorder.id,
        parent=recorder.parent,
        cause=None if recorder.parent is None else "inside",
        kind=recorder.kind,
        started_at=datetime.fromtimestamp(recorder.started_ns / 1e9, UTC),
        duration_ns=recorded.duration_ns,
        request=_facts(recorder, "request", recorder.request),
        response=_facts(recorder, "response", recorder.response),
        stages=stages,
        spans=recorded.spans,
        queries=recorded.queries,
        renders=recorded.renders,
        events=events + tuple(faults),
        dropped=dict(recorder.dropped),
        settings=recorder.settings,
    )


def _recorded(recorder: Recorder, kind: str, pending: Iterable[Pending[Any]]) -> tuple[Any, ...]:
    """Return the records in the order of their start; one that cannot be made is counted."""
    made = []
    for one in tuple(pending):
        try:
            made.append(one.record(recorder))
        except Exception:  # it must not cost the cycle
            recorder.count_dropped(f"unreadable {kind}")
    # A span is kept when it closes, so an outer one comes after those inside it.
    return tuple(sorted(made, key=_by_instant if kind == "events" else _by_start))


def _facts(recorder: Recorder, kind: str, make: Callable[[], Facts]) -> Facts:
    try:
        return make()
    except Exception:
        recorder.count_dropped(f"unreadable {kind}")
        return {}


def _by_instant(record: Any) -> int:
    at: int = record.at_ns
    return at


def _by_start(record: Any) -> tuple[int, int]:
    return record.start_ns, record.id


def _sum_up(
    stage: Stage, describe: Describe | None, recorded: Recorded, faults: list[Event]
) -> StageSummary:
    summed = Summed()
    if describe is not None:
        try:
            summed = describe(recorded)
        except Exception as error:  # one stage's fault must not cost the others
            faults.append(
                Event(
                    parent=None,
                    stage=stage,
                    kind="fault",
                    name=type(error).__name__,
                    at_ns=recorded.duration_ns,
                    frames=(),
                    attributes={"message": f"the {stage} stage could not be summed up: {error}"},
                )
            )
    return StageSummary(
        stage=stage,
        start_ns=summed.start_ns,
        duration_ns=summed.duration_ns,
        count=summed.count,
        facts=summed.facts,
    )
