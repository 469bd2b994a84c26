"""What an exception says, read without running its code and without the secrets in it.

Databases quote the values they stumble over. Where the name of the column stands beside a value,
it decides; where none does, as in PostgreSQL's "Failing row contains", the values are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import HIDDEN

# A subclass may have an `args` of its own.
_arguments_of: Callable[[BaseException], tuple[Any, ...]] = vars(BaseException)["args"].__get__

# PostgreSQL: the columns and their values, to the last parenthesis, as a value may hold some.
_KEY = re.compile(r"(?<=Key \()(.*?)\)=\(.*\)", re.S)
_ROW = re.compile(r"(?<=row contains )\(.*\)", re.S)
# MySQL: the value and its column or index.
_VALUE_FOR = re.compile(r"(?<= ').*' for (key|column) ([^\s,)]+)", re.S)
# A piece of the statement, with the parameters that a driver has put in: of PostgreSQL with the
# mark below it, of MySQL.
_PIECE = re.compile(
    r"\nLINE \d+: (.*?)(?:\n *\^|\Z)|(?<= near )'(.*)'(?= at line)",
    re.S,
)
_WORD = re.compile(r"\w+")
# A name and its value, as they stand in texts: `token=…`, `"password": "…"`, `Authorization: …`.
_NAMED = re.compile(
    r"(?P<name>[\w-]+)(?P<mark>[\"']?\s?[=:]\s?)"
    r"(?P<value>\"[^\"\n]*\"?|'[^'\n]*'?|(?:Bearer |Basic |Token )?[^\s&,;\"'()\[\]{}]+)",
    re.I,
)
_UNSPACED = re.compile(r"\S+")
# The key of a session, as Django's own session engines put it into a cache.
_SESSION = re.compile(r"(?<=django\.contrib\.sessions\.)(cached_db|cache)\w+")


def message_of(error: BaseException) -> str:
    """Return what `error` was made with; not `str(error)`, which may run the project's code."""
    args = _arguments_of(error)
    # Resolver404 carries the patterns, see the routing.
    if not args or issubclass(type(args[0]), dict):
        return ""
    texts = [str(_redaction.redact("", to_json(one))) for one in args]
    return hide_values(texts[0] if len(texts) == 1 else cut(", ".join(texts)))


def hide_values(message: str) -> str:
    """Return a message, as of a database, without the values that are, or may be, secret."""
    if "?" in message:
        message = _UNSPACED.sub(_redacted_address, message)
    message = _KEY.sub(_named_before, message)
    message = _ROW.sub(f"({HIDDEN})", message)
    message = _VALUE_FOR.sub(_named_after, message)
    return _PIECE.sub(_piece, message)


def _redacted_address(found: re.Match[str]) -> str:
    """Hide what an address with a query holds, as urllib3 quotes the one it could not reach."""
    text = found[0]
    # Not by a pattern: what a visitor can have quoted must not be gone over again and again.
    mark = text.find("?", 1)
    has_value = mark > 0 and text.find("=", mark + 2, len(text) - 1) > 0
    return _redaction.redact_url(text) if has_value else text


def clean(text: str) -> str:
    """Return a text that the page has put together without the secrets that it names."""
    text = str(_redaction.redact("", hide_values(text)))
    if "=" in text or ":" in text:
        text = _NAMED.sub(_value_hidden, text)
    return _SESSION.sub(rf"\1{HIDDEN}", text)


def _value_hidden(found: re.Match[str]) -> str:
    if not _redaction.is_secret(found["name"]):
        return found[0]
    return f"{found['name']}{found['mark']}{HIDDEN}"


def _named_before(found: re.Match[str]) -> str:
    return f"{found[1]})=({HIDDEN})" if _names_secret(found[1]) else found[0]


def _named_after(found: re.Match[str]) -> str:
    return f"{HIDDEN}' for {found[1]} {found[2]}" if _names_secret(found[2]) else found[0]


def _piece(found: re.Match[str]) -> str:
    piece = found[1] or found[2] or ""
    if "'" not in piece and not _names_secret(piece):
        return found[0]
    return "" if found[1] is not None else f"'{HIDDEN}'"


def _names_secret(text: str) -> bool:
    return any(map(_redaction.is_secret, _WORD.findall(text)))
