"""The ways in which a route of `path()` would match a text, each with the faults it overlooks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cycle_inspector.routes.faults import Fault, Fit, Kind, Way
from cycle_inspector.routes.patterns import Part, parts_of, remaining
from cycle_inspector.routes.spelling import is_like, shared_segments

_MOST_RESPELLED = 2
_DJANGO = "django.urls.converters"


def as_it_is(pattern: Any, text: str) -> Way | None:
    """Match as Django does, but that no value is converted."""
    return None if remaining(pattern, text) is None else _match(pattern, text)


def in_any_case(pattern: Any, text: str) -> Way | None:
    """Match without regard to upper and lower case."""
    return _match(pattern, text, any_case=True)


def with_any_value(pattern: Any, text: str) -> Way | None:
    """Match with anything in the place of the parameters."""
    return _match(pattern, text, any_value=True) if "<" in str(pattern._route) else None


def in_any_case_with_any_value(pattern: Any, text: str) -> Way | None:
    """Match without regard to either."""
    if "<" not in str(pattern._route):
        return None
    return _match(pattern, text, any_case=True, any_value=True)


def written_otherwise(pattern: Any, text: str) -> Way | None:
    """Match as the one who wrote the route may have meant it."""
    route = str(pattern._route)
    if route.startswith("/"):
        left = remaining(pattern, "/" + text)
        fits = (Fit("/", "", fits=False), Fit(route[1:], text, fits=True))
        return None if left is None else Way((Fault(Kind.SLASH_IN_ROUTE),), fits, left, None)
    if route.startswith("^") or route.endswith("$") or "(?P<" in route:
        try:
            found = re.match(route, text)
        except re.error:
            return None
        if found is not None and (found.end() == len(text) or not pattern._is_endpoint):
            fit = Fit(route, found[0], fits=False)
            return Way((Fault(Kind.EXPRESSION, route),), (fit,), text[found.end() :], None)
    return None


def respelled(pattern: Any, text: str) -> Way | None:
    """Match with words put right that are nearly those of the route."""
    wanted, given = str(pattern._route).split("/"), text.split("/")
    if not pattern._is_endpoint and not wanted[-1]:
        del wanted[-1]  # after its last slash an include wants nothing more
    mended, faults = list(given), list[Fault]()
    for at, (want, word) in enumerate(zip(wanted, given, strict=False)):
        if want != word and "<" not in want:
            in_lower_case = word.lower(), want.lower()
            if len(faults) == _MOST_RESPELLED or not is_like(*in_lower_case):
                return None
            mended[at] = want
            is_same = in_lower_case[0] == in_lower_case[1]
            faults.append(Fault(Kind.CASE if is_same else Kind.SPELLING, want, word))
    found = _match(pattern, "/".join(mended), any_value=True) if faults else None
    if found is None:
        return None
    fits, at = [], 0
    for one in found.fits:
        end = _place_in(mended, given, at + len(one.found))
        shown = text[_place_in(mended, given, at) : end]
        is_right = one.fits and (bool(one.parameter) or shown == one.expected)
        fits.append(Fit(one.expected, shown, is_right, one.parameter))
        at += len(one.found)
    return Way((*faults, *found.faults), tuple(fits), found.left, found.mended)


def how_far(pattern: Any, text: str) -> Way | None:
    """Match from the start as far as it goes; None where not even one segment matches."""
    parts, fits, at = parts_of(str(pattern._route)), [], 0
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else None
        end = _end_of(pattern, part, following, text, at)
        if end is None:
            expected = "".join(one.text for one in parts[number:])
            if not part.parameter:
                whole = shared_segments(part.text, text[at:])
                if whole:
                    fits.append(Fit(whole, whole, fits=True))
                at, expected = at + len(whole), expected[len(whole) :]
            break
        fits.append(Fit(part.text, text[at:end], fits=True, parameter=part.parameter))
        at = end
    else:
        expected = ""
    if "/" not in text[:at] or not (expected or text[at:]):
        return None
    fits.append(Fit(expected, text[at:], fits=False))
    return Way((Fault(Kind.REST, expected, text[at:]),), tuple(fits), text[at:], None)


def fits_of(pattern: Any, text: str) -> tuple[Fit, ...]:
    """Return the parts of a route beside those of a text that it matches."""
    found = _match(pattern, text)
    return () if found is None else found.fits


def own_converters(pattern: Any) -> dict[str, str]:
    """Return the parameters whose converter is the project's, each with that one's name."""
    return {
        part.parameter: part.converter
        for part in parts_of(str(pattern._route))
        if part.parameter and type(pattern.converters[part.parameter]).__module__ != _DJANGO
    }


def _match(
    pattern: Any, text: str, *, any_case: bool = False, any_value: bool = False
) -> Way | None:
    route = str(pattern._route)
    parts = parts_of(route)
    values = tuple(str(pattern.converters[one.parameter].regex) for one in parts if one.parameter)
    compiled = _compile(
        route, values, is_whole=pattern._is_endpoint, any_case=any_case, any_value=any_value
    )
    found = compiled.match(text)
    if found is None:
        return None
    faults, fits, mended = list[Fault](), list[Fit](), list[str]()
    for number, part in enumerate(parts):
        shown = found[f"part{number}"]
        fault = _fault(pattern, part, shown)
        if fault is not None and (fault.kind is not Kind.CASE or fault.kind not in _kinds(faults)):
            faults.append(fault)
        fits.append(Fit(part.text, shown, fault is None, part.parameter))
        mended.append(shown if part.parameter else part.text)
    is_known = Kind.CONVERTER not in _kinds(faults)
    return Way(
        faults=tuple(faults),
        fits=tuple(fits),
        left=text[found.end() :],
        mended="".join(mended) if is_known else None,
    )


def _fault(pattern: Any, part: Part, shown: str) -> Fault | None:
    if not part.parameter:
        return None if shown == part.text else Fault(Kind.CASE, part.text, shown)
    if _value(str(pattern.converters[part.parameter].regex)).fullmatch(shown):
        return None
    return Fault(Kind.CONVERTER, part.converter, shown, part.parameter)


def _kinds(faults: list[Fault]) -> set[Kind]:
    return {one.kind for one in faults}


@lru_cache(maxsize=2_000)
def _compile(
    route: str, values: tuple[str, ...], *, is_whole: bool, any_case: bool, any_value: bool
) -> re.Pattern[str]:
    given, pieces = iter(values), []
    for number, part in enumerate(parts_of(route)):
        inside = re.escape(part.text)
        if part.parameter:
            inside = next(given)
            if any_value:
                # One that takes a slash, as `path` does, takes the rest of the text.
                inside = ".+" if _value(inside).fullmatch("a/b") else "[^/]+"
        pieces.append(f"(?P<part{number}>{inside})")
    return re.compile("".join(pieces) + (r"\Z" if is_whole else ""), re.I if any_case else 0)


@lru_cache(maxsize=500)
def _value(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _end_of(pattern: Any, part: Part, following: Part | None, text: str, at: int) -> int | None:
    """Return where `part` ends that begins at `at` in `text`; None where it does not match."""
    if not part.parameter:
        return at + len(part.text) if text.startswith(part.text, at) else None
    value = _value(str(pattern.converters[part.parameter].regex))
    found = value.match(text, at)
    if found is None or found.end() == at:
        return None
    end = found.end()
    if following is not None and not text.startswith(following.text, end):
        # It may have taken what the next part needs: `<slug:shelf>-<int:number>`.
        shorter = text.rfind(following.text, at + 1, end)
        if shorter > 0 and value.fullmatch(text, at, shorter):
            return shorter
    return end


def _place_in(mended: list[str], given: list[str], at: int) -> int:
    """Return the place in the given text that `at` is in the mended one."""
    end = moved = 0
    for right, word in zip(mended, given, strict=True):
        end += len(right)
        if end <= at:
            moved += len(word) - len(right)
        end += 1
    return at + moved
