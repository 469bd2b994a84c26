"""What is said of a response on its way out."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import delivery, pages
from cycle_inspector.records import Cycle, Stage
from tests.factories import MS, make_cycle, make_stage


def cycle_with(facts: dict[str, Any], method: str = "GET") -> Cycle:
    stages = {
        Stage.RESPONSE: make_stage(Stage.RESPONSE, facts=facts),
        Stage.CLIENT: make_stage(Stage.CLIENT, facts={"method": method}),
    }
    return make_cycle(stages=stages)


def context(facts: dict[str, Any], method: str = "GET") -> dict[str, Any]:
    return delivery.context(cycle_with(facts, method))


@pytest.mark.parametrize(
    ("facts", "words", "is_notice"),
    [
        ({"ended": "complete", "chunks": 2}, "", False),
        ({}, "", False),
        ({"ended": "unseen"}, "whether it arrived is not seen here", False),
        ({"ended": "unseen", "made_whole": "sync under ASGI"}, "the whole file into memory", False),
        ({"ended": "closed"}, "closed before its first byte", True),
        ({"ended": "closed", "chunks": 1}, "most likely the client went away", True),
        (
            {"ended": "cancelled", "chunks": 3, "size_bytes": 2048},
            "The client went away after 3 chunks (2.0 KB): Django cancelled the request.",
            True,
        ),
        (
            {"ended": "raised", "chunks": 1, "stream_error": "ValueError"},
            "failed after 1 chunk: ValueError",
            True,
        ),
        (
            {"ended": "raised", "stream_error": "KeyError", "made_whole": "async under WSGI"},
            "failed: KeyError. None of it had left.",
            True,
        ),
    ],
)
def test_how_a_stream_ended_is_told(facts: dict[str, Any], words: str, is_notice: bool) -> None:
    given = context({"streaming": True, **facts})

    assert words in given["end"]
    assert bool(words) is bool(given["end"])
    assert given["end_is_notice"] is is_notice


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"made_whole": "sync under ASGI", "ended": "complete"}, "Make it an async iterator."),
        ({"made_whole": "async under WSGI", "ended": "complete"}, "Make it a sync iterator"),
        ({"made_whole": "sync under ASGI", "ended": "unseen"}, ""),  # a file: said more quietly
        ({"ended": "complete"}, ""),
    ],
)
def test_a_stream_that_is_made_whole_is_told(facts: dict[str, Any], words: str) -> None:
    said = context(facts)["made_whole"]

    assert words in said
    assert bool(words) is bool(said)
    assert said.replace("'", "&#x27;") in str(pages.stage(cycle_with(facts), Stage.RESPONSE))


@pytest.mark.parametrize(
    ("facts", "method", "words"),
    [
        ({"size_bytes": 10, "announced_bytes": 10}, "GET", ""),
        ({"size_bytes": 10}, "GET", ""),
        (
            {"size_bytes": 10, "announced_bytes": 12},
            "GET",
            "Content-Length says 12 bytes, but 10 were made.",
        ),
        ({"size_bytes": 0, "announced_bytes": 12}, "HEAD", "HEAD is sent without its body"),
        ({"size_bytes": 10, "status": 304}, "GET", "status 304 is sent without its body"),
        ({"size_bytes": 0, "status": 304}, "GET", ""),
        ({"size_bytes": 4, "announced_bytes": 9, "ended": "closed"}, "GET", ""),
        ({"size_bytes": 4, "announced_bytes": 9, "ended": "complete"}, "GET", "but 4 were made"),
    ],
)
def test_a_length_that_does_not_fit_is_told(facts: dict[str, Any], method: str, words: str) -> None:
    said = context(facts, method)["length"]

    assert words in said
    assert bool(words) is bool(said)


@pytest.mark.parametrize(
    ("facts", "rate"),
    [
        (
            {"first_byte_ns": 0, "last_byte_ns": 1000 * MS, "chunks": 5, "size_bytes": 4096},
            "4.0 KB a second, a chunk each 250 ms",
        ),
        ({"first_byte_ns": MS, "last_byte_ns": MS, "chunks": 1, "size_bytes": 4096}, ""),
        ({"chunks": 0}, ""),
    ],
)
def test_the_rate_of_a_stream_counts_between_its_chunks(facts: dict[str, Any], rate: str) -> None:
    assert context(facts)["rate"] == rate


def test_what_is_not_set_is_shown_with_its_reason() -> None:
    facts = {"status": 200, "content_type": "text/html", "headers": [["X-Frame-Options", "DENY"]]}

    html = str(pages.stage(cycle_with(facts), Stage.RESPONSE))

    assert '<span class="chip">Content-Security-Policy</span> <span class="quiet">It would' in html
    assert "<h3>Not set" in html
    assert '<span class="chip">X-Frame-Options' not in html


def test_where_nothing_is_missing_nothing_is_said() -> None:
    html = str(pages.stage(cycle_with({"status": 204}), Stage.RESPONSE))

    assert "<h3>Not set" not in html


def test_a_request_without_response_says_when() -> None:
    html = str(pages.stage(cycle_with({"missing": "The request was cancelled."}), Stage.RESPONSE))

    assert "The request was cancelled." in html
    assert "40.0 ms after it came." in html
