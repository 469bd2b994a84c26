from __future__ import annotations

import functools
from typing import Any, ClassVar

import pytest
from django.http import HttpRequest, HttpResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe
from ninja import NinjaAPI
from rest_framework.decorators import api_view
from rest_framework.viewsets import ViewSet

from cycle_inspector.routes.methods import in_words, methods_of


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


async def aplain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Form(Page):
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class OnlyPost(Form):
    http_method_names: ClassVar[list[str]] = ["post", "options"]


class Books(ViewSet):
    def list(self, request: Any) -> Any: ...
    def create(self, request: Any) -> Any: ...


@pytest.mark.parametrize(
    ("view", "methods"),
    [
        (Page.as_view(), {"GET", "HEAD", "OPTIONS"}),
        (Form.as_view(), {"GET", "HEAD", "POST", "OPTIONS"}),
        (OnlyPost.as_view(), {"POST", "OPTIONS"}),
        (Form.as_view(http_method_names=["get"]), {"GET", "HEAD"}),
        (csrf_exempt(Page.as_view()), {"GET", "HEAD", "OPTIONS"}),
        (require_GET(plain), {"GET"}),
        (require_safe(aplain), {"GET", "HEAD"}),
        (csrf_exempt(require_http_methods(["PUT", "POST"])(plain)), {"PUT", "POST"}),
        (require_http_methods(["GET", "POST"])(require_GET(plain)), {"GET"}),
        (require_GET(Form.as_view()), {"GET"}),
        (Books.as_view({"get": "list"}), {"GET", "HEAD", "OPTIONS"}),
        (Books.as_view({"post": "create"}), {"POST", "OPTIONS"}),
        (api_view(["POST"])(lambda request: None), {"POST", "OPTIONS"}),
    ],
)
def test_the_methods_that_a_view_answers_are_found(view: Any, methods: set[str]) -> None:
    assert methods_of(view) == methods


@pytest.mark.parametrize(
    "view",
    [
        plain,
        aplain,
        csrf_exempt(plain),
        functools.partial(plain),
        NinjaAPI().get_openapi_schema,
        object(),
        None,
    ],
)
def test_where_nothing_is_known_nothing_is_said(view: Any) -> None:
    assert methods_of(view) is None


def test_no_attribute_of_a_view_is_asked_for() -> None:
    class Lazy:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    assert methods_of(Lazy()) is None


def test_decorators_that_go_in_a_circle_come_to_an_end() -> None:
    def circle(request: HttpRequest) -> None: ...

    circle.__wrapped__ = circle  # type: ignore[attr-defined]

    assert methods_of(circle) is None


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (["GET"], "GET"),
        (["POST", "GET", "OPTIONS"], "GET and POST"),
        (["POST", "GET", "HEAD"], "GET, HEAD and POST"),
        (["OPTIONS"], "OPTIONS"),
        ([], ""),
    ],
)
def test_methods_are_told_in_words(methods: list[str], words: str) -> None:
    assert in_words(methods) == words
