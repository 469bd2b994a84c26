"""What a rule is: a pure function over a cycle, and what its codes stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity

_DJANGO = "https://docs.djangoproject.com/en/stable/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What one code of findings stands for."""

    code: str  # letters, then digits, as in "CI101"; it never changes its meaning
    severity: Severity  # by default: a finding may be more or less
    title: str  # in general, as in "One query for each row of a list"
    django: str = ""  # a page of Django's documentation: what comes after /en/stable/

    @property
    def page(self) -> str:
        """Our own page about it, in the documentation."""
        return f"findings/{self.code}"

    @property
    def django_url(self) -> str | None:
        """The address of Django's documentation about it."""
        return f"{_DJANGO}{self.django}" if self.django else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A function that finds something wrong in a cycle, and the codes that it gives."""

    find: Callable[[Cycle, Thresholds], Iterable[Finding]]
    codes: tuple[Code, ...]

    @property
    def name(self) -> str:
        """The name of the rule, as in a log."""
        return f"{self.find.__module__}.{self.find.__qualname__}"
