"""The panel's script in whole pages: beside compression, validators, caches and forms."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.gzip import gzip_page

from cycle_inspector.records import Stage
from tests.shelf.views import PAGE
from tests.site import Answer, Site

TAG = '<script type="module" src="/__cycle__/panel.js"></script>'
WITH_TAG = PAGE.replace("</body>", TAG + "</body>")
LONG = PAGE.replace("Hello", "Hello " * 100)
COMMON = "django.middleware.common.CommonMiddleware"
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
PACKED = {"Accept-Encoding": "gzip"}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def long_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LONG)


def why(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.RESPONSE).facts["panel"]


@pytest.mark.parametrize(
    "middleware", [[COMMON], [COMMON, CONDITIONAL], [CONDITIONAL, GZIP, COMMON]]
)
def test_the_page_differs_by_the_element_and_its_length(serve: Any, middleware: list[str]) -> None:
    site = serve(page, middleware=middleware)
    answer, bare = site.get("/"), site.bare().get("/")

    assert answer.text == WITH_TAG
    added = {"cycle-id", "cycle-url", "server-timing"}
    assert answer.headers.keys() - bare.headers.keys() == added
    assert answer.headers["content-length"] == str(len(answer.body))
    same = bare.headers.keys() - {"content-length"}
    assert {name: answer.headers[name] for name in same} == {
        name: bare.headers[name] for name in same
    }


@pytest.mark.parametrize(
    "view_and_middleware",
    [(gzip_page(long_page), []), (long_page, [GZIP]), (long_page, [COMMON, GZIP])],
)
def test_a_packed_page_is_sent_plain_with_the_element(serve: Any, view_and_middleware: Any) -> None:
    view, middleware = view_and_middleware
    site = serve(view, middleware=middleware)
    answer, bare = site.get("/", PACKED), site.bare().get("/", PACKED)

    assert gzip.decompress(bare.body).decode() == LONG
    assert answer.text == LONG.replace("</body>", TAG + "</body>")
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == bare.headers["vary"]
    assert answer.headers.get("content-length", str(len(answer.body))) == str(len(answer.body))


def test_a_file_of_text_stays_packed(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("a" * 500, content_type="text/csv")

    site = serve(view, middleware=[GZIP])
    answer = site.get("/", PACKED)

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"a" * 500


def test_validators_are_those_of_the_page_itself(serve: Any) -> None:
    site = serve(page, middleware=[CONDITIONAL])
    first, bare = site.get("/"), site.bare().get("/")

    assert first.headers["etag"] == bare.headers["etag"]
    again = site.get("/", {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.cycle_id != first.cycle_id
    assert again.cycle_id in again.headers["server-timing"]
    assert why(again) == "A response of status 304 has no body."


def test_a_page_from_the_cache_shows_the_cycle_at_hand(serve: Any, settings: Any) -> None:
    cache.clear()
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    site = serve(
        page,
        middleware=[
            "django.middleware.cache.UpdateCacheMiddleware",
            "django.middleware.cache.FetchFromCacheMiddleware",
        ],
    )
    first, second = site.get("/"), site.get("/")
    bare = site.bare().get("/")
    cache.clear()

    assert first.text == second.text == WITH_TAG
    assert first.cycle_id != second.cycle_id
    assert second.cycle.stage(Stage.VIEW).count == 0
    assert bare.text == PAGE  # nothing of ours is in the cache
    assert not {"cycle-id", "server-timing"} & bare.headers.keys()


def test_head_is_answered_as_without_the_tool(serve: Any) -> None:
    site = serve(page, middleware=[COMMON])
    answer, bare = site.ask("HEAD", "/"), site.bare().ask("HEAD", "/")

    assert answer.headers["content-length"] == bare.headers["content-length"]
    assert answer.body == bare.body
    assert why(answer) == "The answer to HEAD has no body."


class Fields(forms.Form):
    title = forms.CharField()


def test_a_form_that_is_shown_again_gets_the_panel(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        form = Fields(request.POST)
        return render(request, "shelf/form.html", {"form": form}, status=422)

    site = serve(view)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = site.ask("POST", "/", body=b"title=", headers=headers)

    assert answer.status == 422
    assert answer.text.count(TAG) == 1


def test_behind_a_script_name_all_addresses_have_it(site: Site) -> None:
    answer = site.ask("GET", "/hello/", root="/shop")

    assert 'src="/shop/__cycle__/panel.js"' in answer.text
    assert answer.headers["cycle-url"] == f"/shop/__cycle__/{answer.cycle_id}/"
    assert site.ask("GET", "/__cycle__/panel.js", root="/shop").status == 200


@pytest.mark.parametrize("path", ["/raises/", "/nothing-here/", "/forbidden/"])
def test_djangos_own_error_pages_get_it(site: Site, path: str) -> None:
    assert site.get(path).text.count(TAG) == 1


def test_the_answer_of_a_middleware_gets_it(serve: Any) -> None:
    answer = serve(page, middleware=["tests.shelf.onion.Short"]).get("/")

    assert answer.text == f"<html><body>short{TAG}</body></html>"


def test_a_frame_and_a_script_get_the_page_as_it_is(site: Site) -> None:
    for destination in ("iframe", "empty"):
        answer = site.get("/hello/", {"Sec-Fetch-Dest": destination})
        assert answer.text == PAGE
        assert "cycle-id" in answer.headers


def test_a_page_that_could_not_be_decoded_is_left_alone(serve: Any) -> None:
    body = PAGE.encode("utf-16")
    answer = serve(
        lambda request: HttpResponse(body, content_type="text/html; charset=utf-16")
    ).get("/")

    assert answer.body == body
    assert why(answer) == "The charset utf-16 is not known to extend ASCII."


def test_a_server_timing_of_the_page_is_kept_beside_ours(serve: Any) -> None:
    answer = serve(lambda request: HttpResponse(PAGE, headers={"Server-Timing": "db;dur=3"})).get(
        "/"
    )

    assert answer.headers["server-timing"] == f'db;dur=3, cycle;desc="{answer.cycle_id}"'


def test_a_client_that_may_not_see_the_panel_gets_the_bare_page(site: Site) -> None:
    answer, bare = (one.ask("GET", "/hello/", client="203.0.113.9") for one in (site, site.bare()))

    assert (answer.body, answer.headers) == (bare.body, bare.headers)


# The body comes through as it is


STREAM = "data: </body>\n\n"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"page": "<body></body>"}'),
        ("application/problem+json", b'{"page": "</body>"}'),
        ("text/csv", b"a,</body>\r\n"),
        ("text/plain", b"</body>"),
        ("text/event-stream", STREAM.encode()),
        ("image/svg+xml", b"<svg></svg></body>"),
        ("application/octet-stream", bytes(range(256)) + b"</body>"),
        ("application/xml", b"<body></body>"),
    ],
)
@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_what_is_no_page_is_the_same_byte_for_byte(
    serve: Any, content_type: str, body: bytes, is_stream: bool
) -> None:
    def view(request: HttpRequest) -> HttpResponseBase:
        if is_stream:
            return StreamingHttpResponse(iter([body, body]), content_type=content_type)
        return HttpResponse(body, content_type=content_type)

    site = serve(view, middleware=[COMMON, CONDITIONAL])
    answer, bare = site.get("/"), site.bare().get("/")

    assert (answer.status, answer.body, answer.chunks) == (bare.status, bare.body, bare.chunks)
    assert {name: answer.headers[name] for name in bare.headers} == bare.headers
    assert why(answer) == f"The response is {content_type}, not HTML."


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("Text/HTML ;charset=iso-8859-1", "latin1"),
        ("TEXT/HTML", "utf-8"),
        ("application/xhtml+xml", "utf-8"),
        ("text/html; charset=koi8-r", "koi8-r"),
    ],
)
def test_a_page_gets_it_however_its_type_is_spelled(
    serve: Any, content_type: str, charset: str
) -> None:
    body = PAGE.encode(charset)

    answer = serve(lambda request: HttpResponse(body, content_type=content_type)).get("/")

    assert answer.body == WITH_TAG.encode(charset)
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize("text", ["\u0130\u0130\u0130", "\u1e9e", "\U0001f4da", "\ufb01"])
def test_letters_that_change_their_length_do_not_move_it(serve: Any, text: str) -> None:
    page_of = PAGE.replace("Hello", text).replace("</body>", "</BODY>")

    answer = serve(lambda request: HttpResponse(page_of)).get("/")

    assert answer.text == page_of.replace("</BODY>", TAG + "</BODY>")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Disposition": "attachment"}, "The page is a download."),
        ({"Content-Disposition": 'Attachment; filename="a.html"'}, "The page is a download."),
        ({"Content-Encoding": "br"}, "The body is encoded as br."),
        ({"Content-Encoding": "zstd"}, "The body is encoded as zstd."),
        ({"Content-Encoding": "gzip"}, "The body says it is gzip, but is not."),
    ],
)
def test_a_page_that_is_to_be_kept_as_it_is_stays_so(
    serve: Any, headers: dict[str, str], reason: str
) -> None:
    site = serve(lambda request: HttpResponse(PAGE, headers=headers), middleware=[COMMON])
    answer, bare = site.get("/"), site.bare().get("/")

    assert answer.body == bare.body == PAGE.encode()
    assert answer.headers["content-length"] == bare.headers["content-length"]
    assert why(answer) == reason


@pytest.mark.parametrize("status", [100, 103, 204, 205, 304])
def test_a_status_without_a_body_gets_none(serve: Any, status: int) -> None:
    site = serve(lambda request: HttpResponse(status=status), middleware=[COMMON])
    answer, bare = site.get("/"), site.bare().get("/")

    assert (answer.status, answer.body) == (bare.status, bare.body) == (status, b"")
    assert answer.headers.get("content-length") == bare.headers.get("content-length")
    assert why(answer) == f"A response of status {status} has no body."


@pytest.mark.parametrize(
    "middleware",
    [[GZIP], [GZIP, COMMON, CONDITIONAL], [COMMON, GZIP, CONDITIONAL], [COMMON, CONDITIONAL, GZIP]],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_wherever_pages_are_packed_both_kinds_get_it_once(
    serve: Any, middleware: list[str]
) -> None:
    def streamed(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter([LONG]))

    site = serve(path("whole/", long_page), path("stream/", streamed), middleware=middleware)
    for address in ("/whole/", "/stream/"):
        answer = site.get(address, PACKED)
        is_packed = answer.headers.get("content-encoding") == "gzip"
        body = gzip.decompress(answer.body) if is_packed else answer.body
        assert body.decode() == LONG.replace("</body>", TAG + "</body>")
        length = answer.headers.get("content-length")
        assert length in (None, str(len(answer.body)))


def test_the_validator_of_a_page_stays_valid_when_it_is_packed(serve: Any) -> None:
    site = serve(long_page, middleware=[GZIP, CONDITIONAL])
    first = site.get("/", PACKED)

    again = site.get("/", {**PACKED, "If-None-Match": first.headers["etag"]})

    assert (again.status, again.body) == (304, b"")


# Whose response it is


def test_a_template_response_gets_it_rendered_late_or_early(serve: Any) -> None:
    def late(request: HttpRequest) -> TemplateResponse:
        return TemplateResponse(request, "shelf/books.html", {"books": []})

    def early(request: HttpRequest) -> HttpResponse:
        return late(request).render()

    site = serve(path("late/", late), path("early/", early))
    for address in ("/late/", "/early/"):
        answer, bare = site.get(address), site.bare().get(address)
        assert answer.text.count(TAG) == 1
        assert answer.text.replace(TAG, "") == bare.text


def replacing(get_response: Any) -> Any:
    """Answer with another page than the one that came."""

    def middleware(request: HttpRequest) -> HttpResponse:
        get_response(request).close()
        return HttpResponse(PAGE.replace("Hello", "Another"), status=418)

    return middleware


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_response_that_a_middleware_replaces_is_the_one_that_counts(serve: Any) -> None:
    def streamed(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter([PAGE]))

    site = serve(
        path("whole/", page), path("stream/", streamed), middleware=[f"{__name__}.replacing"]
    )
    for address in ("/whole/", "/stream/"):
        answer = site.get(address)
        assert answer.text == WITH_TAG.replace("Hello", "Another")
        assert answer.cycle.response["status"] == 418
        assert answer.cycle.response["size_bytes"] == len(PAGE) + len("Another") - len("Hello")


@pytest.mark.parametrize("body", ["<p>a fragment</p>", ""])
def test_why_a_page_without_an_end_shows_no_panel_can_be_found(serve: Any, body: str) -> None:
    answer = serve(lambda request: HttpResponse(body)).get("/")

    assert answer.text == body
    assert why(answer) == "The page has no </body>."
    assert answer.cycle_id in answer.headers["cycle-url"]


@pytest.mark.parametrize(
    ("destination", "is_shown"),
    [("document", True), ("iframe", False), ("frame", False), ("embed", False), ("object", False)],
)
def test_a_frame_gets_no_panel_of_its_own(site: Site, destination: str, is_shown: bool) -> None:
    answer = site.get("/hello/", {"Sec-Fetch-Dest": destination})

    assert (TAG in answer.text) is is_shown
    assert answer.cycle.request["path"] == "/hello/"


def restreaming(get_response: Any) -> Any:
    """Answer with another stream than the one that came."""

    def middleware(request: HttpRequest) -> StreamingHttpResponse:
        get_response(request).close()
        return StreamingHttpResponse(iter([PAGE]))

    return middleware


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_stream_that_a_middleware_replaces_is_not_said_to_have_it(serve: Any) -> None:
    def streamed(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter(["never sent"]))

    answer = serve(streamed, middleware=[f"{__name__}.restreaming"]).get("/")

    assert answer.text == PAGE
    assert why(answer) == "The stream did not come from the view, but from a middleware."
