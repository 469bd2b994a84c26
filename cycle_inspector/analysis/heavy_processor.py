"""CI303: context processors ask queries, or take long, before a template has asked for anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = Code(
    code="CI303",
    severity=Severity.WARNING,
    title="A context processor asks queries, or takes long, at each render",
    django="ref/templates/api/#writing-your-own-context-processors",
)

_DJANGO = "django."
_FIX = (
    "It runs at each render with a request, whether the template uses what it adds or not. Let it "
    "add a function, or a SimpleLazyObject, that asks where the template first uses it; keep in "
    "the cache what is the same for all."
)
_FIX_MANY = (
    " Here it ran for several templates: what needs no request can be rendered without one, as "
    "render_to_string(name, context)."
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each processor of the project with so many queries, or so slow."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for ran in cycle.stage(Stage.TEMPLATES).facts.get("processors") or ():
        for one in ran.get("each") or ():
            if not str(one["name"]).startswith(_DJANGO):
                groups.setdefault(str(one["name"]), []).append(one)
    queries = queries_of(cycle)
    for name, group in groups.items():
        asked = queries([at for one in group for at in one.get("query_ids") or ()])
        took = sum(int(one.get("duration_ns") or 0) for one in group)
        if len(asked) >= max(thresholds.processor_queries, 1):
            yield _finding(f"{_short(name)} asked {len(asked)} queries", group, took, asked)
        elif took >= max(thresholds.slow_processor_ms, 1) * 1_000_000:
            yield _finding(f"{_short(name)} took {took / 1_000_000:.0f} ms", group, took, asked)


def _finding(
    what: str, group: Sequence[Mapping[str, Any]], took: int, asked: list[Query]
) -> Finding:
    # The first, not the slowest: a comment that silences it stands at one line.
    return CODE.about(
        f"The context processor {what}{_in(len(group))}",
        _FIX + _FIX_MANY * (len(group) > 1),
        caller=asked[0].caller if asked else None,
        evidence=[query.id for query in asked],
        count=len(asked) or len(group),
        cost_ns=took,
    )


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _in(renders: int) -> str:
    return "" if renders == 1 else f" in {renders} renders"


RULE = Rule(find, (CODE,))
