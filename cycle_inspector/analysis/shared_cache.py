"""CI503: a page that depends on a cookie is kept for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import by_name
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI503",
    severity=Severity.WARNING,
    title="A page that depends on a cookie is kept for everybody",
    django="topics/cache/#controlling-cache-using-other-headers",
)

_SHARED = re.compile(r"\bpublic\b|\bs-maxage\s*=\s*[1-9]", re.I)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding if a page varies by cookie, and shared caches are told to keep it."""
    sent = by_name(cycle.stage(Stage.RESPONSE).facts.get("headers"))
    vary = {one.strip().lower() for one in sent.get("vary", "").split(",")}
    if "cookie" in vary and _SHARED.search(sent.get("cache-control", "")):
        yield CODE.about(
            "The page varies by cookie, and says that shared caches may keep it",
            "A shared cache keeps one copy for each visitor, which is of no use. Do not touch the "
            "session or the CSRF token on this page, or say cache_control(private=True).",
        )


RULE = Rule(find, (CODE,))
