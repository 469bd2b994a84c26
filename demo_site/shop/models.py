"""What the bookshop sells, what its readers say of it, and what they order."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse


class Publisher(models.Model):
    """Who prints books."""

    name = models.CharField(max_length=100, unique=True)
    city = models.CharField(max_length=60)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    """Who writes books."""

    name = models.CharField(max_length=100)
    born = models.PositiveSmallIntegerField("year of birth")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Genre(models.Model):
    """A kind of book; a book may be of several."""

    name = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    """A title of the catalogue."""

    title = models.CharField(max_length=120)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    publisher = models.ForeignKey(Publisher, on_delete=models.PROTECT, related_name="books")
    genres = models.ManyToManyField(Genre, related_name="books")
    isbn = models.CharField("ISBN", max_length=13, unique=True)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    pages = models.PositiveSmallIntegerField()
    published_on = models.DateField(db_index=True)
    is_featured = models.BooleanField("lies at the till", default=False, db_index=True)
    blurb = models.TextField(blank=True)

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the URL of its page."""
        return reverse("shop:book-detail", args=[self.pk])


class Review(models.Model):
    """What a reader says of a book."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    reader = models.CharField(max_length=60)
    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField()
    written_on = models.DateField()

    class Meta:
        ordering = ("-written_on", "-pk")

    def __str__(self) -> str:
        return f"{self.reader}: {self.rating} of 5"


class Order(models.Model):
    """Books that somebody wants to have."""

    customer = models.CharField("your name", max_length=100)
    email = models.EmailField("your email address")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"Order {self.pk}"


class OrderLine(models.Model):
    """So many copies of one book, at the price of the day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    price = models.DecimalField(max_digits=6, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.quantity} at {self.price}"

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.quantity * self.price
