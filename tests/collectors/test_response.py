"""The response stage: what left Django."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.test import RequestFactory

from cycle_inspector.collectors import response as collector
from cycle_inspector.records import Stage
from tests.shelf.views import PAGE
from tests.site import Answer, Site


def facts(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.RESPONSE).facts


def test_status_type_size_and_headers_are_kept(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE, status=202, headers={"X-Shelf": "top"})
        response.headers["Cache-Control"] = "max-age=60"
        return response

    answer = serve(view).get("/")

    found = facts(answer)
    assert (found["status"], found["reason"]) == (202, "Accepted")
    assert (found["content_type"], found["charset"]) == ("text/html; charset=utf-8", "utf-8")
    assert found["size_bytes"] == len(PAGE)  # without what the tool put in
    assert ["X-Shelf", "top"] in found["headers"]
    assert ["Cache-Control", "max-age=60"] in found["headers"]
    assert answer.cycle.response["status"] == 202
    assert answer.cycle.stage(Stage.RESPONSE).count == len(found["headers"])


def test_our_own_headers_are_not_the_responses(site: Site) -> None:
    names = {name for name, value in facts(site.get("/hello/"))["headers"]}

    assert not names & {"Cycle-Id", "Cycle-Url", "Server-Timing"}


def test_cookies_are_kept_by_name_and_flags(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE)
        response.set_cookie("theme", "sesame", max_age=60, httponly=True, samesite="Lax")
        return response

    (cookie,) = facts(serve(view).get("/"))["cookies"]
    assert cookie["name"] == "theme"
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"} <= set(cookie["flags"])
    assert "Secure" not in cookie["flags"]
    assert "sesame" not in str(cookie)


def test_a_cookie_that_is_deleted_says_so(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE)
        response.delete_cookie("theme")
        return response

    (cookie,) = facts(serve(view).get("/"))["cookies"]
    assert "Max-Age=0" in cookie["flags"]


def test_a_redirect_is_kept_with_where_it_leads(serve: Any) -> None:
    answer = serve(lambda request: HttpResponseRedirect("/next/?token=abc&page=2")).get("/")

    location = dict(facts(answer)["headers"])["Location"]
    assert location == "/next/?token=********************&page=2"
    assert answer.headers["location"] == "/next/?token=abc&page=2"


def test_a_response_in_parts_is_measured_without_joining_it(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("a", content_type="text/plain")
        response.write("bc")
        return response

    assert facts(serve(view).get("/"))["size_bytes"] == 3


@pytest.mark.parametrize(("given", "announced"), [("6", 6), ("7", 7), (None, None), ("x", None)])
def test_the_length_that_was_announced_is_kept_beside_the_bytes(
    serve: Any, given: str | None, announced: int | None
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        headers = {} if given is None else {"Content-Length": given}
        return HttpResponse("abcdef", content_type="text/plain", headers=headers)

    found = facts(serve(view).get("/"))

    assert (found["size_bytes"], found.get("announced_bytes")) == (6, announced)


def test_the_length_of_a_page_is_that_without_the_element(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE))})

    answer = serve(view).get("/")

    assert int(answer.headers["content-length"]) > len(PAGE)
    assert facts(answer)["announced_bytes"] == facts(answer)["size_bytes"] == len(PAGE)


def test_headers_keep_their_order(serve: Any) -> None:
    sent = {"X-Second": "2", "Cache-Control": "no-store", "X-First": "1"}

    found = facts(serve(lambda request: HttpResponse(PAGE, headers=sent)).get("/"))

    assert [name for name, value in found["headers"] if name in sent] == list(sent)


def test_a_response_that_was_never_rendered_is_told_as_it_is() -> None:
    # Returned by a middleware, where Django does not render it.
    response = TemplateResponse(RequestFactory().get("/"), "shelf/books.html")

    note = collector.Note(response, 0)

    assert note.size == 0


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_is_kept(serve: Any, status: int) -> None:
    answer = serve(lambda request: HttpResponse(status=status)).get("/")

    assert facts(answer)["status"] == status
    assert answer.body == b""


def test_why_there_is_no_panel_is_kept(site: Site) -> None:
    assert facts(site.get("/data/"))["panel"] == "The response is application/json, not HTML."
    assert facts(site.get("/hello/"))["panel"] == "shown"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_file_is_as_long_as_it_says(site: Site) -> None:
    found = facts(site.get("/download/"))

    assert found["size_bytes"] == 500
    assert (found["streaming"], found["chunks"], found["complete"]) == (True, 0, None)
    assert found["ended"] == "unseen"
    assert found.get("made_whole") == ("sync under ASGI" if site.server == "asgi" else None)


def test_a_file_is_left_to_the_server(serve_wsgi: Any, tmp_path: Any) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    kept: list[FileResponse] = []

    def view(request: HttpRequest) -> FileResponse:
        kept.append(FileResponse(path.open("rb")))
        return kept[0]

    answer = serve_wsgi(view).get("/")

    assert kept[0].file_to_stream is not None
    assert answer.text == PAGE
    assert answer.headers["content-length"] == str(len(PAGE))
    assert facts(answer)["panel"] == "The page is a file."
