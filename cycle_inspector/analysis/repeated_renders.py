"""CI301: a template was included again and again, from one line."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Render, Severity

CODE = Code(
    code="CI301",
    severity=Severity.INFO,
    title="A template is rendered many times in a loop",
    django="topics/performance/#alternative-template-engines",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line of a template that includes another one so often."""
    groups: dict[Hashable, list[Render]] = {}
    for render in cycle.renders:
        if render.template is not None and render.how in ("template", "partial"):
            groups.setdefault((render.name, render.template), []).append(render)
    for group in groups.values():
        if len(group) >= max(thresholds.repeated_renders, 2):
            yield CODE.about(
                f"{group[0].name} was rendered {len(group)} times",
                "Each include has a cost of its own. Put the loop into the included template, and "
                "include that once; or show fewer at a time.",
                template=group[0].template,
                evidence=(one.id for one in group),
                count=len(group),
                cost_ns=sum(one.duration_ns for one in group),
            )


RULE = Rule(find, (CODE,))
