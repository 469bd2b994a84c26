"""The body of a request, as far as the project has read it: fields, files, JSON or text.

What is taken from the request is what it has worked out already; what it says is made of that
after the cycle.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile
from django.core.handlers.wsgi import LimitedStream
from django.utils.datastructures import MultiValueDict

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import LONGEST_TEXT, cut, to_json
from cycle_inspector.records import HIDDEN, Event, Json

# A body longer than this is not kept for show; of a text, the beginning is.
_LONGEST = 100_000
_EXCERPT = 4 * LONGEST_TEXT
_MOST_NAMES = 500  # of fields

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = re.compile(r"(?:application|text)/(?:x-)?json$|[^/]+/[^/]+\+json$")
_TEXT = re.compile(
    r"text/|[^/]+/[^/]+\+(?:xml|yaml)$"
    r"|application/(?:x-)?(?:xml|yaml|graphql|javascript|ndjson|jsonl|json-seq|json-lines|sql)$"
)
_HOLDERS = ((InMemoryUploadedFile, "memory"), (TemporaryUploadedFile, "a temporary file"))

# What names a value in a text, a tag or a word before a colon or an equals sign; and the value.
# Long words are no names: without a bound, each would be looked through once for each letter.
_NAME = re.compile(
    r"<(?P<tag>[\w:.-]{1,64})(?=[\s/>])[^<>]*>"
    r"|(?<![\w.-])(?P<word>[\w.-]{1,64})[\"']?\s*[:=]\s*"
)
_CONTENT = re.compile(r"[^<]+")
_VALUE = re.compile(
    r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z)"
    r"|[\[{][^\]}]*|(?:(?i:bearer|basic|token)\s+)?[^\s\"'&,;<>]+",
    re.S,
)

# Exceptions that say why a body could not be read.
_PROBLEMS = frozenset(
    {
        "django.core.exceptions.RequestDataTooBig",
        "django.core.exceptions.TooManyFieldsSent",
        "django.core.exceptions.TooManyFilesSent",
        "django.http.multipartparser.MultiPartParserError",
        "django.http.request.RawPostDataException",
        "django.http.request.UnreadablePostError",
    }
)


class Body:
    """References to what a request holds of its body; nothing is read for it."""

    __slots__ = ("came_bytes", "content", "files", "form", "is_read", "parsed", "read_bytes")

    def __init__(self, own: dict[str, Any], answer: Any) -> None:
        content = own.get("_body")
        self.is_read = bool(own.get("_read_started")) or content is not None
        self.form = _fields_of(own.get("_post"))
        self.files = _fields_of(own.get("_files"))
        self.parsed = _parsed(answer)
        self.content: bytes | None = None
        self.came_bytes: int | None
        self.read_bytes: int | None
        if type(content) is bytes:
            self.content = content if len(content) <= _LONGEST else content[:_EXCERPT]
            self.came_bytes = self.read_bytes = len(content)
        else:
            self.came_bytes, self.read_bytes = _sizes(own.get("_stream"))


def _fields_of(given: Any) -> dict[Any, Any] | None:
    # What Django puts there is a MultiValueDict; a project may set request.POST to any object.
    return given if issubclass(type(given), MultiValueDict) else None


def facts_of(body: Body, method: str, content_type: str, announced: str) -> dict[str, Json]:
    """Return what is known of a body with the headers Content-Type and Content-Length."""
    kind = content_type.partition(";")[0].strip().lower()
    size = body.came_bytes
    if size is None:
        size = body.read_bytes if not announced and body.read_bytes else _number(announced)
    state = "none"
    if size:
        is_partial = body.is_read and body.read_bytes is not None and body.read_bytes < size
        state = "read in part" if is_partial else "read" if body.is_read else "unread"
    facts: dict[str, Json] = {"body": state, "body_bytes": size}
    if state == "read in part":
        facts["body_read_bytes"] = body.read_bytes
    notes: list[str] = []
    facts |= _fields(body, method, kind, notes) | _files(body)
    if body.content:
        facts |= _content(body, kind, content_type, notes)
    elif _JSON.match(kind) and body.parsed is not None:
        facts["json"] = _redaction.redact("", to_json(body.parsed))
    notes += [*_notes_on_length(announced, body), *_notes_on_form(body, method, kind)]
    return {**facts, "body_notes": notes} if notes else facts


def problem(events: Iterable[Event]) -> str | None:
    """Return why the body could not be read, if an exception has said so."""
    found = next((one for one in events if one.name in _PROBLEMS), None)
    if found is None:
        return None
    message = found.attributes.get("message")
    name = found.name.rpartition(".")[2]
    return f"{name}: {message}" if message else name


def pairs(given: Iterable[tuple[Any, Any]]) -> list[list[Json]]:
    """Return fields by name, without their secrets; of several values of one name, a list."""
    found: dict[str, list[Any]] = {}
    for name, value in given:
        found.setdefault(str(to_json(name)), []).append(value)
    shown = [
        [name, _redaction.redact(name, to_json(values[0] if len(values) == 1 else values))]
        for name, values in list(found.items())[:_MOST_NAMES]
    ]
    more = len(found) - len(shown)
    return [*shown, ["…", f"{more} more"]] if more > 0 else shown


def redact_text(text: str) -> str:
    """Return a text without the values that stand beside the name of a secret."""
    kept: list[str] = []
    done = at = 0
    while found := _NAME.search(text, at):
        at = found.end()  # not behind the value: others may be named within it
        if _redaction.is_secret(found["tag"] or found["word"]):
            value = (_CONTENT if found["tag"] else _VALUE).match(text, at)
            if value is not None and value[0].strip():
                kept += [text[done:at], HIDDEN]
                done = at = value.end()
    return "".join([*kept, text[done:]])


def _parsed(answer: Any) -> Any:
    # Django REST framework reads the stream itself and hands what it made of it to the view; its
    # response leads there (rest_framework/views.py, APIView.finalize_response).
    context = getattr(answer, "__dict__", {}).get("renderer_context")
    if type(context) is not dict:
        return None
    parsed = getattr(context.get("request"), "__dict__", {}).get("_full_data")
    return None if type(parsed) is type else parsed  # the class `Empty`: not parsed


def _sizes(stream: Any) -> tuple[int | None, int | None]:
    """Return how long the body is, if all of it is here, and how much of it has been read."""
    if type(stream) is LimitedStream:
        return None, vars(stream).get("_pos")
    # ASGIHandler.read_body() has taken the whole body from the server. tell() of a closed file
    # raises, and a file on the disk would have to be asked.
    if type(stream) is not tempfile.SpooledTemporaryFile or stream.closed:
        return None, None
    held: Any = vars(stream).get("_file")
    if vars(stream).get("_rolled") or not hasattr(held, "getbuffer"):
        return None, stream.tell()
    with held.getbuffer() as view:
        return view.nbytes, held.tell()


def _number(text: str) -> int:
    try:
        return max(int(text), 0)
    except ValueError:  # as in django.core.handlers.wsgi.WSGIRequest.__init__()
        return 0


def _fields(body: Body, method: str, kind: str, notes: list[str]) -> dict[str, Json]:
    if body.form is not None and dict.__len__(body.form):
        return {"form": pairs(_each(body.form))}
    if kind == _FORM and body.content and len(body.content) == body.read_bytes:
        fields = parse_qsl(body.content.decode(errors="replace"), keep_blank_values=True)
        if fields and method != "POST":
            notes.append(
                f"The form is not in request.POST, which Django fills for POST, not {method}."
            )
        return {"form": pairs(fields)} if fields else {}
    return {}


def _each(values: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
    for name, listed in list(dict.items(values)):
        if type(listed) is list:
            yield from ((name, one) for one in listed)


def _files(body: Body) -> dict[str, Json]:
    if body.files is None or not dict.__len__(body.files):
        return {}
    return {
        "files": [_file(name, getattr(one, "__dict__", {}), one) for name, one in _each(body.files)]
    }


def _file(name: Any, own: dict[str, Any], uploaded: Any) -> dict[str, Json]:
    # As django.core.files.uploadedfile.UploadedFile keeps them: an attribute of a class of the
    # project's may be a property.
    held = next((place for kind, place in _HOLDERS if issubclass(type(uploaded), kind)), None)
    return {
        "name": to_json(name),
        "filename": to_json(own.get("_name", own.get("name"))),
        "content_type": to_json(own.get("content_type")),
        "size_bytes": to_json(own.get("size")),
        **({"held_in": held} if held else {}),
    }


def _content(body: Body, kind: str, content_type: str, notes: list[str]) -> dict[str, Json]:
    content = body.content or b""
    is_whole = len(content) == body.read_bytes
    if _JSON.match(kind):
        if not is_whole:
            notes.append(f"The JSON is not shown: it is longer than {_LONGEST} bytes.")
            return {}
        try:
            return {
                "json": _redaction.redact("", to_json(json.loads(_decoded(content, content_type))))
            }
        except (ValueError, RecursionError) as error:
            return {"json_error": cut(str(error), 300), **_as_text(content, content_type)}
    if _TEXT.match(kind):
        return _as_text(content, content_type, "" if is_whole else " …")
    return {}


def _as_text(content: bytes, content_type: str, end: str = "") -> dict[str, Json]:
    decoded = _decoded(content, content_type)
    text = decoded if type(decoded) is str else content.decode(errors="replace")
    return {"text": cut(redact_text(text) + end)}


def _decoded(content: bytes, content_type: str) -> str | bytes:
    """Return a body as its charset says; as it is, where it names none that is known."""
    found = re.search(r"charset\s*=\s*\"?([\w.:-]+)", content_type, re.I)
    # Of UTF-8 json.loads() knows more, a mark at its beginning for one.
    if found is None or found[1].lower() in ("utf-8", "utf8"):
        return content
    try:
        return content.decode(found[1])
    except (LookupError, UnicodeError):
        return content


def _notes_on_length(announced: str, body: Body) -> list[str]:
    if announced and not announced.strip().isdigit():
        return [f"Content-Length is {cut(announced, 50)!r}, which is no number."]
    came = body.came_bytes
    if announced and came is not None and came != _number(announced):
        return [f"Content-Length says {_number(announced)} bytes, but {came} came."]
    return []


def _notes_on_form(body: Body, method: str, kind: str) -> list[str]:
    # HttpRequest._load_post_and_files() gives up where the stream has been read before; a form
    # that it does read is in `_body` afterwards.
    is_empty = body.form is not None and not dict.__len__(body.form)
    if kind == _FORM and method == "POST" and is_empty and body.is_read and body.content is None:
        return ["The stream was read before request.POST was asked for, which is empty for that."]
    return []
