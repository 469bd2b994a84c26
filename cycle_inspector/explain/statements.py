"""Which statements may be sent to a database once more: those that only read.

A statement is taken apart into words, names and signs. What the databases read differently (a
backslash in a text, a nested comment, a dollar quote) is refused rather than guessed at: a reader
that takes for text what the database takes for a statement is worth nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    |(?P<given>%s|%\(\w+\)s)
    |(?P<word>[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)

_CUT = re.compile(r"… \(\d+ more characters\)\Z")
_BEGINNING = re.compile(
    r"(?>\s+|\(|--[^\n]*\n|/\*.*?\*/)*+(?:SELECT|WITH|VALUES)\b", re.I | re.DOTALL
)

_ESCAPE = "'\\'"  # as Django writes it behind LIKE
_BACKSLASH = "A text in it has a backslash, which databases read differently."

_READING = frozenset(("SELECT", "WITH", "VALUES"))
_CHANGING = frozenset(
    ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP")
)
_LOCKING = frozenset(("UPDATE", "SHARE", "NO", "KEY"))


class Refused(Exception):
    """It is not explained; its text is a sentence that says why."""


class Token(NamedTuple):
    """A word, name or sign of a statement."""

    kind: str
    text: str

    @property
    def keyword(self) -> str:
        """The word in capitals; empty for what is not a bare word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def identifier(self) -> str:
        """The name that it may be; empty for a text, a number or a sign."""
        if self.kind == "name":
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text if self.kind == "word" else ""


def begins_as_read(sql: str) -> bool:
    """Say whether it is worth offering to explain `sql`, by its beginning alone."""
    return _BEGINNING.match(sql) is not None


def check(sql: str, vendor: str) -> list[Token]:
    """Return the tokens of `sql`, which only reads; raise `Refused` if it may do more."""
    if _CUT.search(sql):
        raise Refused("The statement was too long to be kept whole.")
    tokens = [_checked(Token(str(one.lastgroup), one[0]), vendor) for one in _TOKENS.finditer(sql)]
    tokens = [one for one in tokens if one.kind not in ("space", "comment")]
    for before, token in pairwise(tokens):
        if token.text == _ESCAPE and before.keyword != "ESCAPE":  # E'\' is another text
            raise Refused(_BACKSLASH)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if any(one.text == ";" for one in tokens):
        raise Refused("There are several statements in it.")
    first = next((one for one in tokens if one.text != "("), None)
    if first is None or first.keyword not in _READING:
        raise Refused("Only a statement that reads is explained: SELECT, WITH or VALUES.")
    _check_words([one.keyword for one in tokens])
    return tokens


def _check_words(words: list[str]) -> None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "INTO":
            raise Refused("SELECT … INTO writes what it reads.")
        if (word == "FOR" and following in _LOCKING) or (word == "LOCK" and following == "IN"):
            raise Refused("It locks the rows that it reads.")
        if word in _CHANGING:
            raise Refused(f"There is {word} in it: only a statement that reads is explained.")


def _checked(token: Token, vendor: str) -> Token:
    kind, text = token
    if kind in ("text", "name") and "\\" in text and (vendor == "mysql" or text != _ESCAPE):
        raise Refused(_BACKSLASH)
    if kind == "comment":
        if text.startswith(("/*!", "/*M!")):
            raise Refused("A comment in it is run by the database.")
        if "/*" in text[2:] or (vendor == "mysql" and re.match(r"--\S", text)):
            raise Refused("A comment in it is read differently by databases.")
    if kind == "sign":
        if text in ("'", '"', "`", "\\") or (text == "#" and vendor == "mysql"):
            raise Refused("It cannot be told where a text or a comment in it ends.")
        if text in ("$", "\0"):
            raise Refused("There is a sign in it that databases read differently.")
        if text == "[" and vendor == "sqlite":
            raise Refused("A name in square brackets is not read here.")
    return token
