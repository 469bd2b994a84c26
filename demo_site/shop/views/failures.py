"""Pages that fail on purpose."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from demo_site.shop import recommendations
from demo_site.shop.models import Book


def staff_pick(request: HttpRequest) -> HttpResponse:
    """Show the best of the newest books; the newest of all has no review yet, so this raises."""
    books = list(Book.objects.prefetch_related("reviews").order_by("-published_on", "pk")[:10])
    return render(request, "shop/staff_pick.html", {"book": recommendations.pick(books)})


def gift_cards(request: HttpRequest) -> HttpResponse:
    """Render a template that nobody has written."""
    books = list(Book.objects.filter(is_featured=True))
    return render(request, "shop/gift_cards.html", {"books": books})
