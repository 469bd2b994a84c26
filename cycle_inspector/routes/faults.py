"""What can keep a pattern from matching, in plain records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is not as the pattern has it; `weight` says how far away that makes it."""

    SLASH_MISSING = "slash_missing"
    SLASH_EXTRA = "slash_extra"
    DOUBLE_SLASH = "double_slash"
    SLASH_AFTER_INCLUDE = "slash_after_include"  # the include's route does not end with one
    SLASH_IN_ROUTE = "slash_in_route"  # the route begins with one
    EXPRESSION = "expression"  # the route is written as a regular expression
    METHOD = "method"
    CASE = "case"
    LANGUAGE = "language"
    SPELLING = "spelling"
    CONVERTER = "converter"  # its expression does not match
    REFUSED = "refused"  # its to_python() raised ValueError
    GROUP = "group"  # of a regular expression
    REST = "rest"
    INSIDE = "inside"  # of an include that matched nothing did


WEIGHTS = {
    Kind.SLASH_MISSING: 1,
    Kind.SLASH_EXTRA: 1,
    Kind.DOUBLE_SLASH: 1,
    Kind.SLASH_AFTER_INCLUDE: 1,
    Kind.SLASH_IN_ROUTE: 2,
    Kind.EXPRESSION: 2,
    Kind.METHOD: 1,
    Kind.CASE: 2,
    Kind.LANGUAGE: 2,
    Kind.SPELLING: 3,
    Kind.CONVERTER: 4,
    Kind.REFUSED: 4,
    Kind.GROUP: 4,
    Kind.REST: 10,
    Kind.INSIDE: 15,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as the pattern has it."""

    kind: Kind
    expected: str = ""
    found: str = ""
    parameter: str = ""

    @property
    def weight(self) -> int:
        """How far away it makes the pattern; what does not match counts by its segments."""
        more = _segments(self.expected) + _segments(self.found) if self.kind is Kind.REST else 0
        return WEIGHTS[self.kind] + more


@dataclass(frozen=True, slots=True)
class Fit:
    """A part of a pattern, and the part of the path that stands in its place."""

    expected: str
    found: str
    fits: bool
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a pattern would match a text."""

    faults: tuple[Fault, ...]
    fits: tuple[Fit, ...]
    left: str  # of the text
    mended: str | None  # what would stand before that; None where nobody can know


def _segments(text: str) -> int:
    return sum(1 for one in text.split("/") if one)
