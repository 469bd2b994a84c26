"""CI302: many names of templates were tried in vain, from one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Frame, Severity, Stage, TemplateLine

CODE = Code(
    code="CI302",
    severity=Severity.INFO,
    title="Many names of templates were tried in vain",
    django="ref/templates/api/#django.template.loaders.cached.Loader",
)

_Place = tuple[Frame | None, TemplateLine | None]


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each place that has tried so many names.

    A few are how templates are overridden, and one that nobody catches is an exception.
    """
    groups: dict[_Place, list[dict[str, Any]]] = {}
    for one in cycle.stage(Stage.TEMPLATES).facts.get("missing") or ():
        if isinstance(one, dict) and one.get("caught"):
            groups.setdefault(_place(one), []).append(one)
    for (caller, template), group in groups.items():
        if len(group) >= max(thresholds.missed_templates, 2) and (caller or template):
            looked = sum(len(one.get("tried") or ()) for one in group)
            yield CODE.about(
                f"{len(group)} names of templates were tried in vain, such as {group[0]['name']}",
                f"They were looked for in {looked} places. Loaders that do not cache look again at "
                "each request, and the cached one keeps each name that it has missed for ever: let "
                "the name follow from few kinds of things, not from each thing.",
                caller=caller,
                template=template,
                count=len(group),
            )


def _place(one: dict[str, Any]) -> _Place:
    caller, line = one.get("caller"), one.get("template")
    return (
        Frame(**caller, is_project=True) if isinstance(caller, dict) else None,
        TemplateLine(**line) if isinstance(line, dict) else None,
    )


RULE = Rule(find, (CODE,))
