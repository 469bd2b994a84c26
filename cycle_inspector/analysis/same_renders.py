"""CI305: a template wrote the very same again and again."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI305",
    severity=Severity.INFO,
    title="A template wrote the very same again and again",
    django="topics/cache/#template-fragment-caching",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line that has a template written again, where that takes time.

    An icon that is included fifty times costs nothing worth a word. One that is rendered so often
    that it is a CI301 is left to that.
    """
    same = cycle.stage(Stage.TEMPLATES).facts.get("same") or ()
    if not same:
        return
    known = {one.id: one for one in cycle.renders}
    for one in same:
        first = known.get(one["renders"][0])
        if first is None or one["count"] >= max(thresholds.repeated_renders, 2):
            continue
        if one["repeated_ns"] >= max(thresholds.same_renders_ms, 1) * 1_000_000:
            yield CODE.about(
                f"{first.name} wrote the same {one['count']} times",
                "What it writes does not depend on the loop. Keep it by {% cache %}, or render it "
                "once in the view by render_to_string() and show the text.",
                template=first.template,
                evidence=one["renders"],
                count=one["count"],
                cost_ns=one["repeated_ns"],
            )


RULE = Rule(find, (CODE,))
