"""Hide secrets before anything is kept.

The base is Django's own filter, the project's DEFAULT_EXCEPTION_REPORTER_FILTER: what a debug page
would hide is hidden here. Names that carry a secret in a request but not in settings are added, and
CYCLE_INSPECTOR["REDACT"]. Which parameters of a statement are secret is worked out in
`cycle_inspector.collectors._secret_params`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus

from django.conf import settings
from django.core.signals import setting_changed
from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

from cycle_inspector import conf, records
from cycle_inspector.collectors import _secret_params
from cycle_inspector.collectors._values import to_json
from cycle_inspector.records import Json

HIDDEN = records.HIDDEN

# Addresses inside of addresses are looked into so deep.
_DEEPEST_ADDRESS = 3

# Besides Django's API, AUTH, TOKEN, KEY, SECRET, PASS, SIGNATURE and HTTP_COOKIE.
_OURS = re.compile(
    r"^(SET-)?COOKIE2?$|CSRF|SESS(ION)?[_-]?(ID|DATA(?![a-z]))|CREDENTIAL|PWD|BEARER|CVC|CVV|DSN$"
    r"|CARD[_-]?(NUM|NO(?![a-z]))|CREDIT[_-]?CARD|(?<![a-z])CC[_-]?NUM"
    r"|(?<![a-z])(T?OTP|PIN|JWT|SIG|IBAN|SSN)(?![a-z])",
    re.I,
)
# Words that Django's pattern finds a secret in; it was made for names of settings, not of columns.
_HARMLESS = re.compile(
    r"(?i:author(?!i)|authenticated|keyword|keyboard|monkey|turkey|donkey|hockey|jockey|whiskey"
    r"|(?:primary|foreign|natural|unique|public|partition|sort)[_-]?key"
    r"|passenger|passage|passive|passing|passion|passed|bypass|compass|capital|rapid|secretary)"
    r"|(?<=[a-z])api(?=[a-z])"  # therapist, escaping
)
# The user and password of a URL, or a user long enough to be a token.
_USER_INFO = re.compile(r"(?<=://)(?:[^/?#\s:]*:[^/?#\s]*|[^/?#\s:@]{20,})(?=@)")


@lru_cache(maxsize=4_000)
def is_secret(name: str) -> bool:
    """Whether what goes by `name` is to be hidden."""
    return name == settings.SESSION_COOKIE_NAME or _is_secret(name, conf.current().redact)


def redact(name: str, value: Json) -> Json:
    """Return `value`, or the mark that hides it if `name` is a secret's; dicts key by key."""
    if is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {key: redact(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact("", one) for one in value]
    if isinstance(value, str):
        return _redact_text(value)
    return to_json(value)  # itself, unless a filter of the project's put something else there


def redact_setting(name: str, value: object) -> Json:
    """Return a setting as Django's filter would show it, and without ours."""
    if is_secret(name):
        return HIDDEN
    # As JSON it can be neither called nor evaluated, which the filter would do to a lazy object.
    cleansed = get_default_exception_reporter_filter().cleanse_setting(name, to_json(value))
    return redact(name, cleansed)


def redact_url(url: str, depth: int = 0) -> str:
    """Return `url` without the password before its host and without secret query values."""
    # Not by urlsplit(), which raises on what a client may well send as its Referer.
    rest, hash_mark, fragment = url.partition("#")
    place, question_mark, query = rest.partition("?")
    return "".join(
        (
            _USER_INFO.sub(HIDDEN, place),
            question_mark,
            redact_query(query, depth),
            hash_mark,
            redact_query(fragment, depth),  # OAuth answers in it
        )
    )


def redact_query(query: str, depth: int = 0) -> str:
    """Return a query string with secret values hidden; the rest stays as it is spelled."""
    return "&".join(_redact_pair(pair, depth) for pair in query.split("&"))


def secret_params(sql: str, redact: tuple[str, ...]) -> frozenset[int | str]:
    """Return which placeholders of `sql` stand for a secret: positions from 0, or names.

    `redact` are the patterns of CYCLE_INSPECTOR["REDACT"].
    """
    return _secret_params.find(sql, lambda name: _is_secret(name, redact))


def _redact_pair(pair: str, depth: int) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return pair
    if is_secret(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    # The login page is sent `next`, the address of a page with a query of its own.
    inner = unquote_plus(value)
    shown = _redact_text(inner, depth + 1)
    return pair if shown == inner else f"{name}={quote(shown, safe='/:*', errors='replace')}"


def _redact_text(text: str, depth: int = 0) -> str:
    shown = _USER_INFO.sub(HIDDEN, text) if "://" in text else text
    # One word with a query in it is an address.
    if "?" in shown and "=" in shown and depth <= _DEEPEST_ADDRESS and shown.split() == [shown]:
        return redact_url(shown, depth)
    return shown


def _is_secret(name: str, ours: tuple[str, ...]) -> bool:
    if not name:
        return False
    # A filter of the project's own need not be a subclass of Django's.
    hidden = getattr(
        get_default_exception_reporter_filter(),
        "hidden_settings",
        SafeExceptionReporterFilter.hidden_settings,
    )
    return bool(
        hidden.search(_HARMLESS.sub(" ", name))
        or _OURS.search(name)
        or any(re.search(pattern, name, re.I) for pattern in ours)
    )


def _forget(*, setting: str, **_: Any) -> None:
    if setting in (conf.SETTING, "SESSION_COOKIE_NAME", "DEFAULT_EXCEPTION_REPORTER_FILTER"):
        is_secret.cache_clear()


# After conf's own receiver, which was connected as it was imported: that forgets the old value.
setting_changed.connect(_forget, dispatch_uid="cycle_inspector.redaction")
