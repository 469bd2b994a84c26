"""A model with the columns whose values every database takes in its own way."""

from __future__ import annotations

from typing import Any

from django.db import models


class Parcel(models.Model):
    number = models.UUIDField()
    weight = models.DecimalField(max_digits=8, decimal_places=3)
    sent = models.DateTimeField()
    is_heavy = models.BooleanField()
    contents: Any = models.JSONField()
    seal = models.BinaryField()

    class Meta:
        app_label = "databases"
