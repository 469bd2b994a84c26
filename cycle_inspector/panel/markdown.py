"""Our own pages of documentation as HTML: as much of Markdown as they are written in.

Headings, paragraphs, lists, tables and blocks of code; within a line code, links, *emphasis* and
**strong** words. Everything is escaped: there is no HTML in these pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

Link = Callable[[str], str | None]
"""From a target as it is written to an address; None for one that leads nowhere from here."""

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\[(?P<label>[^\]]+)\]\((?P<target>[^()\s]+)\)"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\*(?P<em>[^*]+)\*"
)
_BLOCK = re.compile(
    r"^```\S*\n(?P<code>(?:.*\n)*?)```$"
    r"|^(?P<level>#{1,6}) (?P<heading>.+)$"
    r"|(?P<list>(?:^- .+\n?(?:^  .+\n?)*)+)"
    r"|(?P<table>(?:^\|.*\n?)+)"
    r"|(?P<paragraph>(?:^(?!```|#{1,6} |- |\|).+\n?)+)",
    re.M,
)


def to_html(text: str, link: Link) -> SafeString:
    """Return `text` as HTML, its links as `link` says."""
    return mark_safe("\n".join(_blocks(text, link)))  # noqa: S308 - escaped piece by piece


def _blocks(text: str, link: Link) -> Iterator[str]:
    for block in _BLOCK.finditer(text):
        if block["code"] is not None:
            yield f'<pre tabindex="0"><code>{escape(block["code"])}</code></pre>'
        elif block["heading"]:
            level = len(block["level"])
            yield f"<h{level}>{_inline(block['heading'], link)}</h{level}>"
        elif block["list"]:
            items = re.split(r"^- ", block["list"], flags=re.M)[1:]
            yield f"<ul>{''.join(f'<li>{_inline(one, link)}</li>' for one in items)}</ul>"
        elif block["table"]:
            yield _table(block["table"].splitlines(), link)
        else:
            yield f"<p>{_inline(block['paragraph'], link)}</p>"


def _table(lines: list[str], link: Link) -> str:
    """Return a table; the second line stands below its head."""
    head, *rows = ([cell.strip() for cell in one.strip("|").split("|")] for one in lines)
    names = "".join(f'<th scope="col">{_inline(one, link)}</th>' for one in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{_inline(cell, link)}</td>' for cell in row)}</tr>" for row in rows[1:]
    )
    return f'<table class="grid"><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>'


def _inline(text: str, link: Link) -> str:
    parts, at = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[at : found.start()]), _marked(found, link)]
        at = found.end()
    return "".join([*parts, escape(text[at:])]).strip()


def _marked(found: re.Match[str], link: Link) -> str:
    if found["code"]:
        return f"<code>{escape(found['code'])}</code>"
    if found["strong"]:
        return f"<strong>{escape(found['strong'])}</strong>"
    if found["em"]:
        return f"<em>{escape(found['em'])}</em>"
    label, address = _inline(found["label"], link), link(found["target"])
    if address is None:
        return label
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{label}</a>'
