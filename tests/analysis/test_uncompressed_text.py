"""Text that is not packed."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.uncompressed_text import find
from cycle_inspector.records import Finding

BROWSER = {
    "X-Forwarded-Proto": "https",
    "Host": "shop.example",
    "Accept-Encoding": "gzip, deflate, br",
}
GZIP = "django.middleware.gzip.GZipMiddleware"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any, switched_on: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["*"]


def found(
    serve: Any,
    size: int = 150_000,
    middleware: tuple[str, ...] = (),
    kind: str = "text/html",
    **headers: str,
) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("x" * size, content_type=kind)

    sent = BROWSER | {name.replace("_", "-"): value for name, value in headers.items()}
    return list(find(serve(view, middleware=middleware).get("/", sent).cycle, Thresholds()))


def test_finds_much_text_that_is_not_packed(serve: Any) -> None:
    (finding,) = found(serve)
    assert (finding.code, finding.title) == (
        "CI502",
        "150 kB of text were sent without compression",
    )


def test_does_not_find_text_that_is_packed(serve: Any) -> None:
    assert found(serve, middleware=(GZIP,)) == []


@pytest.mark.parametrize(
    "given",
    [
        {"size": 99_999},
        {"kind": "image/png"},
        {"Accept_Encoding": "identity"},
        {"X_Forwarded_Proto": "http"},
        {"Host": "localhost:8000"},
        {"Host": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_does_not_find_text_that_is_small_of_development_or_packed_later(
    serve: Any, given: Any
) -> None:
    assert found(serve, **given) == []
