"""What a person searches for, in one small grammar, and what it finds in a cycle.

    slow books            both words, in whatever a thing is called or says
    "order by"            a phrase
    sql:insert            in a statement
    table:shop_book       a statement that names the table
    time:>10              took more than 10 ms; also <, >= and <=, and as time:1.5s
    file:views.py:52      asked for by a line of that file, or of that template
    stage:templates       in that stage

Terms stand side by side, and all of them must hold. Capitals do not matter.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from cycle_inspector.analysis.grouping import tables_of
from cycle_inspector.records import Cycle, Event, Finding, Frame, Query, Stage, TemplateLine

KEYS = ("sql", "table", "time", "file", "stage")

_TERM = re.compile(r'(?:([a-z]+):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)
# No longer than what a database can hold in nanoseconds.
_TIME = re.compile(r"(<=|>=|<|>|)\s*(\d{1,9}(?:\.\d+)?)\s*(ms|s|)", re.IGNORECASE)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "": operator.ge,
}
_NS = {"ms": 1e6, "s": 1e9, "": 1e6}
_LONGEST = 1_000  # characters of a search


class BadSearch(ValueError):
    """A search that cannot be understood; its text is a sentence."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a search: a key of the grammar, or "" for a word, and what it asks for."""

    key: str
    value: str  # in lower case

    @property
    def comparison(self) -> str:
        """How a `time:` compares, as in `>`; "" where it does not say."""
        found = _TIME.fullmatch(self.value)
        return "" if found is None else found[1]

    @property
    def nanoseconds(self) -> int:
        """The duration that a `time:` names."""
        found = _TIME.fullmatch(self.value)
        return 0 if found is None else round(float(found[2]) * _NS[found[3]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something in a cycle that can be found."""

    stage: Stage
    kind: str  # "query", "template", "span", "finding", or the kind of an event
    text: str
    number: int | None = None  # of a query, as lists count it
    place: Frame | TemplateLine | None = None
    duration_ns: int | None = None
    sql: str = ""
    # Worked out only where they are asked for.
    tables: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False)
    files: Callable[[], Iterable[str]] = field(default=tuple, repr=False)


def parse(text: str, keys: tuple[str, ...] = KEYS) -> tuple[Term, ...]:
    """Return the terms of a search; what stands before a colon and is none of `keys` is a word.

    Raises `BadSearch`.
    """
    if len(text) > _LONGEST:
        raise BadSearch(f"A search has at most {_LONGEST} characters.")
    terms = []
    for key, phrase, word in _TERM.findall(text):
        value = phrase or word
        if key.lower() in keys:
            terms.append(_checked(Term(key.lower(), value.lower())))
        else:
            terms.append(Term("", (f"{key}:{value}" if key else value).lower()))
    return tuple(terms)


def find(cycle: Cycle, terms: tuple[Term, ...]) -> Iterator[Hit]:
    """Yield what of `cycle` all of `terms` hold for, in the order of the stages' lists."""
    return (hit for hit in _hits(cycle) if all(_holds(hit, term) for term in terms))


def _checked(term: Term) -> Term:
    if term.key == "time" and _TIME.fullmatch(term.value) is None:
        raise BadSearch(
            f"time:{term.value} is no duration. Write time:>10 for more than 10 ms, or time:<1s."
        )
    if term.key == "stage" and not any(one.value.startswith(term.value) for one in Stage):
        raise BadSearch(
            f"stage:{term.value} is none of the stages: {', '.join(one.value for one in Stage)}."
        )
    return term


def _holds(hit: Hit, term: Term) -> bool:
    value = term.value
    match term.key:
        case "sql":
            return value in hit.sql.lower()
        case "table":
            return any(value in one.lower() for one in hit.tables())
        case "time":
            holds = _COMPARE[term.comparison]
            return hit.duration_ns is not None and holds(hit.duration_ns, term.nanoseconds)
        case "file":
            return any(value in one.lower() for one in hit.files())
        case "stage":
            return hit.stage.value.startswith(value)
    return value in hit.text.lower() or any(value in one.lower() for one in hit.files())


def _hits(cycle: Cycle) -> Iterator[Hit]:
    for finding in cycle.findings:
        yield _of_finding(finding)
    number = 0
    for query in cycle.queries:
        number += not query.is_transaction
        yield _of_query(query, None if query.is_transaction else number)
    for render in cycle.renders:
        yield Hit(
            stage=Stage.TEMPLATES,
            kind="template",
            text=render.name or "a template made of a string",
            place=render.template,
            duration_ns=render.duration_ns,
            files=partial(_lines, (), render.template, render.origin),
        )
    for span in cycle.spans:
        yield Hit(stage=span.stage, kind="span", text=span.name, duration_ns=span.duration_ns)
    for event in cycle.events:
        yield _of_event(event)


def _of_query(query: Query, number: int | None) -> Hit:
    return Hit(
        stage=Stage.DATABASE,
        kind="query",
        text=query.sql,
        number=number,
        place=query.template or query.caller,
        duration_ns=query.duration_ns,
        sql=query.sql,
        tables=partial(tables_of, query),
        files=partial(_lines, query.frames, query.template),
    )


def _of_finding(finding: Finding) -> Hit:
    places = [one for one in (finding.caller, finding.mend) if one is not None]
    return Hit(
        stage=Stage.VIEW,
        kind="finding",
        text=f"{finding.code} {finding.title}",
        place=finding.template or finding.caller,
        duration_ns=finding.cost_ns or None,
        files=partial(_lines, places, finding.template),
    )


def _of_event(event: Event) -> Hit:
    said = event.attributes.get("message")
    took = event.attributes.get("duration_ns")
    return Hit(
        stage=event.stage,
        kind=event.kind,
        text=f"{event.name} {said}" if isinstance(said, str) and said else event.name,
        place=event.caller,
        duration_ns=took if isinstance(took, int) else None,
        files=partial(_lines, event.frames, event.template),
    )


def _lines(frames: Iterable[Frame], template: TemplateLine | None, origin: str = "") -> list[str]:
    found = [f"{one.path}:{one.line}" for one in frames]
    if template is not None:
        found.append(f"{template.name}:{template.line}")
    return [*found, origin] if origin else found
