"""Stage 1, the client: what was sent, and what of it the project has read.

Taken when the cycle closes and only from what the request object has already worked out: a body
that nobody read stays unread (reading `request.POST` early breaks views that set upload handlers),
a session or user that nobody loaded stays unloaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

from django.utils.encoding import escape_uri_path

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _bodies, _redaction
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Facts, Json, Stage

# What proxies add, and what they call the client in it; the first that is there is followed.
_FORWARDED = frozenset(
    {
        *("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
        *("X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Real-Ip", "Via"),
        *("X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Fly-Client-Ip"),
    }
)
_ONE_CLIENT = ("X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Fly-Client-Ip")
_FOR = re.compile(r"\bfor\s*=\s*(\"[^\"]*\"|[^\s;,]+)", re.I)  # RFC 7239
_MOST_HOPS = 20

_ADDRESSES = frozenset({"referer", "origin", "location", "content-location", "refresh", "link"})


class Note:
    """What the request holds; nothing is copied that cannot change, and nothing worked out."""

    __slots__ = (
        "__dict__",
        "body",
        "host",
        "method",
        "path",
        "port",
        "scheme",
        "scope_headers",
        "session_changed",
        "session_keys",
        "texts",
        "user",
        "version",
    )

    def __init__(self, request: Any, answer: Any = None) -> None:
        own = request.__dict__
        meta = request.META
        # Under wsgiref META holds the process environment too: it is told apart afterwards.
        self.texts = {name: value for name, value in meta.items() if type(value) is str}
        self.port = meta.get("REMOTE_PORT")
        scope = own.get("scope")
        self.scope_headers = None if scope is None else list(scope.get("headers", ()))
        self.version = None if scope is None else scope.get("http_version", "")
        self.method = request.method or ""
        self.scheme = request.scheme
        self.host: str = request._get_raw_host()  # get_host() refuses some
        self.path: str = request.path
        self.body = _bodies.Body(own, answer)
        session = getattr(own.get("session"), "__dict__", {})
        self.session_keys = _session_keys(session)
        self.session_changed = session.get("modified")
        self.user = own.get("user"), own.get("_cached_user"), own.get("_acached_user")

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """The headers in the order in which they came, as far as the server keeps it."""
        if self.scope_headers is not None:
            return [
                (name.decode("latin1").title(), _decode(value))
                for name, value in self.scope_headers
            ]
        of_process = _environment()
        return [
            (
                _spelled(name),
                value if value.isascii() else _decode(value.encode("latin1", "replace")),
            )
            for name, value in self.texts.items()
            if (name[:5] == "HTTP_" or (name in _UNPREFIXED and value))
            and of_process.get(name) != value
        ]

    @cached_property
    def query(self) -> str:
        """The query string as it came."""
        text = self.texts.get("QUERY_STRING", "")
        # PEP 3333: bytes that are written as they are come as Latin-1.
        is_raw = self.scope_headers is None and not text.isascii()
        return _decode(text.encode("latin1", "replace")) if is_raw else text

    @cached_property
    def username(self) -> str | None:
        """The name of the user, where the project has loaded one."""
        return next((name for name in map(_user_name, self.user) if name is not None), None)

    @property
    def full_path(self) -> str:
        return self.path + self._tail

    @property
    def url(self) -> str:
        # The path is decoded: as it stands, a "?" in it would begin the query.
        return f"{self.scheme}://{self.host}{escape_uri_path(self.path)}{self._tail}"

    @property
    def _tail(self) -> str:
        return "?" + _redaction.redact_query(self.query) if self.query else ""


_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its count is that of the headers."""
    note: Note | None = recorded.notes.get(Stage.CLIENT)
    if note is None:
        return Summed()
    protocol = note.texts.get("SERVER_PROTOCOL", "")
    facts: dict[str, Json] = {
        "method": note.method,
        "url": cut(note.url),
        "path": cut(note.path),
        "http_version": protocol if note.version is None else f"HTTP/{note.version}",
        **_address_facts(note, recorded.notes.get(Stage.GATEWAY)),
        "headers": [[name, redact_header(name, value)] for name, value in note.headers],
        "query": _bodies.pairs(parse_qsl(note.query, keep_blank_values=True)),
        **_bodies.facts_of(
            note.body,
            note.method,
            note.texts.get("CONTENT_TYPE", ""),
            note.texts.get("CONTENT_LENGTH", ""),
        ),
    }
    problem = _bodies.problem(recorded.events)
    if problem is not None:
        facts["body_problem"] = problem
    # A cookie is a credential unless proven otherwise: its name tells enough.
    cookies = [[cut(name), _redaction.HIDDEN] for name in _cookie_names(note.headers)]
    if cookies:
        facts["cookies"] = cookies
    if note.session_keys is not None:
        facts["session_keys"] = note.session_keys
        facts["session_changed"] = note.session_changed is True
    if note.username is not None:
        facts["user"] = note.username
    elif any(map(_is_anonymous, note.user)):
        facts["is_anonymous"] = True
    return Summed(count=len(note.headers), facts=facts)


