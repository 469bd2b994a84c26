"""Template tags of the bookshop."""

from __future__ import annotations

from typing import Any

from django import template

from demo_site.shop.models import Review

register = template.Library()


@register.inclusion_tag("shop/_latest_reviews.html")
def latest_reviews(count: int) -> dict[str, Any]:
    """Show the newest reviews of any book."""
    return {"reviews": Review.objects.select_related("book")[:count]}
