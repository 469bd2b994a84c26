"""The ways in which an expression of `re_path()` would match a text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cycle_inspector.routes.faults import Fault, Fit, Kind, Way
from cycle_inspector.routes.patterns import remaining, replace_groups, split_expression
from cycle_inspector.routes.spelling import shared_segments

_NOTHING = re.compile(r"(?!)")
# Anything, repeated in a repetition, can keep a search busy for hours.
_REPEATED = re.compile(r"\)[*+{]")


def as_it_is(pattern: Any, text: str) -> Way | None:
    """Match as Django does."""
    left = remaining(pattern, text)
    if left is None:
        return None
    head = text[: len(text) - len(left)]
    return Way((), (Fit(str(pattern), head, fits=True),), left, head)


def in_any_case(pattern: Any, text: str) -> Way | None:
    """Match without regard to upper and lower case."""
    found = _search(pattern, _any_case(str(pattern)), text)
    if found is None:
        return None
    fits = (Fit(str(pattern), found[0], fits=False),)
    lower = text[: found.end()].lower()
    mended = lower if remaining(pattern, lower) == "" else None
    return Way((Fault(Kind.CASE, str(pattern), found[0]),), fits, text[found.end() :], mended)


def with_any_group(pattern: Any, text: str) -> Way | None:
    """Match with anything in the place of the named groups."""
    compiled, groups = _any_group(str(pattern))
    found = _search(pattern, compiled, text) if groups else None
    if found is None:
        return None
    faults = tuple(
        Fault(Kind.GROUP, inside, value, name)
        for name, inside in groups.items()
        if (value := found[name]) is not None and not re.fullmatch(inside, value)
    )
    if not faults:
        return None
    return Way(faults, _fits(found, faults), text[found.end() :], None)


def how_far(pattern: Any, text: str) -> Way | None:
    """Match the literal text that the expression begins with, by whole segments."""
    literal, expression = split_expression(str(pattern))
    matched = shared_segments(literal, text)
    if not matched:
        return None
    expected, found = literal[len(matched) :] + expression, text[len(matched) :]
    fits = (Fit(matched, matched, fits=True), Fit(expected, found, fits=False))
    return Way((Fault(Kind.REST, expected, found),), fits, found, None)


def _search(pattern: Any, compiled: re.Pattern[str], text: str) -> re.Match[str] | None:
    # As RegexPattern.match() in django/urls/resolvers.py.
    is_whole = pattern._is_endpoint and compiled.pattern.endswith("$")
    return compiled.fullmatch(text) if is_whole else compiled.search(text)


def _fits(found: re.Match[str], faults: tuple[Fault, ...]) -> tuple[Fit, ...]:
    fits, at, text = [], 0, found.string
    for fault in faults:
        start, end = found.span(fault.parameter)
        if start > at:
            fits.append(Fit(text[at:start], text[at:start], fits=True))
        fits.append(Fit(fault.expected, text[start:end], fits=False, parameter=fault.parameter))
        at = end
    if at < len(text):
        fits.append(Fit(text[at:], text[at:], fits=True))
    return tuple(fits)


@lru_cache(maxsize=1_000)
def _any_case(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.I)


@lru_cache(maxsize=1_000)
def _any_group(expression: str) -> tuple[re.Pattern[str], dict[str, str]]:
    groups: dict[str, str] = {}
    if _REPEATED.search(expression):
        return _NOTHING, groups

    def loosen(name: str, inside: str) -> str:
        groups[name] = inside
        return f"(?P<{name}>[^/]+)"

    return re.compile(replace_groups(expression, loosen)), groups
