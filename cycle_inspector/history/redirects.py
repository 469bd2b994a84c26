"""Redirects: where a response sends its client, and whether a request is what came of it.

Nothing is added to a response for that: two cycles belong together if a client asks for what it was
just sent to. Both are told by one digest, of the client and the address, made of the record and so
of its redacted form. Pure functions over records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from cycle_inspector.records import Cycle, Facts, Stage

# 300 and 304 are none, nor is a 201 with a Location.
STATUSES = (301, 302, 303, 307, 308)

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a response sends its client."""

    digest: str
    path: str  # as the path of a request for it


class Sent(Protocol):
    """A request that was answered by a redirect."""

    method: str
    status: int


def target_of(cycle: Cycle) -> Target | None:
    """Return where `cycle` sends its client; None unless it is a redirect to a web address."""
    if cycle.response.get("status") not in STATUSES:
        return None
    headers = _headers(cycle.stage(Stage.RESPONSE).facts)
    location, host = headers.get("location", ""), _host_of(cycle)
    path, query = str(cycle.request.get("path") or ""), _query_of(cycle)
    try:
        here = f"http://{host}{quote(path)}{'?' if query else ''}{query}"
        there = urlsplit(urljoin(here, location))
    except ValueError:
        return None
    if not location or there.scheme not in ("http", "https") or not there.netloc:
        return None
    asked = _plain_host(there.netloc)
    # Behind a proxy a server may know itself by another name than its clients do.
    if asked == _plain_host(cycle.request.get("host") or ""):
        asked = host
    path = unquote(there.path) or "/"
    return Target(digest=_digest(cycle, asked, path, there.query), path=path)


def arrival_of(cycle: Cycle) -> str | None:
    """Return the digest of the request of `cycle`, to be held against those of targets."""
    path = cycle.request.get("path")
    if not path or not cycle.stage(Stage.CLIENT).facts:
        return None
    return _digest(cycle, _host_of(cycle), path, _query_of(cycle))


def follows(method: str, sent: Sent) -> bool:
    """Whether a request by `method` can be what came of the request that was redirected."""
    if sent.status in (307, 308) or sent.method in ("GET", "HEAD"):
        return method == sent.method
    # A form becomes a GET. What else is sent by PUT and the like is repeated by browsers (Fetch
    # standard, 4.4) and turned into a GET by other clients.
    return method == "GET" or (
        method == sent.method and sent.status in (301, 302) and method != "POST"
    )


def end_of(cycle: Cycle) -> datetime:
    """Return the moment at which `cycle` ended.

    It is given its moment by the first middleware, and its duration from the gateway on.
    """
    lasted = cycle.duration_ns - cycle.stage(Stage.GATEWAY).duration_ns
    return cycle.started_at + timedelta(microseconds=max(lasted, 0) / 1000)


def _digest(cycle: Cycle, host: str, path: str, query: str) -> str:
    # The scheme is left out: behind a proxy that ends TLS it is not the one that the client uses.
    parts = (*_client_of(cycle), host, path, unquote(query))
    text = "\0".join(parts).encode("utf-8", "backslashreplace")
    return blake2b(text, digest_size=_DIGEST_BYTES).hexdigest()


def _client_of(cycle: Cycle) -> tuple[str, str]:
    facts = cycle.stage(Stage.CLIENT).facts
    headers = _headers(facts)
    # Behind a proxy all clients have its address.
    address = headers.get("x-forwarded-for", "").partition(",")[0].strip()
    address = address or str(facts.get("address", "")).partition(" port ")[0]
    return address, headers.get("user-agent", "")


def _host_of(cycle: Cycle) -> str:
    forwarded = _headers(cycle.stage(Stage.CLIENT).facts).get("x-forwarded-host", "")
    return _plain_host(forwarded.partition(",")[0].strip() or cycle.request.get("host") or "")


def _plain_host(host: str) -> str:
    host = host.rpartition("@")[2].lower()
    return host.removesuffix(":80").removesuffix(":443")


def _query_of(cycle: Cycle) -> str:
    # Of the path what is decoded may hold a question mark of its own.
    path, whole = (str(cycle.request.get(name) or "") for name in ("path", "full_path"))
    return whole[len(path) :].removeprefix("?") if whole.startswith(path) else ""


def _headers(facts: Facts) -> dict[str, str]:
    """Return the first value of each header, by its name in lower case."""
    found: dict[str, str] = {}
    for name, value in facts.get("headers") or ():
        found.setdefault(str(name).lower(), str(value))
    return found
