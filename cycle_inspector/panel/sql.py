"""SQL as a person reads it: on one line, over several, and with its words marked.

Formatting is only done where it is cheap: a statement of a megabyte is shown as it is.
"""

from __future__ import annotations

import re
from time import monotonic

import sqlparse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

_FORMAT_UP_TO = 6_000  # characters; sqlparse takes some 10 ms for these
_HIGHLIGHT_UP_TO = 20_000
_SHORT = 220

_COLUMNS = re.compile(r"^(SELECT(?: DISTINCT)?) .{60,}? FROM ", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"[^"]*"|`[^`]*`|\[[^\]]*\])
    |(?P<given>%s|%\(\w+\)s|\?|:\w+)
    |(?P<number>\b\d+(?:\.\d+)?\b)
    |(?P<word>\b(?:SELECT|DISTINCT|FROM|WHERE|AND|OR|NOT|IN|IS|NULL|AS|ON|JOIN|INNER|LEFT|RIGHT
    |OUTER|CROSS|GROUP|ORDER|BY|HAVING|LIMIT|OFFSET|INSERT|INTO|VALUES|UPDATE|SET|DELETE|RETURNING
    |CREATE|ALTER|DROP|TABLE|INDEX|UNION|ALL|EXISTS|CASE|WHEN|THEN|ELSE|END|BETWEEN|LIKE|ESCAPE
    |ASC|DESC|COUNT|SUM|MIN|MAX|AVG|WITH|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|TO)\b)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def shorten(statement: str) -> str:
    """Return `statement` on one line, a long list of columns left out.

    >>> shorten('SELECT ' + ', '.join(['"shop_book"."title"'] * 9) + ' FROM "shop_book"')
    'SELECT … FROM "shop_book"'
    """
    line = " ".join(statement[: _SHORT * 20].split())
    line = _COLUMNS.sub(r"\1 … FROM ", line, count=1)
    return line if len(line) <= _SHORT else line[:_SHORT] + "…"


class Formatter:
    """Formats the statements of one page, each once, until its time is used up."""

    def __init__(self, budget_seconds: float = 0.4) -> None:
        self._until = monotonic() + budget_seconds
        self._known: dict[str, str] = {}
        self._plain: set[str] = set()

    def format(self, statement: str) -> str:
        """Return `statement` over several lines, or as it is where that would take too long."""
        known = self._known.get(statement)
        if known is not None:
            return known
        known = statement
        if len(statement) <= _FORMAT_UP_TO and monotonic() < self._until:
            try:
                known = sqlparse.format(statement, reindent=True, wrap_after=80)
            except Exception:  # sqlparse gives up on deep nesting with errors of several kinds
                self._plain.add(statement)
        else:
            self._plain.add(statement)
        self._known[statement] = known
        return known

    def is_plain(self, statement: str) -> bool:
        """Say whether `statement`, which was to be formatted, is as it came."""
        return statement in self._plain


def highlight(statement: str) -> SafeString:
    """Return `statement` as markup: escaped, its keywords, names and values in spans."""
    if len(statement) > _HIGHLIGHT_UP_TO:
        return conditional_escape(statement)
    parts: list[SafeString] = []
    at = 0
    for found in _WORDS.finditer(statement):
        parts.append(conditional_escape(statement[at : found.start()]))
        parts.append(format_html('<span class="sql-{}">{}</span>', found.lastgroup, found.group()))
        at = found.end()
    parts.append(conditional_escape(statement[at:]))
    return format_html_join("", "{}", ((part,) for part in parts))
