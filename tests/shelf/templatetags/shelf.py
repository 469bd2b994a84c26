"""An inclusion tag."""

from __future__ import annotations

from django import template

register = template.Library()


@register.inclusion_tag("shelf/label.html")
def shelf_label(text: str) -> dict[str, str]:
    return {"text": text}
