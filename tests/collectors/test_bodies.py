"""Bodies of requests: shown as far as the project has read them, in whatever way it did."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt
from ninja import Body as NinjaBody
from ninja import NinjaAPI
from rest_framework.response import Response
from rest_framework.views import APIView

from cycle_inspector.collectors import _bodies
from cycle_inspector.exporters import json_document
from cycle_inspector.records import HIDDEN, Stage
from tests.factories import make_event
from tests.shelf.views import PAGE
from tests.site import Answer, Site

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=edge"
UPLOAD = (
    b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nDune\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="cover"; filename="cover.png"\r\n'
    b"Content-Type: image/png\r\n\r\npixels\r\n--edge--\r\n"
)


def facts(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.CLIENT).facts


def send(site: Site, body: bytes, content_type: str, method: str = "POST") -> Answer:
    return site.ask(method, "/", body=body, headers={"content-type": content_type})


@pytest.fixture
def reads_body(serve: Any) -> Site:
    """Serve a view that reads `request.body`."""

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + str(len(request.body)))

    site: Site = serve(view)
    return site


# JSON


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        (b"[1, 2]", [1, 2]),
        (b"null", None),
        (b'"text"', "text"),
        (b"NaN", "nan"),
        ('{"a": "caf\u00e9"}'.encode(), {"a": "caf\u00e9"}),
        ('{"a": 1}'.encode("utf-16"), {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (
            b'{"password": "hunter2", "a": {"api_key": "k"}}',
            {"password": HIDDEN, "a": {"api_key": HIDDEN}},
        ),
    ],
)
def test_a_json_body_is_a_tree(reads_body: Site, body: bytes, shown: Any) -> None:
    found = facts(send(reads_body, body, "application/json"))

    assert found["json"] == shown
    assert (found["body"], found["body_bytes"]) == ("read", len(body))
    assert not {"json_error", "text", "body_notes"} & found.keys()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/problem+json",
        "application/vnd.shelf.v2+json",
        "text/json",
        "application/x-json",
    ],
)
def test_every_type_of_json_is_json(reads_body: Site, content_type: str) -> None:
    assert facts(send(reads_body, b'{"a": 1}', content_type))["json"] == {"a": 1}


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "text/plain", "application/xml"])
def test_what_is_no_json_document_is_no_tree(reads_body: Site, content_type: str) -> None:
    found = facts(send(reads_body, b'{"a": 1}\n{"a": 2}', content_type))

    assert "json" not in found
    assert found["text"] == '{"a": 1}\n{"a": 2}'


def test_the_charset_of_the_type_is_heeded(reads_body: Site) -> None:
    body = '{"a": "caf\u00e9"}'.encode("latin1")

    assert facts(send(reads_body, body, "application/json; charset=iso-8859-1"))["json"] == {
        "a": "caf\u00e9"
    }
    assert "json_error" in facts(send(reads_body, body, "application/json; charset=no-such"))


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe\x00", b"[" * 5_000, b"{'a': 1}"])
def test_invalid_json_is_said_to_be_with_what_came(reads_body: Site, body: bytes) -> None:
    found = facts(send(reads_body, body, "application/json"))

    assert found["json_error"]
    assert "json" not in found
    assert found["text"]


def test_json_that_is_too_long_is_not_shown(reads_body: Site) -> None:
    body = b'["' + b"a" * 100_000 + b'"]'

    found = facts(send(reads_body, body, "application/json"))

    assert "json" not in found
    assert found["body_bytes"] == len(body)
    assert found["body_notes"] == ["The JSON is not shown: it is longer than 100000 bytes."]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_json_of_other_methods_is_shown(reads_body: Site, method: str) -> None:
    assert facts(send(reads_body, b'{"a": 1}', "application/json", method))["json"] == {"a": 1}


class Items(APIView):
    """Reads the stream by a parser of Django REST framework, whatever the type."""

    authentication_classes = ()
    permission_classes = ()
    reads = True

    def post(self, request: Any) -> Response:
        return Response({"got": bool(self.reads and request.data)})

    put = post


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_json_that_rest_framework_read_is_shown(serve: Any, method: str) -> None:
    site = serve(Items.as_view())

    found = facts(send(site, b'{"a": [1], "token": "abc"}', "application/json", method))

    assert found["json"] == {"a": [1], "token": HIDDEN}
    assert found["body"] == "read"


def test_a_form_that_rest_framework_read_is_shown(serve: Any) -> None:
    assert facts(send(serve(Items.as_view()), b"a=1&a=2", FORM, "PUT"))["form"] == [
        ["a", ["1", "2"]]
    ]


def test_what_rest_framework_did_not_read_stays_unread(serve: Any) -> None:
    found = facts(send(serve(Items.as_view(reads=False)), b'{"a": 1}', "application/json"))

    assert found["body"] == "unread"
    assert "json" not in found


def test_json_that_ninja_read_is_shown(serve: Any) -> None:
    api = NinjaAPI(urls_namespace="bodies")

    @api.put("/")
    def keep(request: HttpRequest, a: int = NinjaBody(..., embed=True)) -> dict[str, int]:
        return {"a": a}

    site = serve(path("", api.urls))

    assert facts(send(site, b'{"a": 1}', "application/json", "PUT"))["json"] == {"a": 1}


# Forms and files


def test_a_form_of_put_is_shown_and_said_to_be_missing_in_post(reads_body: Site) -> None:
    found = facts(send(reads_body, b"a=1&a=2&password=hunter2", FORM, "PUT"))

    assert found["form"] == [["a", ["1", "2"]], ["password", HIDDEN]]
    assert found["body_notes"] == [
        "The form is not in request.POST, which Django fills for POST, not PUT."
    ]


def test_a_form_of_post_that_was_read_as_bytes_is_shown(reads_body: Site) -> None:
    found = facts(send(reads_body, b"a=1", FORM))

    assert found["form"] == [["a", "1"]]
    assert "body_notes" not in found


def test_many_fields_are_cut() -> None:
    shown = _bodies.pairs((f"field{number}", "1") for number in range(600))

    assert len(shown) == 501
    assert shown[-1] == ["\u2026", "100 more"]


def test_files_say_where_they_are_held(serve: Any) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        request.upload_handlers = [TemporaryFileUploadHandler(request)]
        return HttpResponse(PAGE + request.FILES["cover"].name)

    answer = send(serve(view), UPLOAD, MULTIPART)

    (file,) = facts(answer)["files"]
    assert file["held_in"] == "a temporary file"
    assert "pixels" not in json.dumps(json_document.export(answer.cycle))


def test_a_file_of_a_projects_class_is_not_asked(serve: Any) -> None:
    class Asked(UploadedFile):
        @property
        def size(self) -> int:
            raise AssertionError

        @size.setter
        def size(self, value: int) -> None: ...

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        request.POST.get("a")
        request._files = MultiValueDict({"cover": [Asked(name="a.png"), "no file at all"]})
        return HttpResponse(PAGE)

    answer = send(serve(view), b"a=1", FORM)

    first, second = facts(answer)["files"]
    assert (first["filename"], first["size_bytes"]) == ("a.png", None)
    assert "held_in" not in first
    assert second["filename"] is None
    assert answer.cycle.dropped == {}


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"nothing", "multipart/form-data", "MultiPartParserError: Invalid boundary"),
        (UPLOAD[:30], "multipart/form-data; boundary=\u00e9", "MultiPartParserError"),
        (b"&".join([b"a=1"] * 1001), FORM, "TooManyFieldsSent: The number of GET/POST"),
        (b"a=" + b"1" * 3_000_000, FORM, "RequestDataTooBig: Request body exceeded"),
    ],
)
def test_why_a_body_could_not_be_read_is_told(
    serve: Any, body: bytes, content_type: str, problem: str
) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + request.POST.get("a", ""))

    answer = send(serve(view), body, content_type)

    assert answer.status in (400, 413)
    assert facts(answer)["body_problem"].startswith(problem)
    assert answer.cycle.dropped == {}


def test_a_body_that_is_too_large_stays_unread(serve: Any) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + str(request.body))

    found = facts(send(serve(view), b"1" * 3_000_000, "text/plain"))

    assert (found["body"], found["body_bytes"]) == ("unread", 3_000_000)


def test_an_exception_of_another_kind_is_no_problem_of_the_body() -> None:
    assert _bodies.problem([make_event()]) is None
    assert _bodies.problem(
        [make_event(name="django.http.request.UnreadablePostError", attributes={})]
    ) == ("UnreadablePostError")


# What was read of it


def test_a_form_that_came_too_late_is_said_to_be_empty(serve: Any) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        request.read()
        return HttpResponse(PAGE + request.POST.get("a", ""))

    found = facts(send(serve(view), b"a=1", FORM))

    assert "form" not in found
    assert "stream was read before request.POST" in found["body_notes"][0]


def test_asking_for_post_does_not_read_what_is_no_form(serve: Any) -> None:
    # As CsrfViewMiddleware does when it looks for its token.
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + request.POST.get("a", ""))

    found = facts(send(serve(view), b'{"a": 1}', "application/json"))

    assert found["body"] == "unread"
    assert not {"json", "form", "body_notes"} & found.keys()


def test_a_body_that_was_read_in_part_says_how_much(serve: Any) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE + request.read(4).decode())

    found = facts(send(serve(view), b"0123456789", "text/plain"))

    assert (found["body"], found["body_bytes"], found["body_read_bytes"]) == ("read in part", 10, 4)


def test_a_body_that_came_without_a_length_is_measured(serve_asgi: Any) -> None:
    site = serve_asgi(csrf_exempt(lambda request: HttpResponse(PAGE)))
    sent = {"content-type": "text/plain", "content-length": "", "transfer-encoding": "chunked"}

    found = facts(site.ask("POST", "/", body=b"0123456789", headers=sent))

    assert (found["body"], found["body_bytes"]) == ("unread", 10)


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_body_on_the_disk_is_told_like_one_in_memory(serve_asgi: Any, size: int) -> None:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        read = 0
        while chunk := request.read(1_000_000):
            read += len(chunk)
        return HttpResponse(PAGE + str(read))

    found = facts(send(serve_asgi(view), b"1" * size, "text/plain"))

    assert (found["body"], found["body_bytes"]) == ("read", size)


@pytest.mark.parametrize(
    ("announced", "note"),
    [
        ("4", None),
        ("0x4", "Content-Length is '0x4', which is no number."),
        ("9", "Content-Length says 9 bytes, but 4 came."),
    ],
)
@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_wrong_length_is_told(kind: str, announced: str, note: str | None) -> None:
    environ = {
        **RequestFactory()._base_environ(),
        "CONTENT_LENGTH": announced,
        "wsgi.input": BytesIO(b"text"),
    }
    scope = {
        "method": "POST",
        "path": "/",
        "headers": [(b"content-length", announced.encode())],
    }
    stream = SpooledTemporaryFile()  # noqa: SIM115 - closed by the request
    stream.write(b"text")
    stream.seek(0)
    request = WSGIRequest(environ) if kind == "wsgi" else ASGIRequest(scope, stream)
    with suppress(ValueError):  # up to Django 6.0, of what is no number
        request.body  # noqa: B018 - read, as a view does
    body = _bodies.Body(request.__dict__, None)
    request.close()
    stream.close()

    found = _bodies.facts_of(body, "POST", "text/plain", announced)

    assert found.get("body_notes") == (None if note is None else [note])


# Texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("password=hunter2&a=1", f"password={HIDDEN}&a=1"),
        ('{"password": "a \\" b", "a": 1', f'{{"password": {HIDDEN}, "a": 1'),
        ('{"api_key": "cut off', f'{{"api_key": {HIDDEN}'),
        ("{'token': 'abc'}", f"{{'token': {HIDDEN}}}"),
        ('{"tokens": ["a", "b"], x', f'{{"tokens": {HIDDEN}], x'),
        (
            "<a><password kind='x'>hunter2</password></a>",
            f"<a><password kind='x'>{HIDDEN}</password></a>",
        ),
        ("<title>Dune</title>", "<title>Dune</title>"),
        ("Authorization: Bearer abc.def", f"Authorization: {HIDDEN}"),
        ("title: Dune", "title: Dune"),
        ('{"a":[1, "password":"x"}', f'{{"a":[1, "password":{HIDDEN}}}'),
        ('a: {"password": "x", "b": 1', f'a: {{"password": {HIDDEN}, "b": 1'),
        ('note="password: x"', f'note="password: {HIDDEN}"'),
        ("<a><token/></a>", "<a><token/></a>"),
        ("password=", "password="),
    ],
)
def test_a_text_is_shown_without_its_secrets(text: str, shown: str) -> None:
    assert _bodies.redact_text(text) == shown


@pytest.mark.parametrize("piece", ["a", "<", "<a", '"', "a=", "password=", " ", 'a:"\\', "{"])
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (100_000 // len(piece))

    before = time.perf_counter()
    _bodies.redact_text(text)

    assert time.perf_counter() - before < 2


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/png", ""])
def test_of_other_bodies_only_the_size_is_told(reads_body: Site, content_type: str) -> None:
    found = facts(send(reads_body, b"\x00\x01\xff", content_type))

    assert (found["body"], found["body_bytes"]) == ("read", 3)
    assert not {"text", "json", "form"} & found.keys()


def test_of_a_long_text_the_beginning_is_shown(reads_body: Site) -> None:
    found = facts(send(reads_body, b"word " * 30_000, "text/csv"))

    assert found["text"].startswith("word word")
    assert "more characters" in found["text"]
    assert len(found["text"]) < 2_100
