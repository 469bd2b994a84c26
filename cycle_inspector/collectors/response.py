"""Stage 10, the response: what left Django, and for a stream, how.

Read when the response comes out of the outermost middleware, before our own headers and script are
added. A streaming body is followed until it is closed.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from typing import Any, Protocol

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _charsets, client, exceptions
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, enter, leave
from cycle_inspector.records import Facts, Json, Stage

# As the protocol spells them; the first two have no value.
_FLAGS = {
    "secure": "Secure",
    "httponly": "HttpOnly",
    "samesite": "SameSite",
    "path": "Path",
    "domain": "Domain",
    "max-age": "Max-Age",
    "expires": "Expires",
    "partitioned": "Partitioned",  # Python 3.14
}
_BARE = ("Secure", "HttpOnly", "Partitioned")

_LENGTH = "content-length"
_REPLACED = "The stream did not come from the view, but from a middleware."


class Added(Protocol):
    """What of a stream is ours: the panel's element."""

    added_bytes: int
    added_chunks: int
    announced: str | None  # the Content-Length that was there before


class Note:
    """The response as it came out, and what was counted of its stream."""

    __slots__ = (
        "added",
        "charset",
        "chunks",
        "content_type",
        "cookies",
        "ended",
        "error",
        "first_byte",
        "headers",
        "is_async",
        "is_streaming",
        "last_byte",
        "longest_wait",
        "panel",
        "reason",
        "said",
        "size",
        "started",
        "status",
    )

    def __init__(self, response: Any, now: int) -> None:
        self.started = now
        self.status = response.status_code
        self.reason = response.reason_phrase
        self.headers = list(response.headers.items())
        self.content_type = response.headers.get("Content-Type", "")
        self.charset = response.charset
        self.said = _charsets.said_by(response)
        self.cookies = [(name, dict(morsel)) for name, morsel in response.cookies.items()]
        self.is_streaming = bool(response.streaming)
        self.is_async = self.is_streaming and bool(getattr(response, "is_async", False))
        self.size = 0 if self.is_streaming else _size(response)
        # How a stream ended: "complete", "raised", "cancelled" with its task, "closed" before its
        # end; "unseen" where nobody follows it.
        self.ended = "unseen"
        self.error = ""  # what ended it
        self.chunks = 0
        self.first_byte: int | None = None
        self.last_byte: int | None = None
        self.longest_wait = 0  # between two chunks
        self.panel = ""
        self.added: Added | None = None

    @property
    def page_size(self) -> int:
        """The bytes of the body without what was added to it."""
        return self.size - (self.added.added_bytes if self.added else 0)

    @property
    def page_chunks(self) -> int:
        """The chunks of a stream without one that was added to it."""
        return self.chunks - (self.added.added_chunks if self.added else 0)

    @property
    def is_replaced(self) -> bool:
        """Whether the stream is not the one that the panel was added to."""
        return self.ended == "complete" and self.added is not None and not self.added.added_bytes

    def count(self, chunk: bytes, now: int) -> None:
        """Count one chunk of a streaming body."""
        if self.last_byte is None:
            self.first_byte = now
        elif now - self.last_byte > self.longest_wait:
            self.longest_wait = now - self.last_byte
        self.last_byte = now
        self.chunks += 1
        self.size += len(chunk)


