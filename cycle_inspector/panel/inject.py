"""Put the panel's one script element into a page, and the cycle's id into its headers.

Buffered HTML gets the element from the outermost middleware, so that the page's own ETag, 304 and
caches stay clean; streamed HTML gets it from the innermost one, so that a compressing middleware
still compresses it (see `cycle_inspector.panel.streams`). The element is the same in each page: the
id travels in `Server-Timing`.

The page is otherwise left as it is, byte for byte. Where the element cannot go in, or the page's
Content-Security-Policy would not let it load, the reason is kept on the cycle.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.html import escape

from cycle_inspector.panel import policy, streams
from cycle_inspector.panel.streams import Ending
from cycle_inspector.panel.views import PREFIX

_TYPES = ("text/html", "application/xhtml+xml")

# Charsets that write "</body>" as ASCII does, but in which the same bytes may mean something else.
_SHIFTING = re.compile(r"utf-?7|iso-?2022|hz", re.I)

_BODY_END = re.compile(rb"</body\s*>", re.I)

# Where a "</body>" is text: from such a start to the next end of its kind, or within a tag.
_TEXT = re.compile(
    # What is never closed goes on to the end: else each such start would be searched for in vain.
    rb"<!--.*?(?:-->|\Z)"
    rb"|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    rb"|<(script|style|textarea|title)\b.*?(?:</\1\s*>|\Z)"
    rb"|<[a-z](?:[^>\"']|\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))*+(?:>|\Z)",
    re.I | re.S,
)


def fits(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether `response` is a page, buffered or streamed, that would get the element."""
    return _why_not(request, response) is None


def put_into_stream(response: Any, request: HttpRequest, nonce: str) -> Ending:
    """Put the element into a stream into which it `fits`; return what will have been added."""
    tag = script_tag(request, nonce)
    ending = Ending(tag, _end_of_body)
    add = streams.achunks if response.is_async else streams.chunks
    response.streaming_content = add(response.streaming_content, ending)
    # A length that was announced is that of the page alone.
    announced = response.headers.get("Content-Length", "")
    if announced.isdigit():
        ending.announced = announced
        response.headers["Content-Length"] = str(int(announced) + len(tag))
    return ending


def add_headers(response: HttpResponseBase, request: HttpRequest, cycle_id: str) -> None:
    """Name the cycle in the headers, beside what the page itself sent."""
    root = str(request.META.get("SCRIPT_NAME") or "").rstrip("/")
    response.headers["Cycle-Id"] = cycle_id
    response.headers["Cycle-Url"] = quote(f"{root}{PREFIX}{cycle_id}/")
    entry = f'cycle;desc="{cycle_id}"'
    sent = response.headers.get("Server-Timing")
    response.headers["Server-Timing"] = f"{sent}, {entry}" if sent else entry


def put_into_page(response: Any, request: HttpRequest, nonce: str) -> str:
    """Put the element into a buffered response; return "shown", or why it is not there."""
    reason = _why_not(request, response) or policy.why_blocked(request, response, nonce)
    if reason is not None:
        return reason
    if response.streaming:
        return "The stream did not come from the view, but from a middleware."
    body: bytes = response.content
    is_gzip = _encoding(response) == "gzip"
    if is_gzip:
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return "The body says it is gzip, but is not."
    at = _end_of_body(body)
    if at is None:
        return "The page has no </body>."
    response.content = body[:at] + script_tag(request, nonce) + body[at:]
    if is_gzip:
        del response.headers["Content-Encoding"]
    if "Content-Length" in response.headers:
        response.headers["Content-Length"] = str(len(response.content))
    return "shown"


def script_tag(request: HttpRequest, nonce: str) -> bytes:
    """Return the element; the same for each page but for the nonce of a page that uses one."""
    root = quote(str(request.META.get("SCRIPT_NAME") or "").rstrip("/"))
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return f'<script type="module" src="{root}{PREFIX}panel.js"{attribute}></script>'.encode()


def _why_not(request: HttpRequest, response: HttpResponseBase) -> str | None:
    """Return why the element does not belong into this response; None if it does."""
    if response.status_code in (204, 205, 304) or response.status_code < 200:
        return f"A response of status {response.status_code} has no body."
    if response.status_code == 206:
        return "The response is a part of a page."
    if request.method == "HEAD":
        return "The answer to HEAD has no body."
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type not in _TYPES:
        return f"The response is {content_type or 'of no type'}, not HTML."
    if response.headers.get("Content-Disposition", "").strip().lower().startswith("attachment"):
        return "The page is a download."
    # Sent by browsers only: what a script fetches, or a frame shows, has the panel of its page.
    destination = request.META.get("HTTP_SEC_FETCH_DEST", "document")
    if destination != "document":
        return f"The browser asked for it as {destination!r}, not as a page."
    if not _extends_ascii(response.charset or ""):
        return f"The charset {response.charset} is not known to extend ASCII."
    encoding = _encoding(response)
    if encoding not in ("", "identity") and (encoding != "gzip" or response.streaming):
        return f"The body is encoded as {encoding}."
    # A FileResponse hands its file to the server, which an iterator in between would spoil.
    if isinstance(response, FileResponse):
        return "The page is a file."
    return None


def _encoding(response: HttpResponseBase) -> str:
    return str(response.headers.get("Content-Encoding", "")).strip().lower()


@lru_cache(maxsize=100)
def _extends_ascii(charset: str) -> bool:
    try:
        name = codecs.lookup(charset).name
        return not _SHIFTING.match(name) and "</body>".encode(name) == b"</body>"
    except (LookupError, UnicodeError, ValueError):  # unknown, or no charset at all: "hex"
        return False


def _end_of_body(body: bytes) -> int | None:
    """Return where the last `</body>` stands that is a tag, not text; None if there is none."""
    # Nearly always this is the one, with nothing behind it; looking through a large page is slow.
    at = body.rfind(b"</body>")
    if at >= 0 and body[at + 7 :].strip().lower() in (b"", b"</html>"):
        return at
    matches = list(_BODY_END.finditer(body))
    if not matches:
        return None
    # As above, in capitals or with a space in it; else make sure that it is a tag.
    if body[matches[-1].end() :].strip().lower() in (b"", b"</html>"):
        return matches[-1].start()
    texts = [match.span() for match in _TEXT.finditer(body)]
    for match in reversed(matches):
        if not any(start < match.start() < end for start, end in texts):
            return match.start()
    return None
