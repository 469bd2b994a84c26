"""Where a URL pattern is written: the URLconf it stands in, and the line of that module.

Django does not keep the line. It is found in the source, where a call of `path()` or `re_path()`
has the pattern's own text for its first argument; where that is not certain, no line is told.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from django.urls.resolvers import URLResolver

from cycle_inspector.routes.patterns import Chain, is_expression, is_route

_LARGEST_BYTES = 2_000_000
_CALLS = frozenset({"path", "re_path", "url"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pattern is written."""

    module: str
    path: str | None = None  # of the file
    line: int | None = None


def place_of(chain: Chain, root: str | None) -> Place | None:
    """Return where the last pattern of `chain` is written; `root` names the URLconf searched."""
    for resolver in reversed(chain[:-1]):
        if isinstance(resolver, URLResolver):
            name = _name(resolver.urlconf_name)
            if name is not None:
                return _place(name, chain[-1])
    found = None if root is None else _place(root, chain[-1])
    # A list that is included is mostly written in the same module, or made by a program.
    return found if found is None or found.line or len(chain) == 1 else None


def _name(urlconf: Any) -> str | None:
    if isinstance(urlconf, ModuleType):
        return urlconf.__name__
    return urlconf if isinstance(urlconf, str) else None


def _place(name: str, pattern: Any) -> Place | None:
    module = sys.modules.get(name)
    if module is None:  # it is no module: ROOT_URLCONF may be a list
        return None
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return Place(name)
    text = _text(pattern.pattern)
    lines = [] if text is None else _calls(file).get(text, [])
    if len(lines) > 1:
        lines = [one for one in lines if one[1] == getattr(pattern, "name", None)]
    return Place(name, file, lines[0][0] if len(lines) == 1 else None)


def _text(pattern: Any) -> str | None:
    text = (
        pattern._route if is_route(pattern) else pattern._regex if is_expression(pattern) else None
    )
    return text if isinstance(text, str) else None  # a translated one is written otherwise


@lru_cache(maxsize=200)
def _calls(file: str) -> dict[str, list[tuple[int, str | None]]]:
    """Return the line and the name of each call in `file` that makes a pattern, by its text."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    try:
        source = Path(file)
        if source.suffix != ".py" or source.stat().st_size > _LARGEST_BYTES:
            return found
        parsed = ast.parse(source.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return found
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call) and _called(node.func) in _CALLS:
            text = _constant(node.args[0]) if node.args else _keyword(node, "route", "regex")
            if text is not None:
                found.setdefault(text, []).append((node.lineno, _keyword(node, "name")))
    return found


def _called(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _keyword(node: ast.Call, *names: str) -> str | None:
    return next((_constant(one.value) for one in node.keywords if one.arg in names), None)


def _constant(node: ast.expr) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None
