"""What happens beside the stages of a request."""

from __future__ import annotations

import logging
import warnings

from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from demo_site.shop.models import Book
from demo_site.shop.signals import book_sold

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