def redact_header(name: str, value: str) -> Json:
    """Return a header's value without its secrets, be it a secret itself or an address with one."""
    if _is_address(name):
        value = _redaction.redact_url(value)
    return _redaction.redact(name, cut(value))


def request_facts(note: Note) -> Facts:
    """Return `Cycle.request`: what names the cycle in a list."""
    return {
        "method": note.method,
        "path": cut(note.path),
        "host": cut(note.host, 255),
        "full_path": cut(note.full_path),
        "user": note.username,
    }


@lru_cache(maxsize=500)
def _is_address(name: str) -> bool:
    return name.lower() in _ADDRESSES or name.lower().endswith(("-url", "-uri"))


def _decode(value: bytes) -> str:
    # Headers are bytes; most that are not ASCII are UTF-8 today, and Latin-1 by the old standard.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin1")


@lru_cache(maxsize=500)
def _spelled(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title()


@cache
def _environment() -> Mapping[str, str]:
    # wsgiref lays the environment of the process, as it was when that was imported, below the
    # request's: HTTP_PROXY is no header of a client.
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("HTTP_") or name in _UNPREFIXED
    }


def _address_facts(note: Note, gateway: Any) -> dict[str, Json]:
    address = note.texts.get("REMOTE_ADDR", "")
    connected = getattr(gateway, "peer", None) or address
    port = str(note.port or "")
    shown = f"{connected} port {port}" if connected and port not in ("", "0") else connected
    facts: dict[str, Json] = {
        "address": cut(shown if connected == address else address),
        "forwarded": [
            [name, redact_header(name, value)] for name, value in note.headers if name in _FORWARDED
        ],
    }
    if connected != address:  # a middleware has put the client's in the place of the proxy's
        facts["connected_from"] = cut(shown)
    chain = _chain(note.headers)
    if chain:
        facts["chain"] = [*chain[:_MOST_HOPS], cut(connected or "a socket without address")]
    return facts


def _chain(headers: list[tuple[str, str]]) -> list[str]:
    """Return the addresses that proxies name, the client's first; a client can make them up."""
    # Lines of one header are one list, in their order (RFC 9110, 5.3).
    given: dict[str, str] = {}
    for name, value in headers:
        if name in _FORWARDED:
            given[name] = f"{given[name]},{value}" if name in given else value
    if "X-Forwarded-For" in given:
        named = given["X-Forwarded-For"].split(",")
    elif "Forwarded" in given:
        named = _FOR.findall(given["Forwarded"])
    else:
        named = [given[name] for name in _ONE_CLIENT if name in given][:1]
    return [cut(one.strip().strip('"'), 200) for one in named if one.strip()]


def _cookie_names(headers: list[tuple[str, str]]) -> list[str]:
    # As django.http.cookie.parse_cookie() splits, but with each of several cookies of one name.
    parts = (part for name, value in headers if name == "Cookie" for part in value.split(";"))
    return [part.partition("=")[0].strip() for part in parts if "=" in part]


def _session_keys(session: dict[str, Any]) -> list[str] | None:
    # SessionBase keeps what it has loaded in `_session_cache`; asking the session would load it.
    loaded = session.get("_session_cache")
    return [str(to_json(key)) for key in loaded] if type(loaded) is dict else None


def _user_name(user: Any) -> str | None:
    # The username field's stored value: neither __str__ nor get_username(), which may be anything.
    # A lazy user has no such field: whoever has woken it has put it into `_cached_user`.
    field = getattr(type(user), "USERNAME_FIELD", None)
    value = getattr(user, "__dict__", {}).get(field) if isinstance(field, str) else None
    return None if value is None else cut(str(to_json(value)), 150)


def _is_anonymous(user: Any) -> bool:
    kind = type(user)
    return kind.__name__ == "AnonymousUser" and kind.__module__ == "django.contrib.auth.models"
