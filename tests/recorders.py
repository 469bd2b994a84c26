"""Recorders under test: a clock that can be foretold, raw things, and the cycle that becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cycle_inspector import record
from cycle_inspector.assembly import assemble
from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Cycle, Stage


class FakeClock:
    """A clock that goes on by a step whenever it is read."""

    def __init__(self, start: int = 1_000, step: int = 10) -> None:
        self.now = start
        self.step = step

    def __call__(self) -> int:
        now, self.now = self.now, self.now + self.step
        return now


class Pending:
    """A raw thing whose record is there already."""

    def __init__(self, record: Any) -> None:
        self.made = record

    def record(self, recorder: Recorder) -> Any:
        return self.made


def finish(recorder: Recorder, **describe: Any) -> Cycle:
    """Stop `recorder` and return its cycle; `describe` sums up stages, by name."""
    recorder.stop()
    return assemble(recorder, {Stage(name): one for name, one in describe.items()})


def facts_of(stage: Stage, work: Callable[[], Any]) -> Any:
    """Return what `stage` says of a block that does `work`, which is to fail nowhere."""
    with record() as recording:
        work()
    assert recording.cycle.dropped == {}  # nor has the tool
    return recording.cycle.stage(stage).facts


def each(rows: Callable[[], Any], use: Callable[[Any], Any]) -> Callable[[], None]:
    """Return work that gets `rows` and uses each of them."""

    def work() -> None:
        for one in rows():
            use(one)

    return work
