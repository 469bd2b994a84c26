"""Responses that are not one page rendered by one sync view."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path

from django.db.models import Avg, Count
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string

from demo_site.shop.models import Author, Book, Genre, Publisher, Review

_PRICE_LIST = Path(__file__).resolve().parent.parent / "downloads" / "price-list.txt"
_MARK = "<!-- parts -->"


def top_rated(request: HttpRequest) -> HttpResponse:
    """Show an empty list and the genres; the script of the page fetches the books."""
    return render(request, "shop/top_rated.html", {"genres": Genre.objects.all()})


def top_rated_api(request: HttpRequest) -> JsonResponse:
    """Return the best books of the genre that the query string names, as JSON."""
    genre = get_object_or_404(Genre, slug=request.GET.get("genre", ""))
    books = (
        genre.books.select_related("author")
        .annotate(rating=Avg("reviews__rating"), review_count=Count("reviews"))
        .filter(review_count__gte=3)
        .order_by("-rating", "-review_count", "title")[:8]
    )
    return JsonResponse(
        {
            "genre": genre.name,
            "books": [
                {
                    "title": book.title,
                    "url": book.get_absolute_url(),
                    "author": book.author.name,
                    "rating": round(book.rating, 1),
                    "review_count": book.review_count,
                }
                for book in books
            ],
        }
    )


def report(request: HttpRequest) -> StreamingHttpResponse:
    """Send the yearly report part by part, each as soon as its query is answered."""
    return StreamingHttpResponse(_report_parts(request))


def _report_parts(request: HttpRequest) -> Iterator[str]:
    # A template that extends another is rendered as a whole; the mark is where to cut it.
    page = render_to_string("shop/report.html", {"mark": _MARK}, request)
    head, _, foot = page.partition(_MARK)
    yield head
    authors = Author.objects.annotate(count=Count("books")).order_by("-count", "name")[:5]
    yield _report_part("Busiest authors", authors)
    publishers = Publisher.objects.annotate(count=Count("books")).order_by("-count", "name")[:5]
    yield _report_part("Largest publishers", publishers)
    genres = Genre.objects.annotate(count=Count("books")).order_by("-count", "name")[:5]
    yield _report_part("Fullest shelves", genres)
    yield foot


def _report_part(heading: str, rows: object) -> str:
    return render_to_string("shop/_report_part.html", {"heading": heading, "rows": rows})


class _Echo:
    """What csv.writer takes for a file: `write` returns the line, and `writerow` passes it on."""

    def write(self, line: str) -> str:
        return line


def export(request: HttpRequest) -> StreamingHttpResponse:
    """Send the whole catalogue as CSV without ever holding all of it."""
    return StreamingHttpResponse(
        _export_lines(),
        content_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="books.csv"'},
    )


def _export_lines() -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(("isbn", "title", "author", "genres", "price"))
    books = Book.objects.select_related("author").prefetch_related("genres").order_by("pk")
    for book in books.iterator(chunk_size=2000):
        genres = "; ".join(genre.name for genre in book.genres.all())
        yield writer.writerow((book.isbn, book.title, book.author.name, genres, book.price))


async def dashboard(request: HttpRequest) -> HttpResponse:
    """Show five numbers, asked for together."""
    book_count, author_count, review_count, rating, newest = await asyncio.gather(
        Book.objects.acount(),
        Author.objects.acount(),
        Review.objects.acount(),
        Review.objects.aaggregate(average=Avg("rating")),
        Book.objects.select_related("author").alatest("published_on", "pk"),
    )
    return render(
        request,
        "shop/dashboard.html",
        {
            "book_count": book_count,
            "author_count": author_count,
            "review_count": review_count,
            "average_rating": rating["average"],
            "newest": newest,
        },
    )


def price_list(request: HttpRequest) -> FileResponse:
    """Send the price list as a file to save."""
    return FileResponse(_PRICE_LIST.open("rb"), as_attachment=True)
