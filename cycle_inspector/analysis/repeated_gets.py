"""CI704: the cache was asked again and again where once would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cycle_inspector.analysis._calls import duration_ns, is_whole, place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity, TemplateLine

CODE = Code(
    code="CI704",
    severity=Severity.INFO,
    title="The cache was asked again and again where once would do",
    django="topics/cache/#django.core.caches.cache.get_many",
)

_READS = ("get", "get_many", "get_or_set", "has_key")

_Place = tuple[Frame | None, TemplateLine | None]


@dataclass(frozen=True, slots=True)
class _Get:
    """One key that was found in a cache, or asked for in vain."""

    alias: str
    key: str
    event: Event


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for a key that was found so often, and for a loop that gets one key each."""
    least = max(thresholds.repeated_gets, 2)
    told: set[_Place] = set()
    for key, group in _same(cycle):
        if len(group) >= least:
            told.update(map(place_of, group))
            yield _finding(
                f"The key {key!r} was taken out of the cache {len(group)} times",
                "Take it out once, before the loop, and pass it on: each time it is sent and made "
                "an object anew.",
                group,
            )
    for place, gets in _in_a_loop(cycle).items():
        if place not in told and len({one.key for one in gets}) >= least:
            yield _finding(
                f"The cache was asked {len(gets)} times in a loop, for one key each time",
                "Ask for all of them before the loop by cache.get_many(keys): a cache on another "
                "machine is asked once then.",
                [one.event for one in gets],
            )


def _gets(cycle: Cycle) -> Iterator[_Get]:
    for event in cycle.events:
        if event.kind == "cache" and event.name in ("get", "get_or_set"):
            keys: list[str] = event.attributes.get("keys") or []
            # Of one that is hidden or cut nobody can say whether it is the same.
            if len(keys) == 1 and is_whole(keys[0]):
                yield _Get(str(event.attributes.get("alias")), keys[0], event)


def _same(cycle: Cycle) -> Iterator[tuple[str, list[Event]]]:
    """Yield the hits of each key between two changes of it."""
    changed: dict[str, int] = {}  # by alias and key, or alias alone, so far
    groups: dict[tuple[str, str, int, int], list[Event]] = {}
    gets = {id(one.event): one for one in _gets(cycle)}
    for event in cycle.events:
        if event.kind != "cache":
            continue
        get = gets.get(id(event))
        if get is not None:
            if event.attributes.get("hits") == 1 and place_of(event) != (None, None):
                one = f"{get.alias}\0{get.key}"
                key = get.alias, get.key, changed.get(one, 0), changed.get(get.alias, 0)
                groups.setdefault(key, []).append(event)
        elif event.name not in _READS:
            alias = str(event.attributes.get("alias"))
            keys = [f"{alias}\0{one}" for one in event.attributes.get("keys") or ()] or [alias]
            for one in keys:
                changed[one] = changed.get(one, 0) + 1
    for (_, name, _, _), group in groups.items():
        yield name, group


def _in_a_loop(cycle: Cycle) -> dict[_Place, list[_Get]]:
    """Return the gets of each line of the project's own code.

    What a library or a template tag asks for is not in the project's hands.
    """
    groups: dict[tuple[str, _Place], list[_Get]] = {}
    for get in _gets(cycle):
        event = get.event
        is_own = bool(event.frames) and event.frames[0].is_project and event.template is None
        if event.name == "get" and is_own:
            groups.setdefault((get.alias, place_of(event)), []).append(get)
    return {place: gets for (_, place), gets in groups.items()}


def _finding(title: str, fix: str, group: list[Event]) -> Finding:
    return CODE.about_events(
        group,
        title,
        fix,
        cost_ns=sum(map(duration_ns, group[1:])),
    )


RULE = Rule(find, (CODE,))
