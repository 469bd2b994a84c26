"""Filters and tags of the panel's templates; the one place where nanoseconds become text."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cycle_inspector.panel import editor, sql, tracebacks
from cycle_inspector.records import TemplateLine

register = template.Library()

_LONGEST_LINE = 90  # characters
_DEEPEST = 12  # the stylesheet has this many steps of indentation


@register.filter
def ms(nanoseconds: Any) -> str:
    """Return a duration as a person reads it: three digits at most, in ms or s.

    >>> ms(84_123_456), ms(310_000), ms(4_000), ms(2_345_678_901), ms(None)
    ('84.1 ms', '0.31 ms', '<0.01 ms', '2.35 s', '')
    """
    if not isinstance(nanoseconds, int | float):
        return ""
    value = nanoseconds / 1_000_000
    if value >= 999.5:
        return f"{value / 1000:.2f} s" if value < 99_995 else f"{value / 1000:.0f} s"
    if value >= 99.95:
        return f"{value:.0f} ms"
    if value >= 9.995:
        return f"{value:.1f} ms"
    if value >= 0.01:
        return f"{value:.2f} ms"
    return "<0.01 ms" if value > 0 else "0 ms"


@register.filter
def size(count: Any) -> str:
    """Return a number of bytes in the unit that suits it.

    >>> size(812), size(20_480), size(3_400_000)
    ('812 B', '20.0 KB', '3.2 MB')
    """
    if not isinstance(count, int | float):
        return ""
    if count < 1024:
        return f"{count:.0f} B"
    return f"{count / 1024:.1f} KB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"


@register.filter
def counted(count: Any, nouns: str) -> str:
    """Return `count` with its noun, given as "query,queries".

    >>> counted(1, "query,queries"), counted(12, "query,queries")
    ('1 query', '12 queries')
    """
    one, _, many = nouns.partition(",")
    return f"{count} {one if count == 1 else many}"


@register.filter
def moment(instant: Any) -> str:
    """Return an aware datetime in the current time zone, to the second."""
    if not isinstance(instant, datetime):
        return ""
    return timezone.localtime(instant).strftime("%Y-%m-%d %H:%M:%S")


@register.filter
def short_path(path: Any) -> str:
    """Return the end of a file's path that a person knows it by.

    >>> short_path("/srv/shop/catalog/views.py")
    'shop/catalog/views.py'
    >>> short_path("/env/lib/python3.13/site-packages/django/db/models/query.py")
    'django/db/models/query.py'
    """
    text = str(path)
    _, installed, rest = text.rpartition("/site-packages/")
    return rest if installed else "/".join(PurePath(text).parts[-3:])


@register.filter
def in_words(name: Any) -> str:
    """Return a name of the records without its underscores.

    >>> in_words("not_found")
    'not found'
    """
    return str(name).replace("_", " ")


@register.filter
def tail(dotted: Any) -> str:
    """Return the last part of a dotted name."""
    return str(dotted).rpartition(".")[2]


@register.filter
def origin_of(dotted: Any) -> str:
    """Return a dotted name without its last part."""
    return str(dotted).rpartition(".")[0]


@register.filter
def plain(value: Any) -> str:
    """Return a JSON value on one line, over several where one does not do, a text as it is."""
    if isinstance(value, str):
        return value
    line = json.dumps(value, ensure_ascii=False, default=str)
    return line if len(line) <= _LONGEST_LINE else tree(value)


@register.filter
def is_branched(value: Any) -> bool:
    """Say whether `plain` needs several lines, with indentation, for a JSON value."""
    return not isinstance(value, str) and "\n" in plain(value)


@register.filter
def tree(value: Any) -> str:
    """Return a JSON value over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


@register.filter
def short_sql(statement: str) -> str:
    """Return a statement on one line, a long list of columns left out."""
    return sql.shorten(statement)


@register.filter
def colour_sql(statement: str) -> SafeString:
    """Return a statement as markup with its words marked."""
    return sql.highlight(statement)


@register.filter
def trace_blocks(trace: Any) -> list[tracebacks.Block]:
    """Return the frames of an exception as they are shown."""
    return tracebacks.blocks(trace)


@register.filter
def linked_errors(attributes: Any) -> list[tracebacks.Linked]:
    """Return the exceptions that led to the one of these attributes."""
    return tracebacks.linked(attributes)


@register.filter
def excerpt_lines(excerpt: Any) -> list[tracebacks.Line]:
    """Return lines of source as they are shown."""
    return tracebacks.lines(excerpt)


@register.filter
def depth(level: Any) -> str:
    """Return the class that indents by `level`."""
    return f"depth-{min(max(level if isinstance(level, int) else 0, 0), _DEEPEST)}"


@register.filter
def changed_lines(diff: str) -> list[tuple[str, str]]:
    r"""Return the lines of a diff below its head, each with what happens to it.

    >>> changed_lines("--- a.py\n+++ a.py\n@@ -1 +1 @@\n-old\n+new")
    [('removed', '-old'), ('added', '+new')]
    """
    kinds = {"-": "removed", "+": "added"}
    return [(kinds.get(line[:1], "kept"), line) for line in diff.split("\n")[3:]]


@register.filter
def status_class(status: Any) -> str:
    """Return the class that colours a status code."""
    return f"status-{status // 100}xx" if isinstance(status, int) else "status-none"


@register.simple_tag
def fact(label: str, value: Any, note: str = "") -> SafeString | str:
    """Return one row of a list of facts; nothing where there is no value."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    row = '<div class="fact"><dt>{}</dt><dd>{}{}</dd></div>'
    beside = format_html(' <span class="quiet">{}</span>', note) if note else ""
    return format_html(row, label, value, beside)


@register.simple_tag
def place(path: Any, line: Any = None, function: Any = "", is_project: Any = True) -> SafeString:  # noqa: FBT002 - as it stands in a template
    """Return a line of a file, which is a link where it can be opened in an editor."""
    if not path:
        return SafeString()
    shown = format_html("{}:{}", short_path(path), line) if line else short_path(path)
    if function:
        shown = format_html('{} <span class="function">{}</span>', shown, function)
    title = f"{path}:{line}" if line else str(path)
    look = "place" if is_project else "place foreign"
    return _linked(shown, title, look, editor.url(path, line))


@register.simple_tag(takes_context=True)
def template_place(context: Any, line: Any) -> SafeString:
    """Return a line of a template, which is a link where its file is known and can be opened."""
    name, number = (
        (line.name, line.line)
        if isinstance(line, TemplateLine)
        else (line.get("name"), line.get("line"))
    )
    origins = context.get("origins")
    path = None if origins is None else origins.file_of(line)
    shown = format_html("{}:{}", name, number)
    return _linked(shown, f"{path or name}:{number}", "place", editor.url(path, number))


def _linked(shown: Any, title: str, look: str, url: str | None) -> SafeString:
    if url is None:
        return format_html('<span class="{}" title="{}">{}</span>', look, title, shown)
    return format_html(
        '<a class="{}" href="{}" title="{}: open in your editor">{}</a>', look, url, title, shown
    )
