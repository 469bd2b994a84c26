"""A shop with a relation of each kind."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=50)


class Publisher(models.Model):
    code = models.CharField(max_length=10, primary_key=True)


class Tag(models.Model):
    word = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.IntegerField()
    subject = GenericForeignKey()


class Genre(models.Model):
    name = models.CharField(max_length=50)


class Author(models.Model):
    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE)

    def titles(self) -> list[str]:
        return [book.title for book in self.books.all()]


class Book(models.Model):
    title = models.CharField(max_length=50)
    blurb = models.TextField(default="")
    price = models.IntegerField(default=1)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.CASCADE, null=True, related_name="edited")
    publisher = models.ForeignKey(Publisher, models.CASCADE)
    genres = models.ManyToManyField(Genre, related_name="books")
    tags = GenericRelation(Tag)


class Cover(models.Model):
    book = models.OneToOneField(Book, models.CASCADE)
    colour = models.CharField(max_length=50)
