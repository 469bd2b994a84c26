"""What a page says of its charset where the header does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from cycle_inspector.collectors._charsets import said_by

BARE = "text/html"


def page(text: str | bytes, kind: str = BARE, **headers: str) -> HttpResponse:
    return HttpResponse(text, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p>Brontë</p>", ""),
        ('<meta charset="utf-8"><p>Brontë</p>', "utf-8"),
        ("<META CHARSET=latin1><p>Brontë</p>", "latin1"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>ë', "koi8-r"),
        (" " * 1_024 + '<meta charset="utf-8"><p>Brontë</p>', ""),
    ],
)
def test_the_page_is_asked_where_the_header_says_nothing(text: str, said: str) -> None:
    assert said_by(page(text)) == said


@pytest.mark.parametrize(
    "response",
    [
        page("<p>Brontë</p>", "text/html; charset=utf-8"),
        HttpResponse("<p>Brontë</p>"),
        page("<p>Bronte</p>"),
        page(b"\xef\xbb\xbf<p>Bront\xc3\xab</p>"),
        page("Brontë", "text/plain"),
        page(b"\x1f\x8b\xff", **{"Content-Encoding": "gzip"}),
        StreamingHttpResponse(iter(["<p>Brontë</p>"]), content_type=BARE),
    ],
)
def test_all_is_said_by_a_header_by_ascii_or_by_a_mark(response: Any) -> None:
    assert said_by(response) is None
