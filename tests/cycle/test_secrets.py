"""A secret stands nowhere in the stored document, wherever it came in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from cycle_inspector.exporters import json_document
from cycle_inspector.history import reader
from tests.shelf.models import Book, Cover
from tests.shelf.views import PAGE
from tests.site import Answer, Site

SENTINEL = "xyzzy-4711"


def document(answer: Answer) -> str:
    """Return all that the history keeps of a cycle, its settings too, as text."""
    return json.dumps(json_document.export(answer.cycle))


@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        ("GET", "/hello/", {"Authorization": f"Bearer {SENTINEL}"}, b""),
        ("GET", "/hello/", {"X-Api-Key": SENTINEL}, b""),
        ("GET", "/hello/", {"X-CSRFToken": SENTINEL}, b""),
        ("GET", "/hello/", {"Cookie": f"sessionid={SENTINEL}; other={SENTINEL}"}, b""),
        ("GET", "/hello/", {"Referer": f"https://ada:{SENTINEL}@example.org/"}, b""),
        ("GET", "/hello/", {"Referer": f"https://example.org/?token={SENTINEL}"}, b""),
        ("GET", "/hello/", {"Referer": f"https://[?password={SENTINEL}"}, b""),
        ("GET", f"/hello/?token={SENTINEL}&page=2", {}, b""),
        ("GET", f"/nothing-here/?api_key={SENTINEL}", {}, b""),
        (
            "POST",
            "/reads-post/",
            {"content-type": "application/x-www-form-urlencoded"},
            f"password={SENTINEL}&csrfmiddlewaretoken={SENTINEL}".encode(),
        ),
        (
            "POST",
            "/reads-body/",
            {"content-type": "application/json"},
            json.dumps({"login": [{"password": SENTINEL}]}).encode(),
        ),
    ],
)
def test_what_a_client_sends_in_secret_is_not_kept(
    site: Site, method: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    answer = site.ask(method, url, headers=headers, body=body)

    assert SENTINEL not in document(answer)
    assert SENTINEL not in reader.recent(1)[0].path


def test_what_is_no_secret_is_kept(site: Site) -> None:
    answer = site.get(f"/hello/?page={SENTINEL}", {"X-Shelf": SENTINEL})

    assert document(answer).count(SENTINEL) >= 2


def test_parameters_of_secret_columns_are_not_kept(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        Cover.objects.filter(password=SENTINEL).exists()
        Cover.objects.create(book=Book.objects.create(title="t"), password=SENTINEL)
        Cover.objects.update(password=SENTINEL)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM shelf_cover WHERE password = %s", [SENTINEL])
            cursor.executemany("UPDATE shelf_cover SET password = %s", [[SENTINEL]])
        return HttpResponse(PAGE)

    answer = serve(view).get("/")

    assert len(answer.cycle.statements) == 6
    assert SENTINEL not in document(answer)


def test_secret_settings_are_not_kept(settings: Any, serve: Any) -> None:
    settings.SECRET_KEY = SENTINEL
    settings.PAYMENT_API_KEY = SENTINEL
    settings.BROKER_URL = f"amqp://ada:{SENTINEL}@localhost/"
    settings.NESTED = {"list": [{"password": SENTINEL}]}
    settings.TOLD = "in the open"
    settings.DATABASES["default"]["PASSWORD"] = SENTINEL
    try:
        text = document(serve(lambda request: HttpResponse(PAGE)).get("/"))
    finally:
        settings.DATABASES["default"]["PASSWORD"] = ""

    assert SENTINEL not in text
    assert "in the open" in text


def test_a_secret_in_a_response_is_not_kept(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE, headers={"X-Auth-Token": SENTINEL})
        response.headers["Location"] = f"/next/?token={SENTINEL}"
        response.set_cookie("anything", SENTINEL)
        return response

    assert SENTINEL not in document(serve(view).get("/"))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_no_body_is_kept_neither_a_buffered_nor_a_streamed_one(serve: Any) -> None:
    def view(request: HttpRequest) -> Any:
        def lines() -> Iterator[str]:
            yield SENTINEL

        return StreamingHttpResponse(lines()) if request.GET else HttpResponse(PAGE + SENTINEL)

    site = serve(view)

    assert SENTINEL not in document(site.get("/"))
    assert SENTINEL not in document(site.get("/?streamed=1"))


def test_a_name_that_the_project_gives_is_hidden_too(site: Site, switched_on: Any) -> None:
    switched_on(REDACT=["shelf"])

    assert SENTINEL not in document(site.get(f"/hello/?shelf_mark={SENTINEL}"))


def test_nothing_of_it_stands_in_the_file_of_the_history(wsgi_site: Site, settings: Any) -> None:
    basic = base64.b64encode(f"ada:{SENTINEL}".encode()).decode()
    answer = wsgi_site.get(f"/hello/?token={SENTINEL}", {"Authorization": f"Basic {basic}"})
    assert SENTINEL not in document(answer)

    path = Path(settings.CYCLE_INSPECTOR["HISTORY_PATH"])
    stored = b"".join(one.read_bytes() for one in path.parent.glob(path.name + "*"))
    assert SENTINEL.encode() not in stored
    assert basic.encode() not in stored
