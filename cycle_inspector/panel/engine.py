"""The template engine of the panel: it needs nothing of the project's TEMPLATES."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import SafeString

from cycle_inspector.panel import editor

_FOLDER = Path(__file__).resolve().parent.parent / "templates"


@cache
def engine() -> Engine:
    """Return the engine, made at first use."""
    return Engine(
        dirs=[str(_FOLDER)],
        app_dirs=False,
        autoescape=True,
        debug=False,
        builtins=["cycle_inspector.panel.filters"],
    )


def render(name: str, context: Mapping[str, Any]) -> SafeString:
    """Return the template `cycle_inspector/<name>` filled with `context`, whatever the locale."""
    template = engine().get_template(f"cycle_inspector/{name}")
    # Numbers must not get the project's thousand separators: some of them are geometry.
    filled = {"origins": editor.Origins(context.get("cycle")), **context}
    return template.render(Context(filled, use_l10n=False, use_tz=False))
