"""Middlewares of every make, each of which does one thing."""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import (
    async_only_middleware,
    sync_and_async_middleware,
    sync_only_middleware,
)
from django.utils.deprecation import MiddlewareMixin

from tests.shelf.models import Book

GetResponse = Callable[[HttpRequest], Any]


def plain(get_response: GetResponse) -> GetResponse:
    """Do nothing; a function without a mode is sync."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware


@sync_only_middleware
def sync_only(get_response: GetResponse) -> GetResponse:
    return plain(get_response)


@async_only_middleware
def async_only(get_response: Callable[[HttpRequest], Awaitable[Any]]) -> Any:
    async def middleware(request: HttpRequest) -> Any:
        return await get_response(request)

    return middleware


@sync_and_async_middleware
def both(get_response: GetResponse) -> GetResponse:
    if iscoroutinefunction(get_response):
        return async_only(get_response)
    return plain(get_response)


def _with_word(word: str, get_response: GetResponse) -> GetResponse:
    return plain(get_response)


partial = functools.partial(_with_word, "a word")


class Slotted:
    """A class without a __dict__."""

    __slots__ = ("get_response",)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class AsyncClass:
    sync_capable = False
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> Any:
        return await self.get_response(request)


class Mixed(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        Book.objects.count()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response


class NotUsed:
    def __init__(self, get_response: GetResponse) -> None:
        raise MiddlewareNotUsed("not today")


class NotUsedWithoutAWord:
    def __init__(self, get_response: GetResponse) -> None:
        raise MiddlewareNotUsed


class CannotBeMade:
    def __init__(self, get_response: GetResponse) -> None:
        raise LookupError("in the factory")


def makes_nothing(get_response: GetResponse) -> None:
    """Forget to return the middleware."""


class AnswersBeforeTheView(Slotted):
    __slots__ = ()

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse:
        return HttpResponse("instead of the view")


class LooksAtTheView(Slotted):
    __slots__ = ()

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        Book.objects.count()


class AsyncLooksAtTheView(Slotted):
    __slots__ = ()

    async def process_view(self, request: HttpRequest, *view: Any) -> None:
        return None


class RaisesBeforeTheView(Slotted):
    __slots__ = ()

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        raise LookupError("in the hook")


class AnswersWithAText(Slotted):
    __slots__ = ()

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return "no response"


class Recovers(Slotted):
    __slots__ = ()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return HttpResponse("recovered", status=503)


class AsyncRecovers(Slotted):
    __slots__ = ()

    async def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return HttpResponse("recovered", status=503)


class LooksAtTheException(Slotted):
    __slots__ = ()

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        return None


class AddsToTheContext(Slotted):
    __slots__ = ()

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        response.context_data["page"] = "added"
        return response


class AnotherTemplate(Slotted):
    __slots__ = ()

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        return TemplateResponse(request, "shelf/base.html")


class LosesTheTemplate(Slotted):
    __slots__ = ()

    def process_template_response(self, request: HttpRequest, response: Any) -> None:
        return None


class ChangesTheStatus(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.status_code = 418
        return response


class Replaces(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        return HttpResponse("another")


class Redirects(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        return HttpResponse(status=301, headers={"Location": "/elsewhere/"})


class Short(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("<html><body>short</body></html>")


class Raises(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raise LookupError("in the middleware")


class RaisesAfterwards(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        raise LookupError("in the middleware")


class Twice(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        return self.get_response(request)


class InAThread(Slotted):
    """Hand the request to a bare thread, which has no context."""

    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answers: list[HttpResponse] = []

        def work() -> None:
            try:
                answers.append(self.get_response(request))
            finally:
                connection.close()

        thread = threading.Thread(target=work, name="bare")
        thread.start()
        thread.join()
        return answers[0]


class InAThreadWithContext(Slotted):
    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answers: list[HttpResponse] = []
        context = contextvars.copy_context()

        def work() -> None:
            try:
                answers.append(context.run(self.get_response, request))
            finally:
                connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return answers[0]


class HopsByItself:
    """Call sync code from an async middleware."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> Any:
        await sync_to_async(self.look)()
        return await self.get_response(request)

    def look(self) -> None: ...


class Nothing(Slotted):
    """Forget to return the response."""

    __slots__ = ()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        return None  # type: ignore[return-value]


def other_urlconf(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = "tests.shelf.elsewhere"  # type: ignore[attr-defined]
        return get_response(request)

    return middleware
