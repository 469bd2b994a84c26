"""The cycle as a loop: eleven stops from the client and back to the browser, each with its share.

For those who learn how Django works; the timeline has the same times, in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from cycle_inspector.panel import notes
from cycle_inspector.panel.layout import own_times
from cycle_inspector.panel.stages import ABOUT, About
from cycle_inspector.records import Cycle, Stage

# What each does, as a person would say it in passing.
_ROLES = {
    Stage.CLIENT: "asks for a page",
    Stage.GATEWAY: "calls Django",
    Stage.SETTINGS: "say how it works",
    Stage.MIDDLEWARE: "in, and out again",
    Stage.ROUTING: "picks the view",
    Stage.VIEW: "does the work",
    Stage.MODELS: "make objects of rows",
    Stage.DATABASE: "answers queries",
    Stage.TEMPLATES: "write the HTML",
    Stage.RESPONSE: "leaves the server",
    Stage.BROWSER: "shows the page",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stage: its own time, without what ran inside it, and its share of all own times."""

    stage: str
    number: int
    role: str
    about: About
    own_ns: int | None  # of the browser, the time until the page was there; None: not measured
    percent: float | None  # 0 to 100; None where the time is no part of the server's

    @property
    def arc(self) -> str:
        """How much of a dial of 100 is filled: what took any time can be seen."""
        return f"{max(self.percent, 1.5):.2f}" if self.percent else "0"

    @property
    def share(self) -> str:
        """The share in words."""
        if self.percent is None:
            return ""
        return "<1 %" if 0 < self.percent < 1 else f"{self.percent:.0f} %"


def stops(cycle: Cycle) -> tuple[Stop, ...]:
    """Return the stages of `cycle` in order."""
    times = own_times(cycle)
    for summary in cycle.stages:  # a stage without records of its own
        times.setdefault(summary.stage, summary.duration_ns)
    times[Stage.MODELS] = times[Stage.BROWSER] = 0  # the one is a part of others, the other beside
    # Between two middlewares stands a probe of ours; the stage knows what they took themselves.
    times[Stage.MIDDLEWARE] = cycle.stage(Stage.MIDDLEWARE).duration_ns
    total = sum(times.values())
    return tuple(
        _stop(cycle, stage, number, times[stage], total) for number, stage in enumerate(Stage, 1)
    )


def _stop(cycle: Cycle, stage: Stage, number: int, own_ns: int, total_ns: int) -> Stop:
    if stage is Stage.BROWSER:
        own: int | None = notes.browser_end_ns(cycle)
    else:
        own = own_ns or None
    return Stop(
        stage=stage.value,
        number=number,
        role=_ROLES[stage],
        about=ABOUT[stage],
        own_ns=own,
        percent=100 * own_ns / total_ns if own_ns and total_ns else None,
    )
