"""The client stage: what was sent, and what of it the page has read, no more."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from django.views.decorators.csrf import csrf_exempt

from cycle_inspector.collectors import _redaction, client
from cycle_inspector.exporters import json_document
from cycle_inspector.history import reader, writer
from cycle_inspector.records import Stage
from tests.shelf.views import PAGE
from tests.site import Answer, Site, find_cycle

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
    assert found["query"] == [["a", ["1", "2"]], ["b", ""]]
    assert found["body"] == "none"


def test_headers_keep_their_order(site: Site) -> None:
    sent = {"X-Second": "2", "Accept": "text/html", "X-First": "1", "X-Also": "3"}

    names = [name for name, value in facts(site.get("/hello/", sent))["headers"]]

    assert [name for name in names if name in sent] == list(sent)


def test_a_header_sent_twice_is_there_twice_under_asgi(serve_asgi: Any) -> None:
    found = facts_of_scope(
        serve_asgi(lambda request: HttpResponse(PAGE)),
        headers=[(b"host", b"a"), (b"x-tag", b"1"), (b"accept", b"*/*"), (b"x-tag", b"2")],
    )

    assert found["headers"] == [["Host", "a"], ["X-Tag", "1"], ["Accept", "*/*"], ["X-Tag", "2"]]


@pytest.mark.parametrize(("version", "shown"), [("2", "HTTP/2"), ("1.1", "HTTP/1.1")])
def test_the_version_of_http_is_that_of_the_scope(
    serve_asgi: Any, version: str, shown: str
) -> None:
    site = serve_asgi(lambda request: HttpResponse(PAGE))

    assert facts_of_scope(site, http_version=version)["http_version"] == shown


def test_crumbs_of_a_cookie_header_are_one_list(serve_asgi: Any) -> None:
    # As HTTP/2 parts them (RFC 9113, 8.2.3).
    found = facts_of_scope(
        serve_asgi(lambda request: HttpResponse(PAGE)),
        headers=[(b"host", b"a"), (b"cookie", b"a=1"), (b"cookie", b"b=2; a=3")],
    )

    assert [name for name, value in found["cookies"]] == ["a", "b", "a"]


@pytest.mark.parametrize("client", [None, ("/run/site.sock", None)])
def test_a_client_without_an_address_is_no_fault(serve_asgi: Any, client: Any) -> None:
    found = facts_of_scope(serve_asgi(lambda request: HttpResponse(PAGE)), client=client)

    assert found["address"] == (client[0] if client else "")


def facts_of_scope(site: Site, **given: Any) -> Any:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 4321),
        "server": ("testserver", 80),
        **given,
    }

    async def visit() -> None:
        communicator = ApplicationCommunicator(site.handler, scope)
        await communicator.send_input({"type": "http.request", "body": b""})
        await communicator.receive_output(10)
        await communicator.receive_output(10)
        await communicator.wait(10)

    asyncio.run(visit())
    assert writer.flush(10)
    return find_cycle(reader.latest() or "").stage(Stage.CLIENT).facts


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/caf\u00e9/", "http://testserver/caf%C3%A9/"),
        ("/a?b/", "http://testserver/a%3Fb/"),
    ],
)
def test_a_path_is_told_decoded_and_its_url_as_an_address(
    wsgi_site: Site, path: str, url: str
) -> None:
    request = WSGIRequest(
        {**RequestFactory()._base_environ(), "PATH_INFO": path.encode().decode("latin1")}
    )
    note = client.Note(request)

    assert (note.path, note.url) == (path, url)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"HTTP_HOST": "shop.example:8000"}, "http://shop.example:8000/"),
        ({"SERVER_NAME": "10.0.0.1", "SERVER_PORT": "8000"}, "http://10.0.0.1:8000/"),
        ({"SERVER_NAME": "10.0.0.1", "SERVER_PORT": "80"}, "http://10.0.0.1/"),
        ({"HTTP_HOST": "not/allowed"}, "http://not/allowed/"),
    ],
)
def test_the_url_is_full_with_any_host(environ: dict[str, str], url: str) -> None:
    assert client.Note(WSGIRequest({**RequestFactory()._base_environ(), **environ})).url == url


def test_behind_a_proxy_the_url_is_that_of_the_client(settings: Any) -> None:
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = RequestFactory().get(
        "/", headers={"x-forwarded-host": "shop.example", "x-forwarded-proto": "https"}
    )

    assert client.Note(request).url == "https://shop.example/"


@pytest.mark.parametrize(
    ("sent", "query"),
    [
        ("q=caf\u00e9", "q=caf\u00e9"),  # written as it is, in UTF-8
        ("q=caf%C3%A9", "q=caf%C3%A9"),
    ],
)
def test_a_query_that_is_not_ascii_is_read_as_utf_8(sent: str, query: str) -> None:
    environ = {**RequestFactory()._base_environ(), "QUERY_STRING": sent.encode().decode("latin1")}

    assert client.Note(WSGIRequest(environ)).query == query


@pytest.mark.parametrize(
    ("sent", "shown"), [(b"caf\xc3\xa9", "caf\u00e9"), (b"caf\xe9", "caf\u00e9"), (b"a", "a")]
)
def test_a_header_is_decoded_as_it_was_meant(sent: bytes, shown: str) -> None:
    environ = {**RequestFactory()._base_environ(), "HTTP_X_SHELF": sent.decode("latin1")}
    wsgi = client.Note(WSGIRequest(environ))

    assert ("X-Shelf", shown) in wsgi.headers


@pytest.mark.parametrize(
    ("sent", "chain"),
    [
        (
            {"X-Forwarded-For": "203.0.113.9, 10.0.0.2"},
            ["203.0.113.9", "10.0.0.2", "127.0.0.1"],
        ),
        (
            {"Forwarded": 'for=203.0.113.9;proto=https, For="[2001:db8::1]:4711"'},
            ["203.0.113.9", "[2001:db8::1]:4711", "127.0.0.1"],
        ),
        ({"X-Real-IP": "203.0.113.9"}, ["203.0.113.9", "127.0.0.1"]),
        ({"X-Forwarded-Proto": "https"}, None),
        ({"X-Forwarded-For": " , "}, None),
        ({}, None),
    ],
)
def test_the_way_through_proxies_is_a_list(
    site: Site, sent: dict[str, str], chain: list[str] | None
) -> None:
    found = facts(site.get("/hello/", sent))

    assert found.get("chain") == chain
    assert [name for name, value in found["forwarded"]] == [name.title() for name in sent]


def test_a_chain_that_somebody_made_long_is_cut(wsgi_site: Site) -> None:
    sent = ", ".join(f"10.0.0.{number}" for number in range(200))

    assert len(facts(wsgi_site.get("/hello/", {"X-Forwarded-For": sent}))["chain"]) == 21


@pytest.mark.parametrize("puts", [True, False])
def test_an_address_that_a_middleware_puts_there_is_told_from_the_connections(
    serve: Any, puts: bool
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        if puts:  # as middlewares for proxies do
            request.META["REMOTE_ADDR"] = "203.0.113.9"
        return HttpResponse(PAGE)

    serve(view).get("/")
    assert writer.flush(10)
    found = find_cycle(reader.latest() or "").stage(Stage.CLIENT).facts

    assert found["address"].startswith("203.0.113.9" if puts else "127.0.0.1")
    assert ("connected_from" in found) is puts
    assert found.get("connected_from", "127.0.0.1").startswith("127.0.0.1")


def test_each_value_of_a_form_field_is_kept(site: Site) -> None:
    answer = site.ask("POST", "/reads-post/", body=b"name=a&name=b&other=c", headers=FORM)

    found = facts(answer)
    assert found["form"] == [["name", ["a", "b"]], ["other", "c"]]
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
            "held_in": "memory",
        }
    ]
    assert "pixels" not in json.dumps(json_document.export(answer.cycle))


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
    said = facts(site.get("/uses-session/"))
    assert (said["session_keys"], said["session_changed"]) == (["shelf"], True)


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

    assert (facts(answer)["session_keys"], facts(answer)["session_changed"]) == ([], False)
    assert (kept[0].accessed, kept[0].modified) == (False, False)


@pytest.mark.parametrize("reads_user", [True, False])
def test_the_user_is_named_only_if_the_page_asked_who_it_is(serve: Any, reads_user: bool) -> None:
    user = get_user_model().objects.create_user("ada")

    def load(request: HttpRequest) -> Any:
        request._cached_user = user  # as django.contrib.auth.middleware.get_user() does
        return user

    def view(request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: load(request))
        if reads_user:
            bool(request.user)
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert facts(answer).get("user") == ("ada" if reads_user else None)
    assert answer.cycle.request["user"] == ("ada" if reads_user else None)


def test_a_user_that_was_put_there_is_named(serve: Any) -> None:
    # As django.contrib.auth.login() does, and authentication by a token.
    user = get_user_model().objects.create_user("ada")

    def view(request: HttpRequest) -> HttpResponse:
        request._cached_user = AnonymousUser()
        request.user = user
        return HttpResponse(PAGE)

    found = facts(serve(view).get("/"))

    assert found["user"] == "ada"
    assert "is_anonymous" not in found


@pytest.mark.parametrize("reads_user", [True, False])
def test_nobody_is_told_from_a_user_that_was_not_asked_for(serve: Any, reads_user: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        if reads_user:
            bool(request.user.is_authenticated)
        return HttpResponse(PAGE)

    sessions = "django.contrib.sessions.middleware.SessionMiddleware"
    users = "django.contrib.auth.middleware.AuthenticationMiddleware"
    found = facts(serve(view, middleware=[sessions, users]).get("/"))

    assert found.get("is_anonymous", False) is reads_user
    assert "user" not in found


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


def test_cookies_that_nobody_read_are_named_and_stay_unread(serve: Any) -> None:
    kept: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        kept.append(request)
        return HttpResponse(PAGE)

    found = facts(serve(view, middleware=[]).get("/", {"Cookie": "theme=sesame; nonsense; a=b=c"}))

    assert [name for name, value in found["cookies"]] == ["theme", "a"]
    assert "COOKIES" not in kept[0].__dict__


def test_without_cookies_none_are_named(site: Site) -> None:
    assert "cookies" not in facts(site.get("/hello/"))


def test_the_process_environment_is_not_kept(wsgi_site: Site, monkeypatch: Any) -> None:
    # wsgiref lays it below the environ; a name in it may look like a header's.
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://proxy.internal:3128")
    client._environment.cache_clear()

    answer = wsgi_site.get("/hello/", {"Proxy": "http://proxy.internal:3128", "X-Shelf": "top"})

    document = json.dumps(json_document.export(answer.cycle))
    assert "hunter2" not in document
    client._environment.cache_clear()
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
