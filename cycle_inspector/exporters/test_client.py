"""The request of a cycle as a Django test that sends it again with `self.client`.

Captured text stands in it as literals only, and in comments on one line each.
"""

from __future__ import annotations

import json
import pprint
import re
import textwrap
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from cycle_inspector.exporters._sent import PLACEHOLDER, Sent, one_line, what_was_sent
from cycle_inspector.records import Cycle, Stage

# What the test client has arguments for, makes itself, or what tells a browser from another.
_LEFT_OUT = frozenset(
    {
        *("host", "content-type", "content-length", "connection", "transfer-encoding"),
        *("user-agent", "accept-encoding", "cache-control", "pragma", "upgrade-insecure-requests"),
        *("dnt", "priority", "origin", "referer", "x-csrftoken", "keep-alive"),
    }
)
_BROWSERS_OWN = "sec-"
_OF_DJANGO = frozenset({"sessionid", "csrftoken", "messages"})

_WITHOUT_BODY = frozenset({"get", "head", "options", "trace"})
_WITH_BODY = frozenset({"post", "put", "patch", "delete"})
_FORM = "application/x-www-form-urlencoded"
_WIDTH = 88


def export(cycle: Cycle) -> str:
    """Return a module with one test."""
    sent = what_was_sent(cycle)
    if sent is None:
        return "# This cycle has no request: it is a block of code, or its client was not seen.\n"
    body = [*_comments(cycle, sent), *_before(sent), *_call(cycle, sent), *_after(cycle)]
    return "\n".join(
        [
            *_imports(sent),
            "",
            "",
            "class RepeatedRequestTests(TestCase):",
            f"    def test_{_name(sent)}(self):",
            *(f"        {line}" if line else "" for part in body for line in part.split("\n")),
            "",
        ]
    )


def _imports(sent: Sent) -> Iterator[str]:
    if sent.user is not None:
        yield "from django.contrib.auth import get_user_model"
    if sent.files:
        yield "from django.core.files.uploadedfile import SimpleUploadedFile"
    yield "from django.test import TestCase"


def _name(sent: Sent) -> str:
    words = re.findall(r"[a-z0-9]+", sent.path.partition("?")[0].lower())
    method = re.sub(r"[^a-z0-9]", "_", sent.method.lower())
    return "_".join([method, *words])[:60]


def _comments(cycle: Cycle, sent: Sent) -> Iterator[str]:
    if sent.hidden:
        told = ", ".join(one for one in sent.hidden if not one.startswith("the cookie "))
        if told:
            yield _comment(f"Put in what was hidden, where it says {PLACEHOLDER}: {told}.")
    cookies = [name for name in sent.cookies if name in _OF_DJANGO]
    if cookies:
        yield _comment(
            f"It had cookies which the test client has of its own: {', '.join(cookies)}."
        )
    keys = [one for one in sent.session_keys if not one.startswith("_auth_user_")]
    if keys:
        yield _comment(
            f"Its session had: {', '.join(keys)}. Put in what the view needs: "
            "session = self.client.session; session[...] = ...; session.save()."
        )
    yield from map(_comment, sent.lacks)
    raised = _raised(cycle)
    if raised is not None:
        yield _comment(f"It raised {raised}, which the test client raises again.")


def _before(sent: Sent) -> Iterator[str]:
    if sent.user is not None:
        yield _comment("Make this user as your project does.")
        yield f"user = get_user_model().objects.create_user({sent.user!r})"
        yield "self.client.force_login(user)"
    for name in sent.cookies:
        if name not in _OF_DJANGO:
            yield f"self.client.cookies[{name!r}] = {PLACEHOLDER!r}"


def _call(cycle: Cycle, sent: Sent) -> Iterator[str]:
    method = sent.method.lower()
    arguments = [repr(_path(cycle, sent))]
    body = list(_body(sent))
    if method not in _WITH_BODY and (body or method not in _WITHOUT_BODY):
        arguments.insert(0, repr(sent.method))
        method = "generic"
    arguments += body
    if sent.url.startswith("https:"):
        arguments.append("secure=True")
    headers = {
        name.lower(): one_line(value)
        for name, value in sent.headers
        if name.lower() not in _LEFT_OUT and not name.lower().startswith(_BROWSERS_OWN)
    }
    if headers:
        arguments.append(f"headers={_literal(headers)}")
    flat = f"response = self.client.{method}({', '.join(arguments)})"
    if len(flat) <= _WIDTH and "\n" not in flat:
        yield flat
        return
    yield f"response = self.client.{method}("
    for one in arguments:
        yield textwrap.indent(f"{one},", "    ") if "\n" in one else f"    {one},"
    yield ")"


def _path(cycle: Cycle, sent: Sent) -> str:
    path, mark, query = sent.path.partition("?")
    prefix = str(cycle.stage(Stage.GATEWAY).facts.get("script_name") or "").rstrip("/")
    return f"{path.removeprefix(prefix) or '/'}{mark}{query}"


def _body(sent: Sent) -> Iterator[str]:
    if sent.has_json:
        # These write what is a list or an object as JSON; of other values they want the text.
        is_written = isinstance(sent.json, dict | list) and sent.method.lower() in _WITH_BODY
        yield f"data={_literal(sent.json if is_written else json.dumps(sent.json))}"
        yield f"content_type={sent.content_type or 'application/json'!r}"
    elif sent.text is not None:
        yield f"data={_literal(sent.text)}"
        yield f"content_type={sent.content_type or 'text/plain'!r}"
    elif (sent.form or sent.files) and sent.method == "POST":
        # As multipart, whichever way it came: a view finds the same in request.POST.
        yield f"data={_literal(_fields(sent))}"
    elif sent.form:
        yield f"data={_literal(urlencode(list(_each(sent))))}"
        yield f"content_type={_FORM!r}"


def _fields(sent: Sent) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _field(value) for name, value in sent.form}
    files: dict[str, list[Any]] = {}
    for one in sent.files:
        files.setdefault(str(one.get("name")), []).append(_File(one))
    return fields | {name: many if len(many) > 1 else many[0] for name, many in files.items()}


def _field(value: Any) -> Any:
    if isinstance(value, list):
        return [_field(one) for one in value]
    return value if isinstance(value, str) else json.dumps(value)


def _each(sent: Sent) -> Iterator[tuple[str, str]]:
    for name, value in sent.form:
        for one in value if isinstance(value, list) else [value]:
            yield name, _field(one)


class _File:
    """A file whose content is not known, as pprint writes it."""

    def __init__(self, told: Any) -> None:
        self._told = told

    def __repr__(self) -> str:
        name = str(self._told.get("filename") or "file")
        kind = str(self._told.get("content_type") or "application/octet-stream")
        return f"SimpleUploadedFile({name!r}, b'', content_type={kind!r})"


def _after(cycle: Cycle) -> Iterator[str]:
    status = cycle.response.get("status")
    if isinstance(status, int) and _raised(cycle) is None:
        yield ""
        yield f"self.assertEqual(response.status_code, {status})"


def _raised(cycle: Cycle) -> str | None:
    """Return the exception that Django answered with an error page; the client raises it."""
    if (cycle.response.get("status") or 500) < 500:
        return None
    return next((one.name for one in cycle.events if one.kind == "exception"), None)


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=_WIDTH - 16, sort_dicts=False)


def _comment(text: str) -> str:
    lines = textwrap.wrap(one_line(text), _WIDTH - 10, break_long_words=False)
    return "\n".join(f"# {line}" for line in lines)
