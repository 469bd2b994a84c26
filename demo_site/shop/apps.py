"""The bookshop as an app."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The bookshop."""

    name = "demo_site.shop"
