"""CI403: a middleware that is sync only forces an async chain into threads."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI403",
    severity=Severity.INFO,
    title="A sync middleware forces an async chain into threads",
    django="topics/async/#async-views",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding if some, not all, of the middlewares before an async view are sync only."""
    if cycle.stage(Stage.VIEW).facts.get("is_async") is not True:
        return
    facts = cycle.stage(Stage.MIDDLEWARE).facts
    modes = facts.get("modes") or ()
    sync = [str(one.get("name")).rpartition(".")[2] for one in modes if one.get("knows") == "sync"]
    hops = facts.get("hops") or ()
    made = [one for one in hops if one.get("at") in ("chain", "middleware", "handler")]
    if not sync or not made or len(sync) == len(modes):
        return
    count = len(made)
    yield CODE.about(
        f"{count} change{'s' * (count != 1)} between threads on the way to an async view: "
        f"{', '.join(sync)} {'is' if len(sync) == 1 else 'are'} sync only",
        "Make it async as well (sync_and_async_middleware, or an async __call__), or move the "
        "sync ones next to each other.",
        count=count,
        cost_ns=sum(int(one.get("hop_ns") or 0) for one in made),
    )


RULE = Rule(find, (CODE,))
