"""The panel's script in whole pages: beside compression, validators, caches and forms."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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
