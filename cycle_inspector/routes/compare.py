"""Why one pattern does not match a text, and what would have to be otherwise.

The text is tried as it is and mended (a slash more, a slash less), with regard to case and without,
with the converters and with any value in their place, with words respelled; what matches with the
fewest faults is the answer. Where nothing does, what tells is how far the pattern matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from django.conf import settings
from django.urls.resolvers import URLResolver

from cycle_inspector.routes import expressions, ways
from cycle_inspector.routes.faults import Fault, Fit, Kind, Way
from cycle_inspector.routes.patterns import (
    Chain,
    is_expression,
    is_language_prefix,
    is_route,
    text_of,
)
from cycle_inspector.routes.walk import matching


@dataclass(frozen=True, slots=True)
class Comparison:
    """What keeps a pattern from matching a text."""

    faults: tuple[Fault, ...]
    fits: tuple[Fit, ...]
    would_match: str | None = None  # the text, mended
    inside: Chain = ()  # of an include: what would match inside of it


# In the order of how much they find amiss.
_WAYS_OF_A_ROUTE: tuple[Callable[[Any, str], Way | None], ...] = (
    ways.as_it_is,
    ways.in_any_case,
    ways.written_otherwise,
    ways.with_any_value,
    ways.respelled,
    ways.in_any_case_with_any_value,
)
_WAYS_OF_AN_EXPRESSION: tuple[Callable[[Any, str], Way | None], ...] = (
    expressions.as_it_is,
    expressions.in_any_case,
    expressions.with_any_group,
)


def compare(one: Any, text: str) -> Comparison | None:
    """Say why `one`, a URLPattern or an include, did not match `text`; None if it is far away."""
    pattern = one.pattern
    if is_language_prefix(pattern):
        return _compare_language(one, text)
    if is_route(pattern):
        tried, how_far = _WAYS_OF_A_ROUTE, ways.how_far
    elif is_expression(pattern):
        tried, how_far = _WAYS_OF_AN_EXPRESSION, expressions.how_far
    else:
        return None
    for way, (variant, fault) in product(tried, _variants(text)):
        found = way(pattern, variant)
        inside = None if found is None else _inside(one, found.left)
        if found is not None and inside is not None:
            if fault is None and not found.faults:
                # It matches, and Django says it did not: a converter of the project's refused.
                return _refused(pattern, found)
            return _mended(found, fault, inside)
    far = how_far(pattern, text)
    return None if far is None else Comparison(far.faults, far.fits)


def _variants(text: str) -> Iterator[tuple[str, Fault | None]]:
    yield text, None
    if text.startswith("/"):
        yield text.lstrip("/"), Fault(Kind.DOUBLE_SLASH)
    if text.endswith("/"):
        yield text[:-1], Fault(Kind.SLASH_EXTRA)
    elif text:
        yield text + "/", Fault(Kind.SLASH_MISSING)


def _inside(one: Any, left: str) -> Chain | None:
    """Return what takes what an include has left; nothing has to where `one` is no include."""
    return next(matching(one, left), None) if isinstance(one, URLResolver) else ()


def _mended(found: Way, fault: Fault | None, inside: Chain) -> Comparison:
    fits, rest = found.fits, text_of(inside)
    if rest or found.left:
        fits = (*fits, Fit(rest, found.left, fits=True))
    if fault is not None:
        fits = _with_slash(fits, fault.kind)
    return Comparison(
        faults=(*found.faults, fault) if fault is not None else found.faults,
        fits=fits,
        would_match=None if found.mended is None else found.mended + found.left,
        inside=inside,
    )


def _with_slash(fits: tuple[Fit, ...], kind: Kind) -> tuple[Fit, ...]:
    """Return `fits` of a text with its slashes mended, as they are of the text itself."""
    if kind is Kind.DOUBLE_SLASH:
        return (Fit("", "/", fits=False), *fits)
    if kind is Kind.SLASH_EXTRA:
        return (*fits, Fit("", "/", fits=False))
    if not fits:
        return fits
    last = replace(fits[-1], found=fits[-1].found[:-1])
    if last.found and last.expected.endswith("/"):
        last = replace(last, expected=last.expected[:-1])
        return (*fits[:-1], last, Fit("/", "", fits=False))
    return (*fits[:-1], replace(last, fits=False))


def _refused(pattern: Any, found: Way) -> Comparison | None:
    suspects = ways.own_converters(pattern) if is_route(pattern) else {}
    values = [one for one in found.fits if one.parameter in suspects]
    if not values:
        return None
    fault = Fault(
        Kind.REFUSED,
        expected=" or ".join(suspects[one.parameter] for one in values),
        found="/".join(one.found for one in values),
        parameter=values[0].parameter if len(values) == 1 else "",
    )
    fits = tuple(replace(one, fits=False) if one in values else one for one in found.fits)
    return Comparison((fault,), fits)


def _compare_language(one: Any, text: str) -> Comparison | None:
    prefix = str(one.pattern.language_prefix)
    first, slash, rest = text.partition("/")
    is_other = bool(slash) and first in dict(settings.LANGUAGES)
    found = first + slash if is_other else ""
    for variant, fault in _variants(rest if is_other else text):
        inside = next(matching(one, variant), None)
        if inside is not None:
            way = Way((), (Fit(prefix, found, fits=False),), variant, prefix)
            mended = _mended(way, fault, inside)
            language = Fault(Kind.LANGUAGE, expected=prefix, found=found)
            return replace(mended, faults=(language, *mended.faults))
    return None
