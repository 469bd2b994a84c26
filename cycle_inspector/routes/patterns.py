"""Read Django's URL patterns: their text, their parts, and what they leave of a path.

A chain is what Django calls one of the `tried`: the includes on the way, the pattern last. Patterns
of `path()`, `re_path()` and `i18n_patterns()` are known, in Django 5.2 as in 6.1, where a route
without converters has no regular expression; those of other makes have a text, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls.resolvers import LocalePrefixPattern, RegexPattern, RoutePattern

Chain = Sequence[Any]
"""The URLResolvers of the includes on the way, and a URLPattern or one more URLResolver."""

# As _PATH_PARAMETER_COMPONENT_RE in django/urls/resolvers.py.
_PARAMETER = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<parameter>[^>]+)>")

# What an expression begins with and means letter by letter; of what may be left out, nothing.
_LITERAL = re.compile(r"\^((?:[\w/~%@,;:=&!' -]|\\[/.~-])*)")
_UNESCAPED = re.compile(r"\\(.)")
_GROUP = re.compile(r"\(\?P<(\w+)>")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a route: its text, and of a parameter its name and its converter's."""

    text: str
    parameter: str = ""
    converter: str = ""


def is_route(pattern: Any) -> bool:
    """Whether `pattern` is one of `path()`, and matches as Django has it."""
    return getattr(type(pattern), "match", None) is RoutePattern.match


def is_expression(pattern: Any) -> bool:
    """Whether `pattern` is one of `re_path()`."""
    return getattr(type(pattern), "match", None) is RegexPattern.match


def is_language_prefix(pattern: Any) -> bool:
    """Whether `pattern` is that of `i18n_patterns()`."""
    return getattr(type(pattern), "match", None) is LocalePrefixPattern.match


def text_of(chain: Chain) -> str:
    """Return a chain as a person reads it, in the active language."""
    # path() joins to one route as it is read; a regular expression in between stands apart.
    patterns = [one.pattern for one in chain]
    joins = all(is_route(one) or is_language_prefix(one) for one in patterns)
    return ("" if joins else " ").join(text for text in map(str, patterns) if text)


@lru_cache(maxsize=4_000)
def parts_of(route: str) -> tuple[Part, ...]:
    """Return the pieces of a route.

    >>> [part.text for part in parts_of("books/<int:pk>/")]
    ['books/', '<int:pk>', '/']
    """
    parts, end = [], 0
    for found in _PARAMETER.finditer(route):
        if found.start() > end:
            parts.append(Part(route[end : found.start()]))
        parts.append(Part(found[0], found["parameter"], found["converter"] or "str"))
        end = found.end()
    if end < len(route):
        parts.append(Part(route[end:]))
    return tuple(parts)


def lead_of(pattern: Any) -> str:
    """Return the text that every path begins with which `pattern` matches."""
    if is_route(pattern):
        return str(pattern._route).partition("<")[0]
    if is_language_prefix(pattern):
        return str(pattern.language_prefix)
    return _lead_of_expression(str(pattern._regex)) if is_expression(pattern) else ""


def remaining(pattern: Any, text: str) -> str | None:
    """Return what `pattern` leaves of `text`; None where it does not match.

    As its `match()`, but what a converter makes of a value is not asked: it may be anybody's code.
    """
    if is_route(pattern):
        # Django compiles an expression when it first needs it. Most patterns do not need it here.
        if not text.startswith(lead_of(pattern)):
            return None
        if pattern.converters:
            found = pattern.regex.search(text)
            return None if found is None else text[found.end() :]
        route = str(pattern._route)
        left = text[len(route) :]
        return left if text.startswith(route) and not (left and pattern._is_endpoint) else None
    if is_language_prefix(pattern) or is_expression(pattern):
        if not text.startswith(lead_of(pattern)):
            return None
        matched = pattern.match(text)
        return None if matched is None else str(matched[0])
    return None


def split_expression(expression: str) -> tuple[str, str]:
    """Return the literal text that `expression` begins with, and the rest of the expression."""
    found = _LITERAL.match(expression)
    if found is None or _has_alternatives(expression):
        return "", expression
    literal, end = found[1], found.end()
    if expression[end : end + 1] in ("*", "?", "{", "+"):  # of the last letter
        literal = literal[: -2 if literal[-2:-1] == "\\" else -1]
        end = 1 + len(literal)
    return _UNESCAPED.sub(r"\1", literal), expression[end:]


def replace_groups(expression: str, replace: Callable[[str, str], str]) -> str:
    """Return `expression`, each of its named groups replaced by what `replace` makes of it.

    `replace` is given the group's name, and the expression inside of it.
    """
    made, at = list[str](), 0
    while found := _GROUP.search(expression, at):
        end = _end_of_group(expression, found.end())
        made += expression[at : found.start()], replace(found[1], expression[found.end() : end - 1])
        at = end
    return "".join((*made, expression[at:]))


@lru_cache(maxsize=4_000)
def _lead_of_expression(expression: str) -> str:
    return split_expression(expression)[0]


def _has_alternatives(expression: str) -> bool:
    return any(letter == "|" and depth == 0 for _, letter, depth in _scan(expression, 0))


def _end_of_group(expression: str, at: int) -> int:
    """Return where the group ends whose inside begins at `at`."""
    ends = (end for end, _, depth in _scan(expression, at) if depth < 0)
    return next(ends, len(expression) - 1) + 1


def _scan(expression: str, at: int) -> Iterator[tuple[int, str, int]]:
    """Yield each letter that means something outside of escapes and sets, and its depth."""
    depth, is_escaped, is_set = 0, False, False
    for place in range(at, len(expression)):
        letter = expression[place]
        if is_escaped or letter == "\\":
            is_escaped = not is_escaped
        elif is_set or letter == "[":
            is_set = letter != "]"
        else:
            depth += (letter == "(") - (letter == ")")
            yield place, letter, depth
