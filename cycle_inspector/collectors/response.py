"""Stage 10, the response: what left Django, and for a stream, how.

Read when the response comes out of the outermost middleware, before our own headers and script are
added. A streaming body is followed until it is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import client, exceptions
from cycle_inspector.collectors._values import cut
from cycle_inspector.recorder import Recorder, enter, leave
from cycle_inspector.records import Facts, Json, Stage

_FLAGS = ("secure", "httponly", "samesite", "path", "domain", "max-age", "expires")


class Added(Protocol):
    """What of a stream is ours: the panel's element."""

    added_bytes: int
    added_chunks: int


class Note:
    """The response as it came out, and what was counted of its stream."""

    __slots__ = (
        "added",
        "charset",
        "chunks",
        "content_type",
        "cookies",
        "first_byte",
        "headers",
        "is_complete",
        "is_followed",
        "is_streaming",
        "last_byte",
        "panel",
        "reason",
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
        self.cookies = [
            (name, [f"{flag}={morsel[flag]}" for flag in _FLAGS if morsel[flag]])
            for name, morsel in response.cookies.items()
        ]
        self.is_streaming = bool(response.streaming)
        self.is_complete = not self.is_streaming  # whether a stream came to its end
        self.size = 0 if self.is_streaming else _size(response)
        self.is_followed = False
        self.chunks = 0
        self.first_byte: int | None = None
        self.last_byte: int | None = None
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

    def count(self, chunk: bytes, now: int) -> None:
        """Count one chunk of a streaming body."""
        self.first_byte = self.first_byte or now
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
        return Summed(facts={"missing": f"No response was made: {note.cause}."})
    start = note.started - recorded.start
    facts: dict[str, Json] = {
        **response_facts(note),
        "charset": note.charset,
        "headers": [[name, client.redact_header(name, str(value))] for name, value in note.headers],
        "cookies": [{"name": cut(name), "flags": flags} for name, flags in note.cookies],
        "panel": note.panel,
    }
    if note.is_streaming:
        # A file is sent by the server, unseen by us.
        facts |= {"chunks": note.page_chunks, "complete": note.is_complete or not note.is_followed}
        if note.first_byte is not None and note.last_byte is not None:
            facts["first_byte_ns"] = note.first_byte - recorded.start
            facts["last_byte_ns"] = note.last_byte - recorded.start
    return Summed(
        start_ns=start,
        duration_ns=max(recorded.duration_ns - start, 0) if note.is_streaming else 0,
        count=len(note.headers),
        facts=facts,
    )


def follow(answer: Any, recorder: Recorder, note: Note, give_up: Callable[[], None]) -> None:
    """Count the chunks of a streaming response, and let their making belong to the cycle.

    `give_up` is called where it does not come to its end: Django 6.1 does not close a response
    whose async stream raises.
    """
    note.is_followed = True
    chunks = _achunks if answer.is_async else _chunks
    answer.streaming_content = chunks(answer.streaming_content, recorder, note, give_up)


def response_facts(note: Note) -> Facts:
    """Return `Cycle.response`: what a list shows of the response."""
    return {
        "status": note.status,
        "reason": cut(str(note.reason), 100),
        "content_type": cut(str(note.content_type), 255),
        "size_bytes": note.page_size or _declared(note.headers),
        "streaming": note.is_streaming,
    }


def _declared(headers: list[tuple[str, str]]) -> int:
    # A file is sent by the server, unseen by us; its response says how long it is.
    length = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(length) if length.isdigit() else 0


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
                note.is_complete = True
                return
            except Exception as error:
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
                note.is_complete = True
                return
            except Exception as error:  # not one that is cancelled: its client has left
                exceptions.take(recorder, error)
                raise
            finally:
                leave(tokens)
            note.count(chunk, recorder.clock())
            yield chunk
    except BaseException:
        give_up()
        raise
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
