"""A few models with the relations that matter."""

from __future__ import annotations

import django
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "shelf"


class Book(models.Model):
    title = models.CharField(max_length=50)
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="books")
    blurb = models.TextField(default="")

    class Meta:
        app_label = "shelf"


class Cover(models.Model):
    book = models.OneToOneField(Book, models.CASCADE)
    password = models.CharField(max_length=50, default="")

    class Meta:
        app_label = "shelf"


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.IntegerField()
    subject = GenericForeignKey()

    class Meta:
        app_label = "shelf"


class Tag(models.Model):
    name = models.CharField(max_length=50)
    notes = GenericRelation(Note)

    class Meta:
        app_label = "shelf"


class Board(models.Model):
    """A shelf board, with its tags."""

    tags = models.ManyToManyField(Tag, related_name="boards")
    above = models.ForeignKey("self", models.SET_NULL, null=True)

    class Meta:
        app_label = "shelf"


class Plank(models.Model):
    class Meta:
        app_label = "shelf"


if django.VERSION >= (6, 1):

    class Screw(models.Model):
        """What the database itself deletes along with a plank."""

        plank = models.ForeignKey(Plank, models.DB_CASCADE)

        class Meta:
            app_label = "shelf"
