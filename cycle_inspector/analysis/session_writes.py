"""CI508: the session is written though it is not marked as changed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI508",
    severity=Severity.INFO,
    title="The session is written though it is not marked as changed",
    django="topics/http/sessions/#when-sessions-are-saved",
)

_WRITE = re.compile(r"\s*(?:UPDATE|INSERT\s+INTO|REPLACE\s+INTO)\s+[\"`]?django_session\b", re.I)
_KEY = "django.contrib.sessions."


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding if Django has saved a session that nobody has marked as changed.

    It does so under SESSION_SAVE_EVERY_REQUEST alone.
    """
    if cycle.stage(Stage.CLIENT).facts.get("session_changed") is not False:
        return
    queries = [
        one
        for one in cycle.statements
        if one.caller is None and one.error is None and _WRITE.match(one.sql)
    ]
    is_cached = any(
        one.kind == "cache"
        and one.name == "set"
        and one.caller is None
        and any(str(key).startswith(_KEY) for key in one.attributes.get("keys") or ())
        for one in cycle.events
    )
    if queries or is_cached:
        yield CODE.about(
            "The session was written though it is not marked as changed",
            "SESSION_SAVE_EVERY_REQUEST writes it at each request; without it a session is written "
            "when one of its keys is set. What changes deep inside of a value is marked by "
            "request.session.modified = True; so is a session, once a day, that is to last as long "
            "as somebody visits.",
            evidence=(one.id for one in queries),
            count=max(len(queries), 1),
            cost_ns=sum(one.duration_ns for one in queries),
        )


RULE = Rule(find, (CODE,))
