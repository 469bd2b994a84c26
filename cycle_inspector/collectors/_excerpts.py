"""A few lines of source around the one that matters, read when the cycle is written.

Kept in the record, they stay true when the file changes, and no file has to be opened for a reader.
"""

from __future__ import annotations

import linecache
import os
import re
from itertools import islice
from types import CodeType

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import cut
from cycle_inspector.records import HIDDEN, Json

_LONGEST_LINE = 200
_ANYBODYS = ("<string>", "<stdin>")  # what all code is called that came in so

# The name beside which a text stands: `password="…"`, `"token": "…"`, `["key"] = "…"`.
_NAMED = re.compile(
    r"""(?<![\w-])(?P<name>[\w-]{1,64})["']?\]?\s*[:=]\s*[rbfu]{0,2}(?P<quote>["'])""", re.I
)
_TEXTS = {quote: re.compile(rf"(?:\\.|[^{quote}\\])*") for quote in ("'", '"')}


def around(path: str, line: int, reach: int) -> dict[str, Json]:
    """Return `first`, the number of the first line, and `lines`; nothing if there is no source.

    `linecache` keeps what it reads, as it does for the traceback in the log of the same exception.
    """
    # A relative path would be looked for along sys.path; of generated code only a cell of a shell
    # has a name of its own.
    if not os.path.isabs(path) and (path in _ANYBODYS or not path.startswith("<")):
        return {}
    return excerpt(linecache.getlines(path), line, reach)


def excerpt(lines: list[str], line: int, reach: int) -> dict[str, Json]:
    """Return the same of the lines of a text."""
    first = max(line - reach, 1)
    chosen = lines[first - 1 : line + reach]
    if not 1 <= line <= len(lines):
        return {}
    return {"first": first, "lines": [shown(one) for one in chosen]}


def columns(code: CodeType, offset: int, line: int) -> list[int] | None:
    """Return from where to where the instruction at `offset` reaches in its line, in characters.

    None where that is not known, or is the whole of the line.
    """
    found = next(islice(code.co_positions(), offset // 2, None), None)
    if found is None:
        return None
    start_line, end_line, start, end = found
    if start_line != line or end_line != line or start is None or end is None:
        return None
    source = linecache.getline(code.co_filename, line).rstrip("\n")
    # The offsets count bytes.
    encoded = source.encode("utf-8", "replace")
    start, end = (len(encoded[:at].decode("utf-8", "replace")) for at in (start, end))
    if source[start:end] == source.strip() or end > _LONGEST_LINE or shown(source) != source:
        return None
    return [start, end]


def shown(line: str) -> str:
    """Return a line as it is kept: not too long, and without a secret that is spelled out."""
    line = line.rstrip("\r\n")
    parts: list[str] = []
    at = 0
    for found in _NAMED.finditer(line):
        if found.end() > at and _redaction.is_secret(found["name"]):
            parts += line[at : found.end()], HIDDEN
            text = _TEXTS[found["quote"]].match(line, found.end())
            at = found.end() if text is None else text.end()
    return cut("".join((*parts, line[at:])), _LONGEST_LINE)
