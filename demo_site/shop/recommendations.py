"""What the bookshop recommends; it breaks on purpose, for the lesson about exceptions."""

from __future__ import annotations

from collections.abc import Iterable

from demo_site.shop.models import Book


def pick(books: Iterable[Book]) -> Book:
    """Return the book that its readers like best."""
    return max(books, key=average_rating)


def average_rating(book: Book) -> float:
    """Return the mean of the ratings of `book`; fails for a book that nobody has reviewed yet."""
    ratings = [review.rating for review in book.reviews.all()]
    return sum(ratings) / len(ratings)
