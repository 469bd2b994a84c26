"""What a rule is: a pure function over a cycle, and what its codes stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Query, Severity, TemplateLine

_DJANGO = "https://docs.djangoproject.com/en/stable/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What one code of findings stands for."""

    code: str  # letters, then digits, as in "CI101"; it never changes its meaning
    severity: Severity  # by default: a finding may be more or less
    title: str  # in general, as in "One query for each row of a list"
    django: str = ""  # a page of Django's documentation: what comes after /en/stable/

    @property
    def django_url(self) -> str | None:
        """The address of Django's documentation about it."""
        return f"{_DJANGO}{self.django}" if self.django else None

    def about_queries(
        self, queries: Sequence[Query], title: str, fix: str, *, cost_ns: int, saved_ns: int = 0
    ) -> Finding:
        """Return a finding of this code about some queries, which the first of them triggered."""
        return Finding(
            code=self.code,
            severity=self.severity,
            title=title,
            caller=queries[0].caller,
            template=queries[0].template,
            count=len(queries),
            cost_ns=cost_ns,
            evidence=tuple(query.id for query in queries),
            fix=fix,
            saved_ns=saved_ns,
        )

    def about_events(
        self,
        events: Sequence[Event],
        title: str,
        fix: str,
        *,
        count: int | None = None,
        cost_ns: int = 0,
    ) -> Finding:
        """Return a finding of this code about some events, of which the first says the place.

        Not the longest: a comment that silences a finding stands at one line.
        """
        first = events[0]
        return self.about(
            title,
            fix,
            caller=first.caller,
            template=first.template,
            evidence=(first.parent,),
            count=len(events) if count is None else count,
            cost_ns=cost_ns,
        )

    def about(
        self,
        title: str,
        fix: str,
        *,
        caller: Frame | None = None,
        template: TemplateLine | None = None,
        evidence: Iterable[int | None] = (),
        count: int = 1,
        cost_ns: int = 0,
    ) -> Finding:
        """Return a finding of this code about renders, spans or events."""
        return Finding(
            code=self.code,
            severity=self.severity,
            title=title,
            caller=caller,
            template=template,
            count=count,
            cost_ns=cost_ns,
            evidence=tuple(one for one in evidence if one is not None),
            fix=fix,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A function that finds something wrong in a cycle, and the codes that it gives."""

    find: Callable[[Cycle, Thresholds], Iterable[Finding]]
    codes: tuple[Code, ...]

    @property
    def name(self) -> str:
        """The name of the rule, as in a log."""
        return f"{self.find.__module__}.{self.find.__qualname__}"
