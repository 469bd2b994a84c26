"""What the bookshop tells of, and who listens."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal, receiver

from demo_site.shop.models import Book

book_sold = Signal()


@receiver(book_sold)
def count_the_shelf(sender: Any, book: Book, **_: Any) -> int:
    """Return how many books are left."""
    return Book.objects.exclude(pk=book.pk).count()


@receiver(book_sold)
def print_a_receipt(sender: Any, **_: Any) -> None:
    """Fail, as there is no printer."""
    raise OSError("The printer is out of paper.")
