"""Which headers and cookie flags a response lacks, where they would matter.

A pure function over what a cycle says of its response and its request. It judges nothing that is
missing for a reason: a download needs no policy, a page that sets a cookie no cache.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cycle_inspector.records import Cycle, Stage

SECURITY, CACHING, COOKIE = "security", "caching", "cookie"

_HTML = ("text/html", "application/xhtml+xml")
_JSON = re.compile(r"(?:application|text)/(?:[^/]+\+)?json$")
_AS_PAGE = ("", "document", "iframe", "frame")  # Sec-Fetch-Dest
# Statuses that may be kept without being told (RFC 9110, 15.1) and carry a page.
_KEPT = (200, 203, 300, 404, 405, 410, 414, 501)
# A cookie by such a name lets somebody in; the token against forged requests is for scripts too.
_CREDENTIAL = re.compile(r"sess|auth|token|jwt|sid$|remember|login", re.I)
_FOR_SCRIPTS = re.compile(r"csrf|xsrf", re.I)


@dataclass(frozen=True, slots=True)
class NotSet:
    """A header, or a flag of a cookie, that is not there, and what it would do."""

    kind: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rules ask for; names of headers in lower case."""

    method: str
    status: int
    content_type: str
    sent: dict[str, str]
    asked: dict[str, str]
    cookies: list[tuple[str, dict[str, str]]]
    host: str
    is_secure: bool
    is_streaming: bool

    @property
    def is_page(self) -> bool:
        """Whether a browser shows it as a document, not a script of a page as a part of one."""
        if self.content_type not in _HTML or "x-requested-with" in self.asked:
            return False
        is_part = "hx-request" in self.asked and "hx-boosted" not in self.asked
        is_download = self.sent.get("content-disposition", "").lower().startswith("attachment")
        return self.asked.get("sec-fetch-dest", "") in _AS_PAGE and not is_part and not is_download


def not_set(cycle: Cycle) -> tuple[NotSet, ...]:
    """Return what the response of `cycle` lacks, in the order of the kinds."""
    facts = _read(cycle)
    if facts is None or facts.status < 200 or facts.status in (204, 205, 304):
        return ()
    missing = [*_security(facts), *_caching(facts), *_cookies(facts)]
    return tuple(missing)


def _read(cycle: Cycle) -> _Facts | None:
    response = dict(cycle.stage(Stage.RESPONSE).facts)
    request = cycle.stage(Stage.CLIENT).facts
    status = response.get("status")
    if not isinstance(status, int):
        return None
    scheme, host = place_of(str(request.get("url") or ""))
    return _Facts(
        method=str(request.get("method") or ""),
        status=status,
        content_type=str(response.get("content_type") or "").partition(";")[0].strip().lower(),
        sent=by_name(response.get("headers")),
        asked=by_name(request.get("headers")),
        cookies=[_cookie(one) for one in response.get("cookies") or () if isinstance(one, dict)],
        host=host,
        is_secure=scheme == "https",
        is_streaming=bool(response.get("streaming")),
    )


def _security(facts: _Facts) -> Iterator[NotSet]:
    has_body = not 300 <= facts.status < 400
    if not has_body or not (facts.is_page or _JSON.match(facts.content_type)):
        return
    if facts.sent.get("x-content-type-options", "").strip().lower() != "nosniff":
        yield NotSet(
            SECURITY,
            "X-Content-Type-Options",
            "nosniff keeps browsers from taking the body for another type than it says.",
        )
    if not facts.is_page:
        return
    policy = facts.sent.get("content-security-policy")
    if policy is None:
        reported = "content-security-policy-report-only" in facts.sent
        why = "It would say from where scripts and other things may be loaded."
        yield NotSet(
            SECURITY,
            "Content-Security-Policy",
            "The policy is report-only: nothing is stopped yet." if reported else why,
        )
    if "x-frame-options" not in facts.sent and not _restrains_frames(policy):
        yield NotSet(
            SECURITY,
            "X-Frame-Options",
            "Any site may show this page in a frame; frame-ancestors of a policy does as well.",
        )
    yield from (
        NotSet(SECURITY, name, why)
        for name, why in (
            ("Referrer-Policy", "Other sites are told from where a link was followed."),
            (
                "Cross-Origin-Opener-Policy",
                "A page that opens this one in a window keeps a hold on it.",
            ),
        )
        if name.lower() not in facts.sent
    )
    if (
        facts.is_secure
        and "strict-transport-security" not in facts.sent
        and not is_local(facts.host)
    ):
        yield NotSet(
            SECURITY,
            "Strict-Transport-Security",
            "Browsers may still come by http at first. It binds the whole host: begin small.",
        )