class Missing:
    """Why no response came out: an async client that went away has its request cancelled."""

    __slots__ = ("cause",)

    def __init__(self, cause: str) -> None:
        self.cause = cause


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage: from the outermost middleware to the last byte, where that was seen."""
    note: Note | Missing | None = recorded.notes.get(Stage.RESPONSE)
    if note is None:
        return Summed()
    if isinstance(note, Missing):
        return Summed(facts={"missing": _no_response(note.cause)})
    start = note.started - recorded.start
    facts: dict[str, Json] = {
        **response_facts(note),
        "charset": note.charset,
        "headers": _headers(note),
        "cookies": [{"name": cut(name), "flags": _flags(of)} for name, of in note.cookies],
        "panel": _REPLACED if note.is_replaced else note.panel,
    }
    announced = _announced(note)
    optional = {"announced_bytes": announced, "charset_said": note.said}
    facts |= {name: value for name, value in optional.items() if value is not None}
    if note.is_streaming:
        facts |= _stream_facts(note, recorded)
    return Summed(
        start_ns=start,
        duration_ns=max(recorded.duration_ns - start, 0) if note.is_streaming else 0,
        count=len(note.headers),
        facts=facts,
    )


def _no_response(cause: str) -> str:
    # django.core.handlers.asgi.ASGIHandler listens for the disconnect while the view is at work.
    if cause == "CancelledError":
        return "The request was cancelled, as Django does when the client goes away."
    return f"No response was made: {cause}."


def _stream_facts(note: Note, recorded: Recorded) -> dict[str, Json]:
    is_complete = None if note.ended == "unseen" else note.ended == "complete"
    facts: dict[str, Json] = {
        "chunks": note.page_chunks,
        "ended": note.ended,
        "complete": is_complete,
    }
    if note.error:
        facts["stream_error"] = note.error
    gateway: Any = recorded.notes.get(Stage.GATEWAY)
    # StreamingHttpResponse.__iter__() and __aiter__() make a list of an iterator of the other kind.
    is_whole = gateway is not None and gateway.is_asgi is not note.is_async
    if is_whole:
        facts["made_whole"] = "sync under ASGI" if gateway.is_asgi else "async under WSGI"
    if note.first_byte is not None and note.last_byte is not None:
        # None of what is made whole leaves before the last of it is made.
        first = note.last_byte if is_whole else note.first_byte
        facts["first_byte_ns"] = first - recorded.start
        facts["last_byte_ns"] = note.last_byte - recorded.start
        if note.longest_wait and not is_whole:
            facts["longest_wait_ns"] = note.longest_wait
    return facts


def _headers(note: Note) -> list[list[Json]]:
    ours = note.added.announced if note.added else None
    return [
        [name, client.redact_header(name, ours if ours and _is_length(name) else str(value))]
        for name, value in note.headers
    ]


def _flags(morsel: dict[str, Any]) -> list[str]:
    return [
        shown if shown in _BARE else f"{shown}={cut(str(to_json(value)), 200)}"
        for flag, shown in _FLAGS.items()
        # Max-Age=0 deletes a cookie.
        if (value := morsel.get(flag)) not in (None, "") and value is not False
    ]


def follow(answer: Any, recorder: Recorder, note: Note, give_up: Callable[[], None]) -> None:
    """Count the chunks of a streaming response, and let their making belong to the cycle.

    `give_up` is called where it does not come to its end: Django 6.1 does not close a response
    whose async stream raises.
    """
    chunks = _achunks if answer.is_async else _chunks
    answer.streaming_content = chunks(answer.streaming_content, recorder, note, give_up)
    note.ended = "closed"  # until it comes to its end


def response_facts(note: Note) -> Facts:
    """Return `Cycle.response`: what a list shows of the response."""
    # A file is sent by the server, unseen by us; its response says how long it is.
    is_unseen = note.is_streaming and note.ended == "unseen"
    return {
        "status": note.status,
        "reason": cut(str(note.reason), 100),
        "content_type": cut(str(note.content_type), 255),
        "size_bytes": _announced(note) or 0 if is_unseen else note.page_size,
        "streaming": note.is_streaming,
    }


def _announced(note: Note) -> int | None:
    """Return the Content-Length of the page itself; None where there is none."""
    if note.added and note.added.announced:
        return int(note.added.announced)
    length = next((str(value) for name, value in note.headers if _is_length(name)), "")
    return int(length) if length.isdigit() else None


def _is_length(name: str) -> bool:
    return name.lower() == _LENGTH


def _size(response: Any) -> int:
    # HttpResponse.content would join the parts once more only to be measured.
    parts = response.__dict__.get("_container")
    if type(parts) is list:
        return sum(len(part) for part in parts)
    return len(response.content)


def _chunks(chunks: Any, recorder: Recorder, note: Note, give_up: Callable[[], None]) -> Any:
    """Yield `chunks`; what their making does belongs to the cycle."""
    iterator = iter(chunks)
    try:
        while True:
            tokens = enter(recorder)
            try:
                chunk = next(iterator)
            except StopIteration:
                note.ended = "complete"
                return
            except Exception as error:
                note.ended, note.error = "raised", type(error).__name__
                exceptions.take(recorder, error)
                raise
            finally:
                leave(tokens)
            note.count(chunk, recorder.clock())
            yield chunk
    except BaseException:
        give_up()
        raise


async def _achunks(chunks: Any, recorder: Recorder, note: Note, give_up: Callable[[], None]) -> Any:
    """As `_chunks`, for an async iterator."""
    iterator = aiter(chunks)
    try:
        while True:
            tokens = enter(recorder)
            try:
                chunk = await anext(iterator)
            except StopAsyncIteration:
                note.ended = "complete"
                return
            except Exception as error:  # not one that is cancelled: its client has left
                note.ended, note.error = "raised", type(error).__name__
                exceptions.take(recorder, error)
                raise
            finally:
                leave(tokens)
            note.count(chunk, recorder.clock())
            yield chunk
    except BaseException as error:
        if isinstance(error, CancelledError):
            note.ended = "cancelled"
        give_up()
        raise
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
