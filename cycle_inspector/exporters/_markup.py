"""Captured text in Markdown: as text, whatever is in it.

It cannot end a fence, begin a list or a heading, call a person by an "@" or hide what follows.
"""

from __future__ import annotations

import re

# Escaped by a backslash; an underscore inside of a word is none of Markdown's business.
_SPECIAL = re.compile(r"[\\`*\[\]<>#|~&$!]|(?<![^\W_])_|_(?![^\W_])")
# At the beginning of a line these make a list, a heading or a rule.
_LEADING = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=]))")
# What is made a link, or a call, without any mark.
_BARE = re.compile(r"@|://|\bwww\.", re.I)
_TICKS = re.compile(r"`+")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def text(given: object) -> str:
    r"""Return `given` as plain words on one line.

    >>> print(text("a *b* __c__ x_y"))
    a \*b\* \_\_c\_\_ x_y
    """
    line = _on_one_line(given)
    if _BARE.search(line):
        return code(line)  # a backslash stops neither a call nor a link
    return _LEADING.sub(r"\1\\", _SPECIAL.sub(r"\\\g<0>", line))


def code(given: object) -> str:
    """Return `given` as code on one line.

    >>> print(code("a `b` c"))
    ``a `b` c``
    """
    line = _on_one_line(given) or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(given: object, language: str = "") -> str:
    """Return `given` as a block of code, within a fence longer than any in it."""
    lines = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", str(given).replace("\r\n", "\n"))
    ticks = "`" * max(_longest_run(lines) + 1, 3)
    return f"{ticks}{language}\n{lines.strip(chr(10))}\n{ticks}"


def _on_one_line(given: object) -> str:
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(given).split()))


def _longest_run(line: str) -> int:
    return max(map(len, _TICKS.findall(line)), default=0)
