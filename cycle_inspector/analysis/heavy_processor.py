"""CI303: context processors ask queries, or take long, before a template has asked for anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    """Yield a finding for each processor of the project with so many queries.

    Their time is known for all of one render together; where that is long, and no one of them has
    been found by its queries, they are told by it. Without one of the project's it is nobody's.
    """
    ran = [
        one
        for one in cycle.stage(Stage.TEMPLATES).facts.get("processors") or ()
        if isinstance(one, dict) and _of_project(one)
    ]
    if not ran:
        return
    asked = [pair for one in ran for pair in _asked(one, cycle)]
    least = max(thresholds.processor_queries, 1)
    groups: dict[str, list[Query]] = {}
    for name, query in asked:
        groups.setdefault(name, []).append(query)
    heavy = {name: group for name, group in groups.items() if len(group) >= least}
    for name, group in heavy.items():
        renders = len({query.parent for query in group})
        count = f"{len(group)} {'query' if len(group) == 1 else 'queries'}"
        yield CODE.about_queries(
            group,
            f"The context processor {_short(name)} asked {count}{_in(renders)}",
            _FIX + _FIX_MANY * (renders > 1),
            cost_ns=sum(query.duration_ns for query in group),
        )
    took = sum(int(one.get("duration_ns") or 0) for one in ran)
    if not heavy and took >= max(thresholds.slow_processors_ms, 1) * 1_000_000:
        yield _slow(ran, took, [query for _, query in asked])


def _slow(ran: list[dict[str, Any]], took: int, asked: list[Query]) -> Finding:
    names = {_short(name): None for one in ran for name in _of_project(one)}
    slowest = max(asked, key=lambda one: one.duration_ns, default=None)
    one = "The context processor" if len(names) == 1 else "The context processors"
    return CODE.about(
        f"{one} {', '.join(names)} took {took / 1_000_000:.0f} ms{_in(len(ran))}",
        _FIX + _FIX_MANY * (len(ran) > 1),
        caller=None if slowest is None else slowest.caller,
        evidence=[query.id for query in asked] or [ran[0].get("render")],
        count=len(ran),
        cost_ns=took,
    )


def _of_project(ran: Mapping[str, Any]) -> list[str]:
    names = map(str, ran.get("processors") or ())
    return [name for name in names if not name.startswith(_DJANGO)]


def _asked(ran: Mapping[str, Any], cycle: Cycle) -> Iterator[tuple[str, Query]]:
    """Yield the queries of the project's processors, each with the processor that has asked it."""
    names = _of_project(ran)
    for query in queries_of(cycle)(ran.get("query_ids")):
        functions = [one.function for one in query.frames if one.is_project]
        name = next((one for one in names if _is_one_of(one, functions)), None)
        if name is not None:
            yield name, query


def _is_one_of(name: str, functions: list[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in functions)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _in(renders: int) -> str:
    return "" if renders == 1 else f" in {renders} renders"


RULE = Rule(find, (CODE,))
