"""The script element goes before the last `</body>` that is a tag, or nowhere."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.test import RequestFactory

from cycle_inspector.panel import inject

TAG = '<script type="module" src="/__cycle__/panel.js"></script>'


def request(method: str = "GET", **meta: Any) -> HttpRequest:
    return RequestFactory().generic(method, "/", **meta)


def put(response: HttpResponse, **meta: Any) -> str:
    return inject.put_into_page(response, request(**meta), "")


def page(body: str | bytes, **given: Any) -> HttpResponse:
    return HttpResponse(body, **given)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<html><body>a", "</body></html>"),
        ("<html><body>a", "</body></html>\n<!-- served by shelf 3 -->"),
        ("<body>a", "</BODY></HTML>"),
        ("<body>a", "</body  >"),
        ("<body>a", "</Body\n></html>"),
        ("<body>İİİ", "</body></html>"),
        ("<body><script>x = '</body>'</script>", "</body></html>"),
        ("<body><!-- </body> -->", "</body></html>"),
        ('<body><a title="</body>">a</a>', "</body></html>"),
        ("<body>a", "</body><script>x = '</body></html>'</script></html>"),
        ("<body>a", "</body><!-- </body> --></html>"),
        ("<body>a", "</body></html><style>/* </body> */</style>"),
        ("<body><textarea></body></textarea>", "</body>"),
        ("<body><title></body></title>", "</body> "),
        ("<body>first</body><body>", "</body>"),
        ("<body><p onclick='a(\"</body>\")'>it's</p>", "</body><!-- more -->"),
        ("<body><![CDATA[ </body> ]]>", "</body>"),
        ("<body>" + "a < b > c " * 1_000, "</body><!-- -->"),
    ],
)
def test_it_goes_before_the_last_end_of_body_that_is_a_tag(before: str, after: str) -> None:
    response = page(before + after)

    assert put(response) == "shown"
    assert response.content.decode() == before + TAG + after


@pytest.mark.parametrize(
    "body",
    [
        "<p>a fragment</p>",
        "",
        "<body><script>document.write('</body></html>')</script>",
        "<body><!-- </body> -->",
        '<body><div data-page="</body>"></div>',
        "<body><iframe srcdoc='<body></body>'></iframe>",
        "</bodyguard>",
    ],
)
def test_a_page_whose_body_does_not_end_is_left_alone(body: str) -> None:
    response = page(body)

    assert put(response) == "The page has no </body>."
    assert response.content.decode() == body


def test_a_broken_page_is_read_in_reasonable_time() -> None:
    body = ("<a b='" * 3_000) + "</body><!--"

    assert put(page(body)) in ("shown", "The page has no </body>.")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/html; charset=utf-8",
        "Text/HTML ;charset=iso-8859-1",
        "text/html; charset=koi8-r",
        "text/html; charset=shift_jis",
        "application/xhtml+xml",
    ],
)
def test_html_in_an_extension_of_ascii_gets_it(content_type: str) -> None:
    response = page(b"<body>\xe4</body>", content_type=content_type)

    assert put(response) == "shown"
    assert response.content == b"<body>\xe4" + TAG.encode() + b"</body>"


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf_16_le", "UTF-32", "utf-7", "iso-2022-jp", "hz", "cp037", "no-such"]
)
def test_a_charset_that_is_no_extension_of_ascii_is_left_alone(charset: str) -> None:
    body = b"<body></body>"
    response = page(body, content_type=f"text/html; charset={charset}")

    assert put(response) == f"The charset {charset} is not known to extend ASCII."
    assert response.content == body


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (JsonResponse({"a": "</body>"}), "not HTML"),
        (page("</body>", content_type="text/plain"), "not HTML"),
        (page("</body>", content_type="image/svg+xml"), "not HTML"),
        (page("</body>", content_type=""), "not HTML"),
        (page("", status=204), "has no body"),
        (page("", status=304), "has no body"),
        (page("</body>", status=206), "a part of a page"),
        (page("</body>", headers={"Content-Disposition": "attachment"}), "a download"),
        (page("</body>", headers={"Content-Disposition": ' Attachment; filename="a"'}), "download"),
        (page("</body>", headers={"Content-Encoding": "br"}), "encoded as br"),
        (page("</body>", headers={"Content-Encoding": "gzip, br"}), "encoded as gzip, br"),
        (page("</body>", headers={"Content-Encoding": "gzip"}), "says it is gzip, but is not"),
    ],
)
def test_what_is_no_plain_page_is_left_alone(response: HttpResponse, reason: str) -> None:
    body, headers = response.content, dict(response.headers)

    assert reason in put(response)
    assert (response.content, dict(response.headers)) == (body, headers)


def test_a_page_shown_in_place_gets_it() -> None:
    assert put(page("</body>", headers={"Content-Disposition": "inline"})) == "shown"


@pytest.mark.parametrize("status", [200, 201, 400, 403, 404, 422, 500])
def test_error_pages_get_it_too(status: int) -> None:
    assert put(page("</body>", status=status)) == "shown"


@pytest.mark.parametrize(
    ("destination", "result"),
    [
        ("document", "shown"),
        ("iframe", "The browser asked for it as 'iframe', not as a page."),
        ("empty", "The browser asked for it as 'empty', not as a page."),
        (None, "shown"),
    ],
)
def test_only_what_is_asked_for_as_a_page_gets_it(destination: str | None, result: str) -> None:
    meta = {} if destination is None else {"HTTP_SEC_FETCH_DEST": destination}

    assert put(page("</body>"), **meta) == result


def test_a_head_request_gets_none() -> None:
    assert put(page("</body>"), method="HEAD") == "The answer to HEAD has no body."
    assert put(page("</body>"), method="POST") == "shown"


def test_a_packed_page_is_unpacked() -> None:
    packed = gzip.compress(b"<body>a</body>")
    response = page(
        packed, headers={"Content-Encoding": "GZip", "Content-Length": str(len(packed))}
    )

    assert put(response) == "shown"
    assert response.content == f"<body>a{TAG}</body>".encode()
    assert "Content-Encoding" not in response.headers
    assert response.headers["Content-Length"] == str(len(response.content))


def test_a_packed_page_that_gets_none_stays_packed() -> None:
    packed = gzip.compress(b"a fragment")
    response = page(packed, headers={"Content-Encoding": "gzip"})

    assert put(response) == "The page has no </body>."
    assert response.content == packed
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_length_is_corrected_not_added() -> None:
    with_length = page("</body>", headers={"Content-Length": "7"})
    without = page("</body>")
    put(with_length)
    put(without)

    assert with_length.headers["Content-Length"] == str(7 + len(TAG))
    assert "Content-Length" not in without.headers


def test_streams_and_files_are_not_buffered() -> None:
    stream = StreamingHttpResponse(iter([b"</body>"]))
    file = FileResponse(BytesIO(b"</body>"), content_type="text/html")

    assert put(stream) == "The stream did not come from the view, but from a middleware."
    assert put(file) == "The page is a file."
    assert list(stream) == list(file) == [b"</body>"]
    assert not inject.fits(request(), file)
    file.close()


def test_a_stream_is_made_longer_chunk_by_chunk() -> None:
    taken: list[str] = []

    def chunks() -> Iterator[bytes]:
        taken.append("first")
        yield b"a"

    response = StreamingHttpResponse(chunks())
    inject.put_into_stream(response, request(), "")

    assert taken == []
    assert list(response) == [b"a", TAG.encode()]


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("", "/__cycle__/panel.js"),
        ("/shop", "/shop/__cycle__/panel.js"),
        ("/shop/", "/shop/__cycle__/panel.js"),
        ('/a"><b>', "/a%22%3E%3Cb%3E/__cycle__/panel.js"),
    ],
)
def test_the_address_starts_with_the_scripts_name(root: str, expected: str) -> None:
    tag = inject.script_tag(request(SCRIPT_NAME=root), "").decode()

    assert tag == f'<script type="module" src="{expected}"></script>'


def test_a_nonce_is_written_as_it_is() -> None:
    assert b' nonce="a-b_c+/=">' in inject.script_tag(request(), "a-b_c+/=")
    assert b' nonce="a&quot;&gt;">' in inject.script_tag(request(), 'a">')


def test_the_headers_name_the_cycle_beside_what_was_sent() -> None:
    response = page("", headers={"Server-Timing": "db;dur=3"})
    inject.add_headers(response, request(SCRIPT_NAME="/shop"), "0190")

    assert response.headers["Server-Timing"] == 'db;dur=3, cycle;desc="0190"'
    assert response.headers["Cycle-Id"] == "0190"
    assert response.headers["Cycle-Url"] == "/shop/__cycle__/0190/"


@pytest.mark.parametrize(
    "start",
    [b"<!--", b"<script>", b"<![CDATA[", b"<title>", b"<a ", b'<a "', b"<a '", b"<a '\"b"],
)
def test_markup_that_is_never_closed_takes_no_time(start: bytes) -> None:
    body = b"</body>" + start * 20_000 + b"x"

    before = time.perf_counter()
    inject._end_of_body(body)

    assert time.perf_counter() - before < 1
