"""CI304: a template took long by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._calls import duration_ns
from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Render, Severity, Stage

CODE = Code(
    code="CI304",
    severity=Severity.WARNING,
    title="A template took long by itself",
    django="howto/custom-template-tags/",
)

# Nobody mends the templates of a package.
_INSTALLED = re.compile(r"[\\/](?:site|dist)-packages[\\/]")

_MOST_QUERIES = 10


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each template, and line that asks for it, which is slow by itself.

    What it waits for is told elsewhere: queries, what it includes, other servers, the cache. One
    that is rendered so often that it is a CI301 is left to that; and where many queries ran, the
    time is that of making objects of their rows.
    """
    groups: dict[Hashable, list[Render]] = {}
    for render in cycle.renders:
        if render.how != "folded" and not _INSTALLED.search(render.origin):
            groups.setdefault((render.name, render.template), []).append(render)
    limit_ns = max(thresholds.slow_template_ms, 1) * 1_000_000
    groups = {
        key: group
        for key, group in groups.items()
        if sum(one.own_ns for one in group) >= limit_ns
        and len(group) < max(thresholds.repeated_renders, 2)
    }
    if not groups:
        return
    waited = _waited(cycle)
    asked = Counter(query.parent for query in cycle.statements)
    for group in groups.values():
        if sum(asked[one.id] for one in group) > _MOST_QUERIES:
            continue
        took = sum(max(one.own_ns - waited.get(one.id, 0), 0) for one in group)
        if took >= limit_ns:
            yield _finding(group, took)


def _waited(cycle: Cycle) -> dict[int, int]:
    """Return how long each render has waited for what is no render, by its id."""
    waited: dict[int, int] = {}

    def add(parent: int | None, took: int) -> None:
        if parent is not None:
            waited[parent] = waited.get(parent, 0) + took

    for span in cycle.spans:
        add(span.parent, span.duration_ns)
    for query in cycle.queries:
        add(query.parent, query.duration_ns)
    for event in cycle.events:
        add(event.parent, duration_ns(event))
    queries = queries_of(cycle)
    for ran in cycle.stage(Stage.TEMPLATES).facts.get("processors") or ():
        asked = queries(ran.get("query_ids"))
        add(ran["render"], ran["duration_ns"] - sum(one.duration_ns for one in asked))
    return waited


def _finding(group: list[Render], took: int) -> Finding:
    slowest = max(group, key=lambda one: one.own_ns)
    name = slowest.name or "A template of a text"
    times = "" if len(group) == 1 else f" in {len(group)} renders"
    return CODE.about(
        f"{name} took {took / 1_000_000:.0f} ms of its own{times}",
        "Without its queries and what it includes. Most often it is a long loop, or a tag, filter "
        "or method of yours that works much: the templates stage shows the time of each line. Show "
        "less at a time, work it out in the view, or keep the part by {% cache %}. The first "
        "render after a start also compiles; look at a second one.",
        template=slowest.template,
        evidence=(one.id for one in group),
        count=len(group),
        cost_ns=took,
    )


RULE = Rule(find, (CODE,))
