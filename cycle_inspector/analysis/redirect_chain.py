"""CI506: a redirect led to another redirect."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import by_name
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI506",
    severity=Severity.INFO,
    title="A redirect led to another redirect",
    django="topics/http/shortcuts/#redirect",
)

_STATUSES = (301, 302, 303, 307, 308)
_LONGEST_ADDRESS = 200


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding if the client was sent here, and is sent on.

    Who is sent on to log in is left out: only here it is known that they have to.
    """
    if cycle.cause != "redirect" or cycle.response.get("status") not in _STATUSES:
        return
    sent = by_name(cycle.stage(Stage.RESPONSE).facts.get("headers"))
    place, _, query = sent.get("location", "").partition("?")
    if not place or any(pair.startswith("next=") for pair in query.split("&")):
        return
    yield CODE.about(
        f"A redirect led to {_short(cycle.request.get('path'))}, and that redirects to "
        f"{_short(place)}",
        _fix(cycle, place),
        cost_ns=cycle.duration_ns,
    )


def _fix(cycle: Cycle, place: str) -> str:
    told = cycle.stage(Stage.ROUTING).facts.get("redirect")
    if isinstance(told, dict):
        # Made by Django, as the address alone matches no pattern.
        return (
            f"Let the first redirect name {_short(place)}: {told.get('because')}. Made by "
            "reverse() or get_absolute_url() an address is whole."
        )
    return f"Let the first redirect lead to {_short(place)} at once: each costs a round trip."


def _short(address: object) -> str:
    return str(address or "")[:_LONGEST_ADDRESS]


RULE = Rule(find, (CODE,))
