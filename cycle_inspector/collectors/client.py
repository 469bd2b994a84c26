"""Stage 1, the client: what was sent, and what of it the project has read.

Taken when the cycle closes and only from what the request object has already worked out: a body
that nobody read stays unread (reading `request.POST` early breaks views that set upload handlers),
a session or user that nobody loaded stays unloaded.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qsl

from django.utils.datastructures import MultiValueDict

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import cut, to_json
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
        "http_version",
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
            name: str(value)
            for name, value in meta.items()
            if name in _META and type(value) in (str, int)
        }
        self.headers = _headers(request)
        self.method = request.method or ""
        self.scheme = request.scheme
        self.host = str(meta.get("HTTP_HOST") or meta.get("SERVER_NAME", ""))
        scope = getattr(request, "scope", None)
        self.http_version = (
            str(meta.get("SERVER_PROTOCOL", ""))
            if scope is None
            else f"HTTP/{scope.get('http_version', '')}"
        )
        self.path: str = request.path
        self.cookies = dict(own["COOKIES"]) if "COOKIES" in own else None
        self.is_read = bool(own.get("_read_started")) or "_body" in own or "_post" in own
        self.form = _lists(own.get("_post"))
        self.files = [
            (name, *(getattr(one, attribute, None) for attribute in _OF_A_FILE))
            for name, uploaded in _lists(own.get("_files"))
            for one in uploaded
        ]
        self.body = own.get("_body") if "json" in self.meta.get("CONTENT_TYPE", "") else None
        self.session_keys = _session_keys(own.get("session"))
        self.user = _user_label(own.get("_cached_user", own.get("_acached_user")))

    @property
    def full_path(self) -> str:
        query = self.meta.get("QUERY_STRING", "")
        return self.path + ("?" + _redaction.redact_query(query) if query else "")


_ADDRESSES = frozenset({"referer", "origin", "location", "content-location", "refresh", "link"})
_OF_A_FILE = ("name", "content_type", "size")

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
        "http_version": note.http_version,
        "address": _address(note.meta),
        "headers": [[name, redact_header(name, value)] for name, value in note.headers],
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


def redact_header(name: str, value: str) -> Json:
    """Return a header's value without its secrets, be it a secret itself or an address with one."""
    if name.lower() in _ADDRESSES or name.lower().endswith(("-url", "-uri")):
        value = _redaction.redact_url(value)
    return _redaction.redact(name, cut(value))


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
        and not _is_of_process(name, value)
    ]


def _is_of_process(name: str, value: str) -> bool:
    # wsgiref lays the process environment below the request's: HTTP_PROXY is no header of a client.
    return os.environ.get(name) == value


def _address(meta: dict[str, str]) -> str:
    address, port = meta.get("REMOTE_ADDR", ""), meta.get("REMOTE_PORT", "")
    return f"{address} port {port}" if address and port and port != "0" else address


def _query(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


def _pairs(pairs: Any) -> list[list[Json]]:
    texts = ((str(to_json(name)), value) for name, value in pairs)
    return [[name, _redaction.redact(name, to_json(value))] for name, value in texts]


def _body_facts(note: Note) -> dict[str, Json]:
    length = note.meta.get("CONTENT_LENGTH", "")
    size = int(length) if length.isdigit() else 0
    facts: dict[str, Json] = {
        "body": "read" if note.is_read and size else "unread" if size else "none",
        "body_bytes": size,
    }
    if note.form:
        facts["form"] = _pairs((name, value) for name, values in note.form for value in values)
    if note.files:
        facts["files"] = [
            {
                "name": to_json(name),
                "filename": to_json(filename),
                "content_type": to_json(content_type),
                "size_bytes": to_json(file_size),
            }
            for name, filename, content_type, file_size in note.files
        ]
    if type(note.body) is bytes and 0 < len(note.body) <= _LONGEST_JSON:
        try:
            facts["json"] = _redaction.redact("", to_json(json.loads(note.body)))
        except (ValueError, RecursionError) as error:
            facts["json"] = f"not valid JSON: {error}"
    return facts


def _lists(values: Any) -> list[tuple[Any, list[Any]]]:
    # What Django puts there is a MultiValueDict; a project may set request.POST to any object.
    if not issubclass(type(values), MultiValueDict):
        return []
    return [(name, list(listed)) for name, listed in dict.items(values) if type(listed) is list]


def _session_keys(session: Any) -> list[str] | None:
    # SessionBase keeps what it has loaded in `_session_cache`; asking the session would load it.
    loaded = getattr(session, "__dict__", {}).get("_session_cache")
    return [str(to_json(key)) for key in loaded] if type(loaded) is dict else None


def _user_label(user: Any) -> str | None:
    # The username field's stored value: neither __str__ nor get_username(), which may be anything.
    field = getattr(type(user), "USERNAME_FIELD", None)
    value = getattr(user, "__dict__", {}).get(field) if isinstance(field, str) else None
    return None if value is None else cut(str(to_json(value)), 150)
