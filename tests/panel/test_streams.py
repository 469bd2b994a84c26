"""The element in a streamed page: before its last `</body>`, and no chunk kept back for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from cycle_inspector.panel import inject, streams

TAG = b"<script></script>"


def ending() -> streams.Ending:
    return streams.Ending(TAG, inject._end_of_body)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([b"<p>", b"</body></html>"], [b"<p>", TAG + b"</body></html>"]),
        (
            [b"<p>", b"one</body>", b"\n</html>\n"],
            [b"<p>", b"one", TAG + b"</body>", b"\n</html>\n"],
        ),
        ([b"</BODY >", b"", b" "], [TAG + b"</BODY >", b"", b" "]),
        ([b"<p>", b"two"], [b"<p>", b"two", TAG]),
        ([], [TAG]),
        # A "</body>" that the page goes on after was text, or is not the last one.
        ([b"a</body>", b"more", b"</body>"], [b"a", b"</body>", b"more", TAG + b"</body>"]),
        ([b"a</body>", b"more"], [b"a", b"</body>", b"more", TAG]),
        ([b"<script>'</body>'</script>x", b"y"], [b"<script>'</body>'</script>x", b"y", TAG]),
    ],
)
def test_the_element_stands_before_the_last_end_of_the_body(
    given: list[bytes], sent: list[bytes]
) -> None:
    async def source() -> AsyncIterator[bytes]:
        for chunk in given:
            yield chunk

    async def all_of() -> list[bytes]:
        return [chunk async for chunk in streams.achunks(source(), ending())]

    assert list(streams.chunks(given, ending())) == sent
    assert asyncio.run(all_of()) == sent


def test_a_chunk_leaves_as_it_comes_unless_it_may_be_the_end() -> None:
    made = []

    def source() -> Iterator[bytes]:
        for chunk in (b"one", b"two</body>", b"three"):
            made.append(chunk)
            yield chunk

    sent = streams.chunks(source(), ending())

    assert next(sent) == b"one"
    assert made == [b"one"]
    assert next(sent) == b"two"
    assert made == [b"one", b"two</body>"]
    assert next(sent) == b"</body>"
    assert made == [b"one", b"two</body>", b"three"]


def test_a_page_in_one_chunk_does_not_wait_for_what_its_view_does_afterwards() -> None:
    done = []

    def source() -> Iterator[bytes]:
        yield b"<body>all of it</body></html>"
        done.append("slow work")

    sent = streams.chunks(source(), ending())

    assert next(sent) == b"<body>all of it"
    assert done == []
    assert list(sent) == [TAG + b"</body></html>"]
    assert done == ["slow work"]


def test_what_was_added_is_known_once_the_stream_is_complete() -> None:
    within, parted, behind = ending(), ending(), ending()

    for one, chunk in ((within, b"</body>"), (parted, b"a</body>"), (behind, b"no end")):
        assert one.added_bytes == 0
        for _ in streams.chunks([chunk], one):
            pass

    assert (within.added_bytes, within.added_chunks) == (len(TAG), 0)
    assert (parted.added_bytes, parted.added_chunks) == (len(TAG), 1)
    assert (behind.added_bytes, behind.added_chunks) == (len(TAG), 1)
