"""Hide secrets before anything is kept.

The base is Django's own filter, the project's DEFAULT_EXCEPTION_REPORTER_FILTER: what a debug page
would hide is hidden here. Names that carry a secret in a request but not in settings are added, and
CYCLE_INSPECTOR["REDACT"].
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.views.debug import get_default_exception_reporter_filter

from cycle_inspector import conf
from cycle_inspector.collectors._values import to_json
from cycle_inspector.records import Json

HIDDEN = "********************"

# Besides Django's API, AUTH, TOKEN, KEY, SECRET, PASS, SIGNATURE and HTTP_COOKIE.
_OURS = (
    r"^(SET-)?COOKIE2?$|CSRF|SESSION_?ID|CREDENTIAL|PRIVATE|PASSWD|PWD|\bOTP\b|\bPIN\b|CVC|CVV"
    r"|CARD_?-?(NUMBER|NO)|CREDIT_?-?CARD|\bIBAN\b|\bSSN\b|DSN$"
)
# Words that Django's pattern finds a secret in; it was made for names of settings, not of columns.
_HARMLESS = re.compile(
    r"author(?!i)|keyword|keyboard|monkey|passenger|passage|compass|capital|rapid|secretary", re.I
)
_USER_INFO = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)")

# A value compared with or set to a column: `"t"."password" = %s`, `token IN (%s, %s)`.
_COMPARED = re.compile(
    r'(?:[`"\[]?(\w+)[`"\]]?)\s*(?:=|<>|!=|<|>|<=|>=|\bI?LIKE\b|\bIN\b|\bIS\b)\s*'
    r"(?:\w+\()?\(?((?:%s|%\(\w+\)s)(?:\s*,\s*(?:%s|%\(\w+\)s))*)",
    re.I,
)
_INSERTED = re.compile(r"\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+\S+\s*\(([^)]*)\)\s*VALUES\s*(.*)", re.I | re.S)
_PLACEHOLDER = re.compile(r"%s|%\(\w+\)s")


def is_secret(name: str) -> bool:
    """Whether what goes by `name` is to be hidden."""
    return _is_secret(name, conf.current().redact)


def redact(name: str, value: Json) -> Json:
    """Return `value`, or the mark that hides it if `name` is a secret's; dicts key by key."""
    if is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {key: redact(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact("", one) for one in value]
    if isinstance(value, str):
        return _USER_INFO.sub(HIDDEN, value) if "://" in value else value
    return value


def redact_setting(name: str, value: object) -> Json:
    """Return a setting as Django's filter would show it, and without ours."""
    if is_secret(name):
        return HIDDEN
    cleansed = get_default_exception_reporter_filter().cleanse_setting(name, value)
    return redact(name, to_json(cleansed))


def redact_url(url: str) -> str:
    """Return `url` without the password before its host and without secret query values."""
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(
            netloc=_USER_INFO.sub(HIDDEN, "://" + parts.netloc)[3:],
            query=redact_query(parts.query),
        )
    )


def redact_query(query: str) -> str:
    """Return a query string with secret values hidden; the same text where there are none."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(is_secret(name) for name, _ in pairs):
        return query
    return urlencode([(name, HIDDEN if is_secret(name) else value) for name, value in pairs], safe="*")


def secret_params(sql: str) -> frozenset[int]:
    """Return which placeholders of `sql`, counted from 0, stand for a secret column's value."""
    return _secret_params(sql, conf.current().redact)


@lru_cache(maxsize=2_000)
def _secret_params(sql: str, ours: tuple[str, ...]) -> frozenset[int]:
    offsets = {match.start(): at for at, match in enumerate(_PLACEHOLDER.finditer(sql))}
    found: set[int] = set()
    for match in _COMPARED.finditer(sql):
        if _is_secret(match[1], ours):
            found.update(
                offsets[match.start(2) + one.start()] for one in _PLACEHOLDER.finditer(match[2])
            )
    inserted = _INSERTED.search(sql)
    if inserted:
        columns = [column.strip(' `"[]') for column in inserted[1].split(",")]
        hidden = {at for at, column in enumerate(columns) if _is_secret(column, ours)}
        values = [
            offsets[inserted.start(2) + one.start()] for one in _PLACEHOLDER.finditer(inserted[2])
        ]
        # With other expressions among the values the columns cannot be told apart: hide them all.
        exact = len(values) % len(columns) == 0
        found.update(
            value for at, value in enumerate(values) if hidden and (not exact or at % len(columns) in hidden)
        )
    return frozenset(found)


@lru_cache(maxsize=4_000)
def _is_secret(name: str, ours: tuple[str, ...]) -> bool:
    if not name:
        return False
    if name.upper() == settings.SESSION_COOKIE_NAME.upper():
        return True
    hidden = getattr(get_default_exception_reporter_filter(), "hidden_settings", None)
    return bool(
        (hidden is not None and hidden.search(_HARMLESS.sub("", name)))
        or re.search(_OURS, name, re.I)
        or any(re.search(pattern, name, re.I) for pattern in ours)
    )
