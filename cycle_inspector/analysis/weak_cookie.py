"""CI505: a cookie that lets somebody in can be read by scripts, or sent from other sites."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import COOKIE, not_set
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

CODE = Code(
    code="CI505",
    severity=Severity.WARNING,
    title="A cookie that lets somebody in lacks HttpOnly or SameSite",
    django="ref/request-response/#django.http.HttpResponse.set_cookie",
)

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# What the name of such a cookie ends with: "author" and "session_tab" are others.
_ENDS = (
    *(("session",), ("sessionid",), ("sessid",), ("phpsessid",), ("jsessionid",), ("sid",)),
    *(("session", "id"), ("session", "key"), ("token",), ("authtoken",), ("accesstoken",)),
    *(("auth",), ("jwt",), ("apikey",), ("api", "key"), ("remember", "me")),
)
# Made to be read by scripts.
_FOR_SCRIPTS = ("csrf", "xsrf", "csrftoken", "csrfmiddlewaretoken")

_FIXES = {
    "HttpOnly": ("any script of the page can read it", "httponly=True", "HTTPONLY = True"),
    "SameSite": (
        "browsers may send it along with requests from other sites",
        'samesite="Lax"',
        'SAMESITE = "Lax"',
    ),
}


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each such cookie; SameSite=None without Secure is CI501's."""
    lacks: dict[str, list[str]] = {}
    for one in not_set(cycle):
        name, _, flag = one.name.partition(": ")
        if one.kind == COOKIE and flag in _FIXES and lets_in(name):
            lacks.setdefault(name, []).append(flag)
    for name, flags in lacks.items():
        given = " and ".join(_FIXES[flag][1] for flag in flags)
        by = " and ".join(f"SESSION_COOKIE_{_FIXES[flag][2]}" for flag in flags)
        yield CODE.about(
            f"The cookie {name} lacks {' and '.join(flags)}: {_FIXES[flags[0]][0]}",
            f"Set it with {given}{f', by {by}' if name == 'sessionid' else ''}.",
        )


def lets_in(name: str) -> bool:
    """Whether a cookie is by its name a credential.

    >>> [lets_in(one) for one in ("connect.sid", "authToken", "author", "csrftoken")]
    [True, True, False, False]
    """
    words = tuple(word.lower() for word in _WORD.findall(name))
    if any(word in _FOR_SCRIPTS for word in words):
        return False
    return "jwt" in words or any(words[-len(end) :] == end for end in _ENDS)


RULE = Rule(find, (CODE,))
