"""A cycle as an HTTP Archive (HAR 1.2), to be imported into a browser's network tools.

It is the server's view: the times are those on the server, and bodies are there only as far as the
record has them. In the place of a secret stands a placeholder; a `comment` says what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from cycle_inspector import __version__
from cycle_inspector.exporters._sent import PLACEHOLDER, Sent, what_was_sent
from cycle_inspector.exporters.json_document import milliseconds
from cycle_inspector.records import HIDDEN, Cycle, Stage

_UNKNOWN = -1  # what HAR says where something does not apply, or is not known
_NO_URL = "about:blank"


def export(cycle: Cycle) -> dict[str, Any]:
    """Return the archive; of a block it has no entry."""
    sent = what_was_sent(cycle)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Cycle Inspector", "version": __version__},
            "pages": [_page(cycle)],
            "entries": [] if sent is None else [_entry(cycle, sent)],
            "comment": "As the server saw it. Times of the network are not known.",
        }
    }


def _page(cycle: Cycle) -> dict[str, Any]:
    facts = cycle.stage(Stage.BROWSER).facts
    return {
        "id": cycle.id,
        "startedDateTime": cycle.started_at.isoformat(),
        "title": " ".join(
            str(cycle.request[key]) for key in ("method", "path") if cycle.request.get(key)
        ),
        "pageTimings": {
            "onContentLoad": _browser_time(facts.get("dom_content_loaded_ns")),
            "onLoad": _browser_time(facts.get("load_ns")),
        },
    }


def _browser_time(value: Any) -> float:
    return milliseconds(value) if isinstance(value, int) else _UNKNOWN


def _entry(cycle: Cycle, sent: Sent) -> dict[str, Any]:
    facts = cycle.stage(Stage.RESPONSE).facts
    first = facts.get("first_byte_ns")
    wait = first if isinstance(first, int) else cycle.duration_ns
    last = facts.get("last_byte_ns")
    receive = max(last - wait, 0) if isinstance(last, int) else 0
    return {
        "pageref": cycle.id,
        "startedDateTime": cycle.started_at.isoformat(),
        "time": milliseconds(wait) + milliseconds(receive),
        "request": _request(cycle, sent),
        "response": _response(cycle),
        "cache": {},
        "timings": {
            "blocked": _UNKNOWN,
            "dns": _UNKNOWN,
            "connect": _UNKNOWN,
            "ssl": _UNKNOWN,
            "send": 0,
            "wait": milliseconds(wait),
            "receive": milliseconds(receive),
        },
        "comment": " ".join(_comments(cycle, sent)),
        # Of our own, as the underscore says: HAR has no place for it.
        "_cycle": {
            "id": cycle.id,
            "query_count": len(cycle.statements),
            "findings": [one.title for one in cycle.findings],
            "stages": {
                one.stage.value: milliseconds(one.duration_ns)
                for one in cycle.stages
                if one.duration_ns
            },
        },
    }


def _comments(cycle: Cycle, sent: Sent) -> Iterator[str]:
    if sent.hidden:
        yield f"Hidden: {', '.join(sent.hidden)}."
    yield from sent.lacks
    yield "What the response held is not kept."
    if cycle.stage(Stage.RESPONSE).facts.get("missing"):
        yield str(cycle.stage(Stage.RESPONSE).facts["missing"])


def _request(cycle: Cycle, sent: Sent) -> dict[str, Any]:
    facts = cycle.stage(Stage.CLIENT).facts
    request: dict[str, Any] = {
        "method": sent.method,
        "url": sent.url or _NO_URL,
        "httpVersion": str(facts.get("http_version") or ""),
        "cookies": [{"name": name, "value": PLACEHOLDER} for name in sent.cookies],
        "headers": [_named(name, value) for name, value in sent.headers],
        "queryString": [
            _named(str(name), one)
            for name, value in facts.get("query") or ()
            for one in (value if isinstance(value, list) else [value])
        ],
        "headersSize": _UNKNOWN,
        "bodySize": _size(facts.get("body_bytes")),
    }
    if sent.cookies:
        line = "; ".join(f"{name}={PLACEHOLDER}" for name in sent.cookies)
        request["headers"].append(_named("Cookie", line))
    body = _body(sent)
    if body is not None:
        request["postData"] = body
    return request


def _body(sent: Sent) -> dict[str, Any] | None:
    if not (sent.form or sent.files or sent.has_json or sent.text is not None):
        return None
    # `text` and `params` exclude each other; readers want both keys all the same.
    params: list[dict[str, Any]] = [
        _named(name, one)
        for name, value in sent.form
        for one in (value if isinstance(value, list) else [value])
    ]
    params += [
        {
            "name": str(one.get("name")),
            "fileName": str(one.get("filename") or ""),
            "contentType": str(one.get("content_type") or ""),
        }
        for one in sent.files
    ]
    text = sent.text or ""
    if sent.has_json:
        text = json.dumps(sent.json, ensure_ascii=False)
    elif sent.form and not sent.is_multipart:
        text = urlencode([(one["name"], one["value"]) for one in params])
    return {"mimeType": sent.content_type, "params": params, "text": text}


def _response(cycle: Cycle) -> dict[str, Any]:
    facts = cycle.stage(Stage.RESPONSE).facts
    headers = [(str(name), str(value)) for name, value in facts.get("headers") or ()]
    told = cycle.response
    size = _size(told.get("size_bytes"))
    location = next((value for name, value in headers if name.lower() == "location"), "")
    return {
        "status": told.get("status") or 0,
        "statusText": str(told.get("reason") or ""),
        "httpVersion": str(cycle.stage(Stage.CLIENT).facts.get("http_version") or ""),
        "cookies": [_cookie(one) for one in facts.get("cookies") or ()],
        "headers": [_named(name, value) for name, value in headers],
        "content": {
            "size": max(size, 0),
            "mimeType": str(told.get("content_type") or "x-unknown"),
            "comment": "Not kept.",
        },
        "redirectURL": location,
        "headersSize": _UNKNOWN,
        "bodySize": size,
    }


def _cookie(told: Any) -> dict[str, Any]:
    flags = dict(str(one).partition("=")[::2] for one in told.get("flags") or ())
    cookie: dict[str, Any] = {
        "name": str(told.get("name")),
        "value": PLACEHOLDER,
        "httpOnly": "HttpOnly" in flags,
        "secure": "Secure" in flags,
    }
    for flag, key in (("Path", "path"), ("Domain", "domain"), ("SameSite", "sameSite")):
        if flag in flags:
            cookie[key] = flags[flag]
    return cookie


def _named(name: str, value: Any) -> dict[str, str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return {"name": name, "value": text.replace(HIDDEN, PLACEHOLDER)}


def _size(value: Any) -> int:
    return value if isinstance(value, int) else _UNKNOWN
