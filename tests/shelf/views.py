"""Pages that do one thing each."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial, wraps
from http.client import HTTPConnection
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.test import Client
from django.views import View

from cycle_inspector import event, span
from tests.shelf.models import Author, Book, Cover

PAGE = "<!doctype html><html><head><title>t</title></head><body><h1>Hello</h1></body></html>"


def marked(request: HttpRequest) -> HttpResponse:
    with span("a span", author="a"):
        event("an event", of="span")
    return HttpResponse(PAGE)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


async def ahello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def data(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"n": Book.objects.count()})


def queries(request: HttpRequest, count: int) -> HttpResponse:
    for number in range(count):
        Book.objects.filter(pk=number).exists()
    return HttpResponse(PAGE)


async def aqueries(request: HttpRequest, count: int) -> HttpResponse:
    for number in range(count):
        await Book.objects.filter(pk=number).aexists()
    return HttpResponse(PAGE)


async def gathered(request: HttpRequest, count: int) -> HttpResponse:
    await asyncio.gather(*(Book.objects.filter(pk=number).aexists() for number in range(count)))
    return HttpResponse(PAGE)


def in_template(request: HttpRequest) -> HttpResponse:
    return render(request, "shelf/books.html", {"books": Book.objects.order_by("pk")})


def form(request: HttpRequest) -> HttpResponse:
    class Fields(forms.Form):
        first = forms.CharField()
        second = forms.CharField()

    return render(request, "shelf/form.html", {"form": Fields(), "page": "p"})


def deferred_render(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "shelf/books.html", {"books": Book.objects.none()})


def missing_template(request: HttpRequest) -> HttpResponse:
    return render(request, "shelf/absent.html")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        yield "<!doctype html><html><body>"
        for book in Book.objects.order_by("pk"):
            yield f"<p>{book.title}</p>"
        yield "</body></html>"

    return StreamingHttpResponse(lines())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        yield "<!doctype html><html><body>"
        async for book in Book.objects.order_by("pk"):
            yield f"<p>{book.title}</p>"
        yield "</body></html>"

    return StreamingHttpResponse(lines())


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        yield "one"
        raise ValueError("half-way")

    return StreamingHttpResponse(lines(), content_type="text/plain")


def download(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"bytes" * 100), as_attachment=True, filename="a.bin")


def redirect(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect("/hello/")


def raises(request: HttpRequest) -> HttpResponse:
    raise ValueError("no such shelf")


async def araises(request: HttpRequest) -> HttpResponse:
    raise ValueError("no such shelf")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("staff only")


def absent(request: HttpRequest) -> HttpResponse:
    raise Http404("sold out")


def statements(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
        cursor.execute("SELECT id FROM shelf_book WHERE id > %s", [0])
        cursor.fetchall()
        cursor.executemany("INSERT INTO shelf_author (name) VALUES (%s)", [["a"], ["b"]])
        cursor.execute("SELECT name FROM shelf_author ORDER BY id LIMIT 2")
        list(cursor)
    with transaction.atomic():
        author = Author.objects.create(name="c")
        with transaction.atomic():
            author.name = "d"
            author.save()
    author.delete()
    return HttpResponse(PAGE)


def faulty_sql(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    return HttpResponse(PAGE)


def secret(request: HttpRequest) -> HttpResponse:
    Cover.objects.filter(password="hunter2").exists()
    Cover.objects.create(book=Book.objects.create(title="t"), password="hunter2")
    return HttpResponse(PAGE)


def reads_post(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE + request.POST.get("name", ""))


def reads_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def reads_body(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE + str(len(request.body)))


def uses_session(request: HttpRequest) -> HttpResponse:
    request.session["shelf"] = 3
    return HttpResponse(PAGE)


def nested(request: HttpRequest) -> HttpResponse:
    Book.objects.count()
    inner = Client().get("/queries/2/")
    Book.objects.count()
    return HttpResponse(PAGE + inner.headers["Cycle-Id"])


def in_thread(request: HttpRequest) -> HttpResponse:
    """Follow one's own context into a thread, as a project may."""
    context = contextvars.copy_context()

    def work() -> None:
        Book.objects.count()
        connection.close()

    thread = threading.Thread(target=context.run, args=(work,), name="worker")
    thread.start()
    thread.join()
    return HttpResponse(PAGE)


async def through_threads(request: HttpRequest) -> HttpResponse:
    await sync_to_async(Book.objects.count)()
    await sync_to_async(_count_and_close, thread_sensitive=False)()
    return HttpResponse(PAGE)


def _count_and_close() -> int:
    try:
        return Book.objects.count()
    finally:
        connection.close()


def decorate(view: Any) -> Any:
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


@decorate
def decorated(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def _with_word(request: HttpRequest, word: str) -> HttpResponse:
    return HttpResponse(PAGE + word)


partial_view = partial(_with_word, word="partial")


class Copies(forms.Form):
    count = forms.IntegerField()


def side_events(request: HttpRequest) -> HttpResponse:
    logging.getLogger("shelf").warning("%s copies", 3)
    cache.get("copies")
    EmailBackend().send_messages([EmailMessage("s", "b", "a@example.com", ["b@example.com"])])
    refused = HTTPConnection("127.0.0.1", 1, timeout=1)  # nobody listens there
    with suppress(OSError):
        refused.request("GET", "/")
    default_storage.exists("absent.txt")
    static("shelf.css")
    messages.info(request, "Copied.")
    Copies({"count": "many"}).is_valid()
    AnonymousUser().has_perm("shelf.add_book")
    return HttpResponse(PAGE)


class Shelf(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


class AsyncShelf(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


class Callable:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)
