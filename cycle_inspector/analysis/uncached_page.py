"""CI504: a page that looks the same for everybody is sent in full each time."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import CACHING, by_name, not_set
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI504",
    severity=Severity.INFO,
    title="A page that looks the same for everybody is sent in full each time",
    django="topics/conditional-view-processing/",
)

# Who does one of these makes a page of more than its templates.
_MADE_OF = ("http", "cache", "mail", "task", "message", "storage")
_ONE_PERSONS = ("session_keys", "user", "is_anonymous", "query")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for a large page of nothing but templates without validators and max-age.

    `not_set` leaves out what sets a cookie or varies by one.
    """
    size = cycle.response.get("size_bytes") or 0
    if size < max(thresholds.uncached_kb, 1) * 1_000 or cycle.queries:
        return
    client = cycle.stage(Stage.CLIENT).facts
    if client.get("method") != "GET" or any(client.get(one) for one in _ONE_PERSONS):
        return
    if "authorization" in by_name(client.get("headers")) or _is_made_anew(cycle):
        return
    if {one.name for one in not_set(cycle) if one.kind == CACHING} >= {"Cache-Control", "ETag"}:
        yield CODE.about(
            f"{size // 1_000} kB of a page that asks no database and knows no visitor, "
            "without Cache-Control, ETag and Last-Modified",
            "If it is the same for everybody, say how long it may be kept, by "
            "cache_control(max_age=...); or let browsers ask whether it has changed, by "
            "ConditionalGetMiddleware or condition(). If it is not, say cache_control("
            "no_store=True).",
        )


def _is_made_anew(cycle: Cycle) -> bool:
    sent = by_name(cycle.stage(Stage.RESPONSE).facts.get("headers"))
    # A nonce is good for one response.
    has_nonce = "'nonce-" in sent.get("content-security-policy", "")
    return has_nonce or any(one.kind in _MADE_OF for one in cycle.events)


RULE = Rule(find, (CODE,))
