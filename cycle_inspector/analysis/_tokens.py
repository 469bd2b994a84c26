r"""Cut a statement into its words, names, texts and marks; comments and space are left out.

One regular expression, which reads each character once. What a quote means differs: MySQL and
MariaDB take `"` for a text and `\` for an escape in one, SQLite takes `[` for a quote, PostgreSQL
has texts in dollars.
"""

from __future__ import annotations

import re
from typing import NamedTuple

WORD, NAME, TEXT, NUMBER, GIVEN, MARK, BROKEN = (
    *("word", "name", "text", "number", "given", "mark", "broken"),
)


class Token(NamedTuple):
    """A part of a statement."""

    kind: str  # "name" is a quoted one, "given" a placeholder, "broken" what cannot be read
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """Return a word in capitals; of anything else its text."""
        return self.text.upper() if self.kind == WORD else self.text

    @property
    def name(self) -> str:
        """Return a name without its quotes."""
        if self.kind != NAME:
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)


# A quote or a comment that does not end takes the rest with it: no part of it is read twice.
_REST = r"""
    | (?P<given> %%|%(?:\([^)]*\))?[sbt]|\? )
    | (?P<number> (?:\d[\d_]*+(?:\.\d*+)?|\.\d++)(?:e[+-]?\d++)? )
    | (?P<word> [^\W\d][\w$]*+ )
    | (?P<broken> /\*M?! | (?:/\*|['"`]).* )
    | (?P<mark> ::|<>|<=|>=|!=|\|\||->>|->|\S )
"""
_COMMENT = r"/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/"
_PLAIN_TEXT = r"'[^']*+(?:''[^']*+)*+'"
_ESCAPED_TEXT = r"'(?:[^'\\]++|\\.|'')*+'"
_PLAIN_NAME = r'"[^"]*+(?:""[^"]*+)*+"'
_BACKTICKS = r"`[^`]*+(?:``[^`]*+)*+`"
_DOLLARS = r"\$(?P<tag>(?:[^\W\d]\w*+)?)\$.*?(?:\$(?P=tag)\$|\Z)"

_POSTGRESQL = rf"""
    (?P<space> \s++ | {_COMMENT} | --[^\n]*+ )
    | (?P<text> [eE]{_ESCAPED_TEXT} | {_PLAIN_TEXT} | {_DOLLARS} )
    | (?P<name> {_PLAIN_NAME} )
    {_REST}
"""
_MYSQL = rf"""
    (?P<space> \s++ | {_COMMENT} | --(?=\s|\Z)[^\n]*+ | \#[^\n]*+ )
    | (?P<text> {_ESCAPED_TEXT} | {_ESCAPED_TEXT.replace("'", '"')} )
    | (?P<name> {_BACKTICKS} )
    {_REST}
"""
_OTHER = rf"""
    (?P<space> \s++ | {_COMMENT} | --[^\n]*+ )
    | (?P<text> {_PLAIN_TEXT} )
    | (?P<name> {_PLAIN_NAME} | {_BACKTICKS} | \[[^\]]*+(?:\]|\Z) )
    {_REST}
"""
_FLAGS = re.S | re.X | re.I
_TOKENS = {"postgresql": re.compile(_POSTGRESQL, _FLAGS), "mysql": re.compile(_MYSQL, _FLAGS)}
_ANY_TOKEN = re.compile(_OTHER, _FLAGS)


def tokens(sql: str, vendor: str) -> list[Token]:
    r"""Return the tokens of `sql` as the database of `vendor`, in Django's words, reads it.

    >>> [one.text for one in tokens("SELECT a -- x\n FROM t WHERE b = 'it''s'", "sqlite")]
    ['SELECT', 'a', 'FROM', 't', 'WHERE', 'b', '=', "'it''s'"]
    """
    found = _TOKENS.get(vendor, _ANY_TOKEN).finditer(sql)
    return [
        Token(one.lastgroup or BROKEN, one[0], one.start(), one.end())
        for one in found
        if one.lastgroup != "space"
    ]
