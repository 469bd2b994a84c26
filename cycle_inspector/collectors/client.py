"""Stage 1, the client: what was sent, and what of it the project has read.

Taken when the cycle closes and only from what the request object has already worked out: a body that
nobody read stays unread (reading `request.POST` early breaks views that set upload handlers), a
session or user that nobody loaded stays unloaded.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorded, Summed
from cycle_inspector.records import Facts, Json, Stage

# A JSON body longer than this is not parsed for show.
_LONGEST_JSON = 100_000

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip")


class Note:
    """References to what the request holds; nothing is copied that cannot change."""

    __slots__ = (
        "body",
        "cookies",
        "files",
        "form",
        "headers",
        "host",
        "is_read",
        "meta",
        "method",
        "path",
        "scheme",
        "session_keys",
        "user",
    )

    def __init__(self, request: Any) -> None:
        own = request.__dict__
        meta = request.META
        # Under wsgiref META holds the whole process environment: take what the request brought.
        self.meta = {
            name: value
            for name, value in meta.items()
            if type(value) is str
            and (name in _META or name.startswith("HTTP_"))
        }
        self.headers = _headers(request)
        self.method = request.method or ""
        self.scheme = request.scheme
        self.host = self.meta.get("HTTP_HOST") or self.meta.get("SERVER_NAME", "")
        self.path = request.path
        self.cookies = dict(own["COOKIES"]) if "COOKIES" in own else None
        self.is_read = bool(own.get("_read_started")) or "_body" in own or "_post" in own
        self.form = own.get("_post")
        self.files = [
            (name, one.name, one.content_type, one.size)
            for name, uploaded in (own["_files"].lists() if own.get("_files") else ())
            for one in uploaded
        ]
        self.body = own.get("_body") if "json" in self.meta.get("CONTENT_TYPE", "") else None
        self.session_keys = _session_keys(own.get("session"))
        self.user = _user_label(own.get("_cached_user") or own.get("_acached_user"))

    @property
    def full_path(self) -> str:
        query = self.meta.get("QUERY_STRING", "")
        return self.path + ("?" + _redaction.redact_query(query) if query else "")


_META = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "QUERY_STRING",
        "REMOTE_ADDR",
        "REMOTE_PORT",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
    }
)


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its count is that of the headers."""
    note: Note | None = recorded.notes.get(Stage.CLIENT)
    if note is None:
        return Summed()
    facts: dict[str, Json] = {
        "method": note.method,
        "url": cut(f"{note.scheme}://{note.host}{note.full_path}"),
        "path": cut(note.path),
        "http_version": note.meta.get("SERVER_PROTOCOL", ""),
        "address": _address(note.meta),
        "headers": [
            [name, _redaction.redact(name, _header_value(name, value))]
            for name, value in note.headers
        ],
        "forwarded": [
            f"{name}: {cut(value)}" for name, value in note.headers if name in _FORWARDED
        ],
        "query": _pairs(_query(note.meta.get("QUERY_STRING", ""))),
        **_body_facts(note),
    }
    if note.cookies is not None:
        # A cookie is a credential unless proven otherwise: its name tells enough.
        facts["cookies"] = [[cut(name), _redaction.HIDDEN] for name in note.cookies]
    if note.session_keys is not None:
        facts["session_keys"] = note.session_keys
    if note.user is not None:
        facts["user"] = note.user
    return Summed(count=len(note.headers), facts=facts)


def request_facts(note: Note) -> Facts:
    """Return `Cycle.request`: what names the cycle in a list."""
    return {
        "method": note.method,
        "path": cut(note.path),
        "host": cut(note.host, 255),
        "full_path": cut(note.full_path),
        "user": note.user,
    }


def _headers(request: Any) -> list[tuple[str, str]]:
    # A scope has the headers in the order they came; an environ keeps them in the order the server
    # put them in, which is that order for wsgiref, gunicorn and uWSGI.
    scope = getattr(request, "scope", None)
    if scope is not None:
        return [
            (name.decode("latin1").title(), value.decode("latin1"))
            for name, value in scope.get("headers", ())
        ]
    return [
        (name.removeprefix("HTTP_").replace("_", "-").title(), value)
        for name, value in request.META.items()
        if type(value) is str
        and (name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value))
    ]


def _header_value(name: str, value: str) -> str:
    return _redaction.redact_url(cut(value)) if name in ("Referer", "Origin") else cut(value)


def _address(meta: dict[str, str]) -> str:
    address, port = meta.get("REMOTE_ADDR", ""), meta.get("REMOTE_PORT", "")
    return f"{address} port {port}" if address and port and port != "0" else address


def _query(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


def _pairs(pairs: Any) -> list[list[Json]]:
    return [[cut(str(name)), _redaction.redact(str(name), to_json(value))] for name, value in pairs]


def _body_facts(note: Note) -> dict[str, Json]:
    length = note.meta.get("CONTENT_LENGTH", "")
    size = int(length) if length.isdigit() else 0
    facts: dict[str, Json] = {
        "body": "read" if note.is_read and size else "unread" if size else "none",
        "body_bytes": size,
    }
    if note.form:
        facts["form"] = _pairs(
            (name, value) for name, values in note.form.lists() for value in values
        )
    if note.files:
        facts["files"] = [
            {
                "name": cut(str(name)),
                "filename": cut(str(filename)),
                "content_type": str(content_type),
                "size_bytes": size,
            }
            for name, filename, content_type, size in note.files
        ]
    if type(note.body) is bytes and 0 < len(note.body) <= _LONGEST_JSON:
        try:
            facts["json"] = _redaction.redact("", to_json(json.loads(note.body)))
        except (ValueError, RecursionError) as error:
            facts["json"] = f"not valid JSON: {error}"
    return facts


def _session_keys(session: Any) -> list[str] | None:
    # SessionBase keeps what it has loaded in `_session_cache`; asking the session would load it.
    loaded = getattr(session, "__dict__", {}).get("_session_cache")
    return [str(to_json(key)) for key in loaded] if type(loaded) is dict else None


def _user_label(user: Any) -> str | None:
    # The username field's stored value: neither __str__ nor get_username(), which may be anything.
    field = getattr(type(user), "USERNAME_FIELD", None)
    value = getattr(user, "__dict__", {}).get(field) if isinstance(field, str) else None
    return None if value is None else cut(str(to_json(value)), 150)
