"""The source of a template as it is now, with what each of its lines cost in a cycle.

Only a file that a render of the cycle names, below a root of the project or of its environment, is
opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.template import engines

from cycle_inspector.collectors import _excerpts
from cycle_inspector.records import Cycle, Query, Render

_MOST_BYTES = 500_000
_SLOW_SHARE = 10  # a line is marked from one part in so many of the template's whole time


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A line, what ran from it, and whether that took long."""

    number: int
    text: str
    queries: tuple[Query, ...]
    duration_ns: int
    is_slow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A template's file; `problem` says why there are no lines."""

    name: str
    path: str
    lines: tuple[SourceLine, ...] = ()
    problem: str = ""


def is_file(render: Render) -> bool:
    """Whether the template was read from a file, so that its source may be looked at."""
    return bool(render.name) and os.path.isabs(render.origin)


def of(cycle: Cycle, render_id: int) -> Source | None:
    """Return the source of the template of one render; None if there is no such render."""
    render = next((one for one in cycle.renders if one.id == render_id), None)
    if render is None or not is_file(render):
        return None
    path = os.path.realpath(render.origin)
    if not any(path.startswith(root) for root in _roots()):
        problem = "This file stands outside of the project and its environment; it is not shown."
        return Source(name=render.name, path=render.origin, problem=problem)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES)
    except OSError as error:
        problem = f"The file cannot be read any more: {error.strerror}."
        return Source(name=render.name, path=render.origin, problem=problem)
    # Nodes of a partial name the file that it stands in.
    lines = _lines(cycle, render, text.split("\n"))
    return Source(name=render.name, path=render.origin, lines=tuple(lines))


def _lines(cycle: Cycle, render: Render, texts: list[str]) -> Iterator[SourceLine]:
    queries: dict[int, list[Query]] = {}
    times: dict[int, int] = {}
    names = {one.name for one in cycle.renders if one.origin == render.origin}
    for query in cycle.queries:
        if query.template is not None and query.template.name in names:
            queries.setdefault(query.template.line, []).append(query)
            line = query.template.line
            times[line] = times.get(line, 0) + query.duration_ns
    for one in cycle.renders:
        # A parent is the whole of the page; its line would always be the slowest.
        if one.template is not None and one.template.name in names and one.how != "extends":
            times[one.template.line] = times.get(one.template.line, 0) + one.duration_ns
    whole = sum(one.duration_ns for one in cycle.renders if one.origin == render.origin)
    for number, text in enumerate(texts, 1):
        took = times.get(number, 0)
        yield SourceLine(
            number=number,
            text=_excerpts.shown(text),
            queries=tuple(queries.get(number, ())),
            duration_ns=took,
            is_slow=took > 0 and took * _SLOW_SHARE >= whole,
        )


def _roots() -> list[str]:
    base = getattr(settings, "BASE_DIR", None) or os.getcwd()
    folders = [base, sys.prefix, *(app.path for app in apps.get_app_configs())]
    for engine in engines.all():
        folders += getattr(engine, "template_dirs", ())
    roots = {os.path.realpath(os.fspath(one)) for one in folders}
    return [root.rstrip(os.sep) + os.sep for root in roots if root != os.sep]
