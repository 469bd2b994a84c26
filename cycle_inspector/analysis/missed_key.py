"""CI701: a key was asked for again and again, and never found in the cache."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._calls import duration_ns
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Severity

CODE = Code(
    code="CI701",
    severity=Severity.INFO,
    title="A key was asked for again and again, and never found",
    django="topics/cache/#the-low-level-cache-api",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each key that was missed, and that nothing has set or found."""
    misses: dict[tuple[str, str], list[Event]] = {}
    known: set[tuple[str, str]] = set()
    for event in cycle.events:
        if event.kind != "cache":
            continue
        alias, keys = str(event.attributes.get("alias")), event.attributes.get("keys") or ()
        is_miss = event.name in ("get", "aget") and event.attributes.get("misses") == 1
        for key in keys:
            if is_miss:
                misses.setdefault((alias, str(key)), []).append(event)
            else:
                known.add((alias, str(key)))
    for place, group in misses.items():
        if place not in known and len(group) >= max(thresholds.cache_misses, 2):
            yield CODE.about_events(
                group,
                f"The key {place[1]!r} was asked for {len(group)} times and is not in the cache",
                "Nothing sets it. Keep what was worked out instead, by get_or_set(); None is kept "
                "too, if the default is a value of its own.",
                cost_ns=sum(map(duration_ns, group)),
            )


RULE = Rule(find, (CODE,))
