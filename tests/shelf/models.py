"""A few models with the relations that matter."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey
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
