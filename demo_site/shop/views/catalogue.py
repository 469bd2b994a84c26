"""Pages that show books, some well and some badly on purpose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Avg, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import DetailView, ListView

from demo_site.shop.lessons import LESSONS
from demo_site.shop.models import Author, Book, Genre


def start(request: HttpRequest) -> HttpResponse:
    """Show all lessons in order."""
    return render(request, "shop/start.html", {"lessons": LESSONS})


class BookList(ListView):
    """The catalogue, page by page, with all that a row needs fetched at once."""

    queryset = (
        Book.objects.select_related("author", "publisher")
        .prefetch_related("genres")
        .order_by("-published_on", "pk")
    )
    paginate_by = 20
    context_object_name = "books"
    template_name = "shop/book_list.html"


class BookDetail(DetailView):
    """A book with what its readers say of it."""

    queryset = Book.objects.select_related("author", "publisher").prefetch_related("genres")
    context_object_name = "book"
    template_name = "shop/book_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the latest reviews, and the average of all of them."""
        reviews = self.object.reviews.all()
        average = reviews.aggregate(average=Avg("rating"))["average"]
        return super().get_context_data(reviews=reviews[:20], average=average, **kwargs)


def one_by_one(request: HttpRequest) -> HttpResponse:
    """Show the newest books, their authors and publishers left for the template to ask for."""
    books = Book.objects.order_by("-published_on", "pk")[:25]
    return render(request, "shop/one_by_one.html", {"books": books})


def authors(request: HttpRequest) -> HttpResponse:
    """Show ten authors with their longest books, and how many books there are in all."""
    authors = Author.objects.prefetch_related("books").order_by("pk")[:10]
    rows = [(author, author.books.order_by("-pages").first()) for author in authors]
    return render(
        request, "shop/authors.html", {"rows": rows, "book_count": len(Book.objects.all())}
    )


def genres(request: HttpRequest) -> HttpResponse:
    """Show the genres, for the template to count the books of each and to list their authors."""
    return render(request, "shop/genres.html", {"genres": Genre.objects.order_by("name")[:6]})


class Navigation:
    """The genres, for whatever part of a page lists them."""

    @property
    def genres(self) -> QuerySet[Genre]:
        """A new queryset at each call, so nothing is ever found in its cache."""
        return Genre.objects.all()


def navigation(request: HttpRequest) -> HttpResponse:
    """Show the genres at four places, fetched four times."""
    books = Book.objects.filter(is_featured=True).select_related("author")
    return render(request, "shop/navigation.html", {"books": books, "navigation": Navigation()})


def price_ranking(request: HttpRequest) -> HttpResponse:
    """Rank the longer books by price: for each of them the subquery walks through all books."""
    books = Book.objects.raw(
        """
        SELECT book.id, book.title, book.price, author.name AS author_name,
            (SELECT COUNT(*) FROM shop_book AS other WHERE other.price < book.price) AS cheaper
        FROM shop_book AS book
        JOIN shop_author AS author ON author.id = book.author_id
        WHERE book.pages >= %s
        ORDER BY cheaper DESC, book.title
        LIMIT 20
        """,
        [200],
    )
    return render(request, "shop/price_ranking.html", {"books": books})


def shelves(request: HttpRequest) -> HttpResponse:
    """Show 60 books, each drawn by a template of its own; there is no page for the season."""
    books = Book.objects.select_related("author").order_by("-published_on", "pk")[:60]
    return render(request, ["shop/shelves_in_season.html", "shop/shelves.html"], {"books": books})


def prices_abroad(request: HttpRequest) -> HttpResponse:
    """Show what the books at the till cost in the currencies that the middleware asked for."""
    rates: dict[str, Decimal] = request.exchange_rates
    rows = [
        (book, [book.price * rate for rate in rates.values()])
        for book in Book.objects.filter(is_featured=True)
    ]
    return render(request, "shop/prices_abroad.html", {"rows": rows, "currencies": list(rates)})
