"""Put the panel's element into a streamed page, before its last `</body>`.

A chunk leaves as soon as it comes. Of one that holds a `</body>` the end is kept back, from that
tag on, until it is known that nothing but the end of the page follows: the element then goes before
it, and else it is the last chunk of the stream. What a person sees of a page does not wait, even
where its view goes on working after the last of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator

EndOfBody = Callable[[bytes], int | None]
"""Return where the last `</body>` of some bytes stands that is a tag; None if there is none."""


class Ending:
    """The chunks that may be the end of a page, and the element that is to go into them."""

    __slots__ = (
        "_element",
        "_end_of_body",
        "_held",
        "added_bytes",
        "added_chunks",
        "announced",
    )

    def __init__(self, element: bytes, end_of_body: EndOfBody) -> None:
        self._element = element
        self._end_of_body = end_of_body
        self._held: list[bytes] = []
        self.added_bytes = 0  # to the stream, once it has come to its end
        self.added_chunks = 0
        self.announced: str | None = None  # the Content-Length of the page without the element

    def push(self, chunk: bytes) -> list[bytes]:
        """Take the next chunk; return those that may leave now."""
        if self._held and chunk.strip().lower() in (b"", b"</html>"):
            self._held.append(chunk)
            return []
        leaving, self._held = self._held, []
        at = self._end_of_body(chunk)
        if at is None:
            return [*leaving, chunk]
        if at:
            leaving.append(chunk[:at])
            self.added_chunks += 1
        self._held.append(chunk[at:])
        return leaving

    def finish(self) -> list[bytes]:
        """Return what is left to leave, the element in it."""
        self.added_bytes = len(self._element)
        if not self._held:
            self.added_chunks += 1
            return [self._element]
        first, *others = self._held
        return [self._element + first, *others]


def chunks(given: Iterable[bytes], ending: Ending) -> Iterator[bytes]:
    """Yield the chunks of a stream, the element among them."""
    for chunk in given:
        yield from ending.push(chunk)
    yield from ending.finish()


async def achunks(given: AsyncIterable[bytes], ending: Ending) -> AsyncIterator[bytes]:
    """As `chunks`, of an async stream."""
    async for chunk in given:
        for one in ending.push(chunk):
            yield one
    for one in ending.finish():
        yield one
