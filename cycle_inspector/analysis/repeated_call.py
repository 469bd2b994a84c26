"""CI703: another server was asked for the same address more than once."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._calls import awaited, duration_ns, is_whole, place_of
from cycle_inspector.analysis._response_headers import place_of as place_of_url
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Severity

CODE = Code(
    code="CI703",
    severity=Severity.WARNING,
    title="Another server was asked for the same address more than once",
    django="topics/cache/#the-low-level-cache-api",
)

_READS = ("GET", "HEAD", "OPTIONS")
# "Not yet" and "a part of it": asked again for something else. Faults are tried again rightly.
_NOT_THE_SAME = (202, 206)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each address that was got so often, with nothing sent there in between.

    Where a part of the address is hidden, nobody can say whether two are the same.
    """
    sent: dict[str, int] = {}  # by host, so far
    groups: dict[tuple[str, int], list[Event]] = {}
    for event in awaited(cycle):
        url = str(event.attributes.get("url") or "")
        _, host = place_of_url(url)
        if event.name not in _READS:
            sent[host] = sent.get(host, 0) + 1
        elif event.name == "GET" and _is_answered(event) and is_whole(url):
            groups.setdefault((url, sent.get(host, 0)), []).append(event)
    for (url, _), group in groups.items():
        if len(group) >= max(thresholds.repeated_calls, 2):
            yield _finding(url, group)


def _is_answered(event: Event) -> bool:
    status = event.attributes.get("status")
    is_good = isinstance(status, int) and 200 <= status < 300 and status not in _NOT_THE_SAME
    return is_good and not event.attributes.get("error")


def _finding(url: str, group: list[Event]) -> Finding:
    places = {place_of(one) for one in group}
    if len(places) == 1:
        fix = "Ask once before the loop, and use the answer inside."
    else:
        fix = (
            f"It is asked for at {len(places)} places. Ask once and pass the answer on, or keep it "
            "in the cache."
        )
    return CODE.about_events(
        group,
        f"{url.partition('?')[0]} was asked {len(group)} times for the same",
        fix,
        cost_ns=sum(map(duration_ns, group[1:])),
    )


RULE = Rule(find, (CODE,))
