"""What became of a response on its way out, in words: its stream, its length, what it lacks."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis._response_headers import not_set
from cycle_inspector.panel.filters import counted, ms, size
from cycle_inspector.records import Cycle, Facts, Stage

_MADE_WHOLE = {
    "sync under ASGI": (
        "Under ASGI a sync iterator is read to its end, in a thread, before the first byte leaves: "
        "the client waits for all of it, and all of it is in memory. Make it an async iterator."
    ),
    "async under WSGI": (
        "Under WSGI an async iterator is read to its end before the first byte leaves: the client "
        "waits for all of it. Make it a sync iterator, or serve the site by ASGI."
    ),
}
_FILE_MADE_WHOLE = (
    "Under ASGI Django reads the whole file into memory before the first byte leaves. Let the web "
    "server or the storage send large files."
)


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template of the response is filled with beside the facts."""
    facts = cycle.stage(Stage.RESPONSE).facts
    return {
        "end": _end(facts),
        "end_is_notice": facts.get("ended") in ("raised", "cancelled", "closed"),
        "made_whole": _made_whole(facts),
        "length": _length(cycle, facts),
        "rate": _rate(facts),
        "lacking": not_set(cycle),
    }


def _end(facts: Facts) -> str:
    """Return how a stream ended; nothing of one that came to its end."""
    count = facts.get("chunks") or 0
    sent = f"after {counted(count, 'chunk,chunks')}" if count else "before its first byte"
    if count and facts.get("size_bytes"):
        sent += f" ({size(facts['size_bytes'])})"
    sentences = {
        "raised": (
            f"Making the stream failed {sent}: {facts.get('stream_error')}. "
            "What was made before had left already; the client sees it cut off."
        ),
        "cancelled": f"The client went away {sent}: Django cancelled the request.",
        "closed": (
            f"The stream was closed {sent}, before it came to its end: most likely the client "
            "went away."
        ),
        "unseen": "The server sends the file by itself: whether it arrived is not seen here.",
    }
    if facts.get("ended") == "unseen" and facts.get("made_whole"):
        return _FILE_MADE_WHOLE
    ended = facts.get("ended")
    if ended == "raised" and facts.get("made_whole"):
        return f"Making the stream failed: {facts.get('stream_error')}. None of it had left."
    return sentences.get(str(ended), "")


def _made_whole(facts: Facts) -> str:
    is_file = facts.get("ended") == "unseen"
    return "" if is_file else _MADE_WHOLE.get(str(facts.get("made_whole") or ""), "")


def _length(cycle: Cycle, facts: Facts) -> str:
    """Return what is to be said of a length beside the number of bytes."""
    made, announced = facts.get("size_bytes"), facts.get("announced_bytes")
    status, ended = facts.get("status"), facts.get("ended")
    method = cycle.stage(Stage.CLIENT).facts.get("method") or cycle.request.get("method")
    if method == "HEAD" or status in (204, 304):
        what = "An answer to HEAD" if method == "HEAD" else f"A response of status {status}"
        return f"{what} is sent without its body." if made or announced else ""
    if announced is None or ended not in (None, "complete"):
        return ""
    if announced != made:
        return f"Content-Length says {announced} bytes, but {made} were made."
    return ""


def _rate(facts: Facts) -> str:
    """Return how fast a stream was made, between its first and its last chunk."""
    first, last = facts.get("first_byte_ns"), facts.get("last_byte_ns")
    count, made = facts.get("chunks") or 0, facts.get("size_bytes") or 0
    if first is None or last is None or last <= first or count < 2:
        return ""
    seconds = (last - first) / 1_000_000_000
    return f"{size(made / seconds)} a second, a chunk each {ms((last - first) / (count - 1))}"