def _caching(facts: _Facts) -> Iterator[NotSet]:
    encoding = facts.sent.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity") and "accept-encoding" not in _vary(facts):
        yield NotSet(
            CACHING,
            "Vary: Accept-Encoding",
            "A cache may hand the packed body to a client that cannot unpack it.",
        )
    control = facts.sent.get("cache-control")
    # Of pages only. A page that sets a cookie, or that depends on one, is one person's.
    is_kept = facts.is_page and facts.method in ("GET", "HEAD") and facts.status in _KEPT
    if not is_kept or facts.cookies or _vary(facts) & {"cookie", "*"}:
        return
    if control is None and "expires" not in facts.sent:
        yield NotSet(
            CACHING,
            "Cache-Control",
            "How long it may be kept is left to each browser; max-age or no-cache would say it.",
        )
    has_validator = "etag" in facts.sent or "last-modified" in facts.sent
    is_stored = "no-store" not in (control or "").lower()
    if facts.status == 200 and is_stored and not has_validator and not facts.is_streaming:
        yield NotSet(
            CACHING,
            "ETag",
            "A browser cannot ask whether it has changed: ConditionalGetMiddleware sets one.",
        )


def _cookies(facts: _Facts) -> Iterator[NotSet]:
    for name, flags in facts.cookies:
        if flags.get("max-age") == "0":
            continue  # it is being deleted
        same_site = flags.get("samesite", "").lower()
        needs_secure = same_site == "none" or name.startswith(("__Secure-", "__Host-"))
        if "secure" not in flags and (facts.is_secure or needs_secure):
            why = "Browsers refuse it." if needs_secure else "It is sent over plain http as well."
            yield NotSet(COOKIE, f"{name}: Secure", why)
        if "httponly" not in flags and _CREDENTIAL.search(name) and not _FOR_SCRIPTS.search(name):
            yield NotSet(COOKIE, f"{name}: HttpOnly", "Any script of the page can read it.")
        if not same_site:
            yield NotSet(
                COOKIE,
                f"{name}: SameSite",
                "Whether it goes along with requests from other sites is left to the browser.",
            )


def _restrains_frames(policy: str | None) -> bool:
    # One that was cut for its length may hold it in what is not kept.
    return policy is not None and ("frame-ancestors" in policy or policy.endswith("characters)"))


def _vary(facts: _Facts) -> set[str]:
    return {one.strip().lower() for one in facts.sent.get("vary", "").split(",")}


def by_name(given: Any) -> dict[str, str]:
    """Return headers as a stage tells them, by their names in lower case."""
    return {
        str(one[0]).lower(): str(one[1])
        for one in given or ()
        if isinstance(one, list | tuple) and len(one) == 2
    }


def _cookie(given: dict[str, Any]) -> tuple[str, dict[str, str]]:
    flags = (str(one).partition("=") for one in given.get("flags") or ())
    return str(given.get("name")), {name.lower(): value for name, _, value in flags}


def place_of(url: str) -> tuple[str, str]:
    """Return the scheme and the host of an address."""
    # Not by urlsplit(), which raises on what a client may well send as its Host.
    scheme, _, rest = url.partition("://")
    return scheme, _host(re.split(r"[/?#]", rest, maxsplit=1)[0])


def _host(place: str) -> str:
    host = place.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def is_local(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".test")):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True  # browsers ignore it for an address
