"""The client stage: what was sent, and what of it the page has read, no more."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from cycle_inspector.collectors import _redaction, client
from cycle_inspector.exporters import json_document
from cycle_inspector.records import Stage
from tests.shelf.views import PAGE
from tests.site import Answer, Site

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=edge"}
UPLOAD = (
    b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nDune\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="cover"; filename="cover.png"\r\n'
    b"Content-Type: image/png\r\n\r\npixels\r\n--edge--\r\n"
)


def facts(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.CLIENT).facts


def test_headers_query_and_address_are_kept(site: Site) -> None:
    found = facts(site.get("/hello/?a=1&a=2&b=", {"X-Shelf": "top", "User-Agent": "probe"}))

    assert found["method"] == "GET"
    assert found["url"] == "http://testserver/hello/?a=1&a=2&b="
    assert found["http_version"] == "HTTP/1.1"
    assert found["address"].startswith("127.0.0.1")
    assert ["X-Shelf", "top"] in found["headers"]
    assert ["User-Agent", "probe"] in found["headers"]
    assert found["query"] == [["a", "1"], ["a", "2"], ["b", ""]]
    assert found["body"] == "none"


def test_forwarding_headers_stand_apart(site: Site) -> None:
    found = facts(site.get("/hello/", {"X-Forwarded-For": "10.0.0.1"}))

    assert found["forwarded"] == ["X-Forwarded-For: 10.0.0.1"]


def test_each_value_of_a_form_field_is_kept(site: Site) -> None:
    answer = site.ask("POST", "/reads-post/", body=b"name=a&name=b&other=c", headers=FORM)

    found = facts(answer)
    assert found["form"] == [["name", "a"], ["name", "b"], ["other", "c"]]
    assert (found["body"], found["body_bytes"]) == ("read", 21)


def test_uploaded_files_are_named_not_copied(site: Site) -> None:
    answer = site.ask("POST", "/reads-post/", body=UPLOAD, headers=MULTIPART)

    found = facts(answer)
    assert found["form"] == [["title", "Dune"]]
    assert found["files"] == [
        {
            "name": "cover",
            "filename": "cover.png",
            "content_type": "image/png",
            "size_bytes": len(b"pixels"),
        }
    ]
    assert "pixels" not in json.dumps(json_document.export(answer.cycle))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        (b"[1, 2]", [1, 2]),
        (b"{", "not valid JSON: Expecting property name"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"NaN", "nan"),
        (b"[" * 5_000, "not valid JSON"),
    ],
)
def test_a_json_body_that_was_read_is_shown(wsgi_site: Site, body: bytes, shown: Any) -> None:
    found = facts(wsgi_site.ask("POST", "/reads-body/", body=body, headers=JSON))

    if isinstance(shown, str):
        assert found["json"].startswith(shown)
    else:
        assert found["json"] == shown


@pytest.mark.parametrize("sent", [(FORM, b"name=a"), (JSON, b"{}"), (MULTIPART, UPLOAD)])
def test_a_body_that_nobody_read_stays_unread(serve: Any, sent: Any) -> None:
    kept: list[HttpRequest] = []

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        kept.append(request)
        return HttpResponse(PAGE)

    found = facts(serve(view).ask("POST", "/", body=sent[1], headers=sent[0]))

    (request,) = kept
    assert found["body"] == "unread"
    assert not {"form", "files", "json"} & found.keys()
    assert request._read_started is False
    assert not {"_post", "_files", "_body"} & request.__dict__.keys()


def test_a_view_may_still_set_upload_handlers(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.upload_handlers = [MemoryFileUploadHandler(request)]
        return HttpResponse(PAGE + request.FILES["cover"].name)

    answer = serve(view).ask("POST", "/", body=UPLOAD, headers=MULTIPART)

    assert answer.status == 200
    assert answer.text.endswith("cover.png")


def test_a_view_may_still_read_the_stream_itself(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + request.read().decode())

    answer = serve(view).ask("POST", "/", body=b"name=a", headers=FORM)

    assert answer.text.endswith("name=a")
    assert facts(answer)["body"] == "read"
    assert "form" not in facts(answer)


def test_a_form_set_by_the_project_to_something_else_is_left_out(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.POST = {"a": "b"}  # type: ignore[assignment]
        return HttpResponse(PAGE)

    cycle = serve(view).get("/").cycle

    assert "form" not in cycle.stage(Stage.CLIENT).facts
    assert cycle.dropped == {}


def test_the_names_in_a_loaded_session_are_kept(site: Site) -> None:
    assert facts(site.get("/uses-session/"))["session_keys"] == ["shelf"]


def test_a_session_that_nobody_loaded_is_not_loaded(site: Site) -> None:
    answer = site.get("/hello/", {"Cookie": "sessionid=" + "a" * 32})

    assert "session_keys" not in facts(answer)
    assert not answer.cycle.statements
    assert not {"set-cookie", "vary"} & answer.headers.keys()


def test_a_loaded_session_is_neither_marked_nor_saved(serve: Any) -> None:
    kept: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        request.session.get("shelf")
        request.session.accessed = False
        kept.append(request.session)
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert facts(answer)["session_keys"] == []
    assert (kept[0].accessed, kept[0].modified) == (False, False)


@pytest.mark.parametrize("reads_user", [True, False])
def test_the_user_is_named_only_if_the_page_asked_who_it_is(serve: Any, reads_user: bool) -> None:
    user = get_user_model().objects.create_user("ada")

    def view(request: HttpRequest) -> HttpResponse:
        request.user = user
        if reads_user:
            request._cached_user = user
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert facts(answer).get("user") == ("ada" if reads_user else None)
    assert answer.cycle.request["user"] == ("ada" if reads_user else None)


def test_no_method_of_a_user_is_called(serve: Any) -> None:
    class Untouchable:
        USERNAME_FIELD = "name"

        def __init__(self) -> None:
            self.name = "ada"

        def __bool__(self) -> bool:
            raise AssertionError

        __str__ = __repr__ = get_username = __bool__  # type: ignore[assignment]

    def view(request: HttpRequest) -> HttpResponse:
        request._cached_user = Untouchable()
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert facts(answer)["user"] == "ada"
    assert answer.cycle.dropped == {}


def test_of_cookies_only_the_names_are_kept(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + request.COOKIES["theme"])

    answer = serve(view).get("/", {"Cookie": "theme=sesame; visits=3"})

    assert facts(answer)["cookies"] == [
        ["theme", _redaction.HIDDEN],
        ["visits", _redaction.HIDDEN],
    ]
    assert "sesame" not in json.dumps(json_document.export(answer.cycle))


def test_cookies_that_nobody_read_are_not_parsed(wsgi_site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], settings.MIDDLEWARE[-1]]

    assert "cookies" not in facts(Site("wsgi").get("/hello/", {"Cookie": "theme=sesame"}))


def test_the_process_environment_is_not_kept(wsgi_site: Site, monkeypatch: Any) -> None:
    # wsgiref lays it below the environ; a name in it may look like a header's.
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://proxy.internal:3128")

    answer = wsgi_site.get("/hello/", {"Proxy": "http://proxy.internal:3128", "X-Shelf": "top"})

    document = json.dumps(json_document.export(answer.cycle))
    assert "hunter2" not in document
    assert "proxy.internal" not in document
    assert ["X-Shelf", "top"] in facts(answer)["headers"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Referer", "http://x/?token=abc&a=1", "http://x/?token=********************&a=1"),
        ("HX-Current-URL", "http://x/?api_key=abc", "http://x/?api_key=********************"),
        ("Location", "/next/?token=abc", "/next/?token=********************"),
        ("Referer", "http://[not-an-address", "http://[not-an-address"),
        ("X-Shelf", "a?b=c", "a?b=c"),
        ("Authorization", "Bearer abc", _redaction.HIDDEN),
    ],
)
def test_a_header_is_shown_without_its_secrets(name: str, value: str, shown: str) -> None:
    assert client.redact_header(name, value) == shown
