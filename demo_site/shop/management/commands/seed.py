"""Fill the bookshop."""

from __future__ import annotations

from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from demo_site.shop import fiction
from demo_site.shop.models import Author, Book, Genre, Order, Publisher, Review

_SEED = 2005
_BATCH_SIZE = 2000


class Command(BaseCommand):
    """Make the tables and the same rows each time; do nothing where they already are."""

    help = "Make the tables, fill the bookshop and create the superuser admin (password: admin)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --fresh."""
        parser.add_argument(
            "--fresh",
            action="store_true",
            help="Throw away all books and orders first.",
        )

    def handle(self, *args: Any, fresh: bool, **options: Any) -> None:
        """Migrate, seed, and see to the superuser."""
        call_command("migrate", verbosity=0)
        if fresh or not Book.objects.exists():
            with transaction.atomic():
                _clear()
                stock = fiction.make_up(Random(_SEED))
                _save(stock)
            self.stdout.write(
                f"Seeded: {len(stock.books)} books by {len(stock.authors)} authors, "
                f"with {len(stock.reviews)} reviews."
            )
        else:
            self.stdout.write("Already seeded; --fresh makes everything anew.")
        if not get_user_model().objects.filter(username="admin").exists():
            get_user_model().objects.create_superuser("admin", "admin@example.com", "admin")
            self.stdout.write("Created the superuser admin with the password admin.")


def _clear() -> None:
    # In this order nothing is left that points at what goes next.
    for model in (Order, Review, Book, Genre, Author, Publisher):
        model.objects.all().delete()


def _save(stock: fiction.Stock) -> None:
    for rows in (
        stock.publishers,
        stock.authors,
        stock.genres,
        stock.books,
        stock.book_genres,
        stock.reviews,
    ):
        type(rows[0]).objects.bulk_create(rows, batch_size=_BATCH_SIZE)
