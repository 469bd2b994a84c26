"""CI501: a cookie that browsers refuse, or that goes over plain http."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import COOKIE, not_set
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI501",
    severity=Severity.WARNING,
    title="Browsers refuse a cookie, or send it over plain http",
    django="ref/request-response/#django.http.HttpResponse.set_cookie",
)

_SETTINGS = {"sessionid": "SESSION_COOKIE_SECURE", "csrftoken": "CSRF_COOKIE_SECURE"}


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each cookie that lacks Secure where that matters."""
    for one in not_set(cycle):
        name, _, flag = one.name.partition(": ")
        if one.kind == COOKIE and flag == "Secure":
            by = f", by {_SETTINGS[name]} = True" if name in _SETTINGS else ""
            yield CODE.about(
                f"The cookie {name} is not Secure: {one.why[0].lower()}{one.why[1:].rstrip('.')}",
                f"Set it with secure=True{by}.",
            )


RULE = Rule(find, (CODE,))
