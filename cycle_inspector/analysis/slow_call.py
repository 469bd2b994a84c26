"""CI702: the page waited long for another server."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from cycle_inspector.analysis._calls import awaited, place_of, waited_ns
from cycle_inspector.analysis._response_headers import place_of as place_of_url
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Severity

CODE = Code(
    code="CI702",
    severity=Severity.WARNING,
    title="The page waited long for another server",
    django="topics/tasks/",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line and host that were waited for so long, all calls together."""
    groups: dict[Hashable, list[Event]] = {}
    for event in awaited(cycle):
        groups.setdefault((place_of(event), _host(event)), []).append(event)
    for group in groups.values():
        waited = waited_ns(group)
        if waited >= max(thresholds.slow_call_ms, 1) * 1_000_000:
            yield CODE.about_events(
                group,
                _title(group, waited),
                _fix(group),
                cost_ns=waited,
            )


def _host(event: Event) -> str:
    return place_of_url(str(event.attributes.get("url") or ""))[1]


def _title(group: list[Event], waited: int) -> str:
    spent = f"{waited / 1_000_000:.0f} ms"
    if len(group) > 1:
        return f"{len(group)} calls of {_host(group[0])} took {spent} together"
    error = group[0].attributes.get("error")
    if error:
        kind = str(error).partition(":")[0].strip()
        return f"A call of {_host(group[0])} failed after {spent}: {kind}"
    return f"A call of {_host(group[0])} took {spent}"


def _fix(group: list[Event]) -> str:
    if len(group) == 1:
        return (
            "The visitor waits for it. Keep the answer in the cache, or let a background task ask; "
            "and give the call a timeout that a page can bear."
        )
    return (
        "Ask for all of it in one call, where that server can; or make the calls at once, by a "
        "ThreadPoolExecutor or asyncio.gather(). One session for all of them saves connecting anew "
        "each time."
    )


RULE = Rule(find, (CODE,))
