"""CI401: a middleware took long by itself."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI401",
    severity=Severity.WARNING,
    title="A middleware took long",
    django="topics/http/middleware/",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each middleware whose own time is long."""
    limit_ns = thresholds.slow_middleware_ms * 1_000_000
    for one in cycle.stage(Stage.MIDDLEWARE).facts.get("onion") or ():
        own_ns = one.get("own_ns") or 0
        # One that hands the request on in a thread has all that is inside as its own.
        if own_ns >= limit_ns and not one.get("carried"):
            name = str(one.get("name")).rpartition(".")[2]
            yield CODE.about(
                f"{name} took {own_ns / 1_000_000:.0f} ms of its own",
                "It runs at every request. What it asks for can be kept in the cache, be made "
                "where it is first used (SimpleLazyObject), or be left to the views that need it.",
                cost_ns=own_ns,
            )


RULE = Rule(find, (CODE,))
