"""The pages of the test project, and some that take their time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.shelf import urls
from tests.shelf.models import Book
from tests.shelf.views import PAGE

FILE_BYTES = 300_000


async def mixed(request: HttpRequest, count: int) -> HttpResponse:
    """Run `count` queries one after the other, and as many at once."""
    for number in range(count):
        await Book.objects.filter(pk=number).aexists()
    await asyncio.gather(*(Book.objects.filter(pk=number).aexists() for number in range(count)))
    return HttpResponse(PAGE)


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(0.3)
    return HttpResponse(PAGE)


async def hangs(request: HttpRequest) -> HttpResponse:
    await Book.objects.acount()
    await asyncio.sleep(60)
    return HttpResponse(PAGE)


async def _ticks(pause: float, count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield f"data: {number} of {await Book.objects.acount()}\n\n"
        await asyncio.sleep(pause)


async def events(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_ticks(0.001, 3), content_type="text/event-stream")


async def endless_events(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_ticks(0.01, 6000), content_type="text/event-stream")


def file(request: HttpRequest) -> FileResponse:
    path = settings.BASE_DIR / "file.bin"
    path.write_bytes(b"f" * FILE_BYTES)
    return FileResponse(path.open("rb"))


urlpatterns = [
    *urls.urlpatterns,
    path("mixed/<int:count>/", mixed),
    path("slow/", slow),
    path("hangs/", hangs),
    path("events/", events),
    path("endless-events/", endless_events),
    path("file/", file),
]
