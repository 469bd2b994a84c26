"""CI402: middlewares stand in an order that Django's documentation warns of."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI402",
    severity=Severity.WARNING,
    title="Middlewares stand in an order that does not work",
    django="ref/middleware/#middleware-ordering",
)

_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_LOCALE = "django.middleware.locale.LocaleMiddleware"
_UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
_GZIP = "django.middleware.gzip.GZipMiddleware"

# The first has to stand above the second, and why.
_BEFORE = (
    (
        _SESSION,
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "who is logged in is kept in the session",
    ),
    (
        _SESSION,
        "django.contrib.messages.middleware.MessageMiddleware",
        "messages may be kept in the session",
    ),
    (
        _LOCALE,
        "django.middleware.common.CommonMiddleware",
        "which URLs there are depends on the language",
    ),
    (_UPDATE, _SESSION, "it keeps what the others add to Vary"),
    (_UPDATE, _LOCALE, "it keeps what the others add to Vary"),
    (_UPDATE, _GZIP, "it keeps what the others add to Vary"),
    (
        _UPDATE,
        "django.middleware.cache.FetchFromCacheMiddleware",
        "what one stores under the headers of the other is never found else",
    ),
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each pair that stands the wrong way round."""
    onion = cycle.stage(Stage.MIDDLEWARE).facts.get("onion") or ()
    at = {str(one.get("name")): place for place, one in enumerate(onion)}
    for first, second, why in _BEFORE:
        if first in at and second in at and at[first] > at[second]:
            short, other = first.rpartition(".")[2], second.rpartition(".")[2]
            yield CODE.about(
                f"{short} stands below {other}",
                f'Move "{first}" above "{second}" in MIDDLEWARE: {why}.',
            )


RULE = Rule(find, (CODE,))
