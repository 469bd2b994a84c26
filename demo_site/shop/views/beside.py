"""What happens beside the stages of a request."""

from __future__ import annotations

import logging
import warnings
from http.client import HTTPConnection, HTTPException

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from demo_site.shop.forms import SearchForm, WishFormSet
from demo_site.shop.models import Book
from demo_site.shop.signals import book_sold

_NOBODY = "127.0.0.1:9"  # the port at which whatever comes is thrown away, if anybody listens
_WISHES = {
    "form-TOTAL_FORMS": "2",
    "form-INITIAL_FORMS": "0",
    "form-0-title": "The Cat in the Window",
    "form-0-copies": "1",
    "form-1-copies": "12",
}

_log = logging.getLogger(__name__)


def newsletter(request: HttpRequest) -> HttpResponse:
    """Send the newsletter to a reader, with the newest books attached."""
    _log.warning("The newsletter is sent to one reader only: %s", "reader@example.com")
    books = cache.get("newsletter:books")
    if books is None:
        books = ", ".join(Book.objects.values_list("title", flat=True)[:5])
    cache.set("newsletter:last", books, timeout=60)
    readers = cache.get_or_set("newsletter:readers", 1)
    mail = EmailMessage(
        "New on the shelves",
        f"Dear reader,\n\nthese books are new: {books}.\n\nThe Little Bookshop",
        "shop@example.com",
        ["reader@example.com"],
        bcc=["archive@example.com"],
    )
    mail.attach("books.txt", books, "text/plain")
    mail.send()
    try:
        int(books)
    except ValueError:
        _log.exception("The number of books is not known.")
    return render(request, "shop/newsletter.html", {"books": books, "readers": readers})


def till(request: HttpRequest) -> HttpResponse:
    """Sell the first book: tell whoever listens, one of whom fails."""
    book = Book.objects.order_by("pk")[:1].get()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nobody sees these but the panel
        for _ in range(3):
            warnings.warn("Prices need a currency from now on.", DeprecationWarning, stacklevel=1)
    answers = book_sold.send_robust(Book, book=book, copies=1)
    return render(request, "shop/till.html", {"book": book, "answers": len(answers)})


def suppliers(request: HttpRequest) -> HttpResponse:
    """Ask two suppliers for their stock: this site itself, and one that is not there."""
    path = f"{reverse('shop:top-rated-api')}?genre=crime&api_key=of-the-little-bookshop"
    answers = {host: _ask(host, path) for host in (request.get_host(), _NOBODY)}
    return render(request, "shop/suppliers.html", {"answers": answers})


def _ask(host: str, path: str) -> str:
    connection = HTTPConnection(host, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
    except (OSError, HTTPException) as error:
        return f"no answer: {type(error).__name__}"
    else:
        return f"{answer.status} {answer.reason}"
    finally:
        connection.close()


def covers(request: HttpRequest) -> HttpResponse:
    """Keep the list of covers for as long as it takes to read it."""
    name = "covers/list.txt"
    was_there = default_storage.exists(name)
    name = default_storage.save(name, ContentFile(b"A cat in a window."))
    with default_storage.open(name) as kept:
        text = kept.read().decode()
    default_storage.delete(name)
    return render(request, "shop/covers.html", {"text": text, "was_there": was_there})


def search(request: HttpRequest) -> HttpResponse:
    """Validate what the address asks for, and two wishes."""
    form = SearchForm(request.GET)
    wishes = WishFormSet(_WISHES)
    context = {"form": form, "is_valid": form.is_valid(), "wishes_are_valid": wishes.is_valid()}
    return render(request, "shop/search.html", context)


def back_room(request: HttpRequest) -> HttpResponse:
    """Show what only some may do."""
    books = list(Book.objects.only("title")[:5])
    may_order = request.user.has_perm("shop.add_order")
    return render(request, "shop/back_room.html", {"books": books, "may_order": may_order})
