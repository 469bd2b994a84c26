"""A near miss in a sentence, for those who learn how Django matches paths.

Patterns and pieces of the path stand between backticks; a backtick in one becomes an apostrophe.
"""

from __future__ import annotations

from collections.abc import Callable

from cycle_inspector.records import HIDDEN, Json
from cycle_inspector.routes.faults import Fault, Kind
from cycle_inspector.routes.misses import NearMiss
from cycle_inspector.routes.patterns import Chain
from cycle_inspector.routes.places import place_of

_LONGEST = 200


def say(miss: NearMiss, is_secret: Callable[[str], bool]) -> str:
    """Return why the pattern of `miss` did not match; values of secret parameters are hidden."""
    clauses = [_CLAUSES[one.kind](_hidden(one, is_secret)) for one in miss.faults]
    said = " and ".join((", ".join(clauses[:-1]), clauses[-1])) if clauses[1:] else clauses[0]
    if Kind.REFUSED in {one.kind for one in miss.faults} and not clauses[1:]:
        return f"{_code(miss.pattern)} fits, but {said}."
    if any(one.kind in _HALF_WAY for one in miss.faults) and miss.matched:
        far = "" if miss.matched == miss.pattern else f" {_code(miss.matched)}"
        return f"{_code(miss.pattern)} matched{far}, but {said}."
    return f"{_code(miss.pattern)} would match, but {said}."


def said_of(miss: NearMiss, root: str | None, is_secret: Callable[[str], bool]) -> dict[str, Json]:
    """Return `miss` as it is kept and shown; `root` names the URLconf that was searched."""
    place = place_of(miss.chain, root)
    return {
        "pattern": shorten(miss.pattern),
        "sentence": say(miss, is_secret),
        "kinds": [one.kind.value for one in miss.faults],
        "distance": miss.distance,
        "would_match": miss.would_match,
        "fits": [
            [
                shorten(one.expected),
                HIDDEN if one.parameter and is_secret(one.parameter) else shorten(one.found),
                one.fits,
            ]
            for one in miss.fits
        ],
        "view_name": name_of(miss.chain),
        "place": None
        if place is None
        else {"module": place.module, "path": place.path, "line": place.line},
    }


def name_of(chain: Chain) -> str | None:
    """Return the name of the last pattern with its namespaces, as `reverse()` takes it."""
    name = getattr(chain[-1], "name", None)
    if not isinstance(name, str):
        return None
    return ":".join((*(str(one.namespace) for one in chain[:-1] if one.namespace), name))


def shorten(text: str) -> str:
    """Return `text`, cut to a length that a sentence can bear."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _hidden(fault: Fault, is_secret: Callable[[str], bool]) -> Fault:
    if not fault.parameter or not is_secret(fault.parameter):
        return fault
    return Fault(fault.kind, fault.expected, HIDDEN, fault.parameter)


def _code(text: str) -> str:
    return "`" + shorten(text).replace("`", "'") + "`"


def _rest(fault: Fault) -> str:
    if not fault.found:
        return f"the path ends there, and {_code(fault.expected)} is missing"
    if not fault.expected:
        return f"the path goes on with {_code(fault.found)}"
    return f"the rest, {_code(fault.found)}, is not {_code(fault.expected)}"


def _language(fault: Fault) -> str:
    prefix = _code(fault.expected)
    if fault.found:
        return (
            f"the path begins with {_code(fault.found)}, and the language of this request has the "
            f"prefix {prefix}"
        )
    return f"the path lacks {prefix}, the prefix of the language"


_HALF_WAY = frozenset({Kind.CONVERTER, Kind.GROUP, Kind.REST, Kind.INSIDE})

_CLAUSES: dict[Kind, Callable[[Fault], str]] = {
    Kind.SLASH_MISSING: lambda _: "the slash at the end is missing",
    Kind.SLASH_EXTRA: lambda _: "there is a slash too many at the end",
    Kind.DOUBLE_SLASH: lambda _: "there is a slash too many before it",
    Kind.SLASH_AFTER_INCLUDE: lambda one: (
        f"the include before it, {_code(one.expected)}, does not end with a slash"
    ),
    Kind.SLASH_IN_ROUTE: lambda _: (
        "the pattern begins with a slash, and Django compares the path without its first one"
    ),
    Kind.EXPRESSION: lambda _: (
        "it is written as a regular expression: path() takes it letter by letter, re_path() would "
        "understand it"
    ),
    Kind.METHOD: lambda one: f"its view answers {one.expected}, not {one.found}",
    Kind.CASE: lambda _: "upper and lower case differ",
    Kind.LANGUAGE: _language,
    Kind.SPELLING: lambda one: (
        f"the path has {_code(one.found)} in the place of {_code(one.expected)}"
    ),
    Kind.CONVERTER: lambda one: f"{_code(one.found)} is no {_code(one.expected)}",
    Kind.REFUSED: lambda one: f"the converter {_code(one.expected)} refused {_code(one.found)}",
    Kind.GROUP: lambda one: f"{_code(one.found)} does not fit {_code(one.expected)}",
    Kind.REST: _rest,
    Kind.INSIDE: lambda one: (
        f"none of the patterns in it takes {_code(one.found)}"
        if one.found
        else "none of the patterns in it takes a path that ends there"
    ),
}
