"""What one request-response cycle is: frozen records, older than everything that shows them.

A `Cycle` is written once, by the recorder, and only read afterwards. Invariants: instants and
durations are integers of nanoseconds, instants count from the start of the cycle; ids of spans,
queries and renders come from one sequence per cycle, so a `parent` names exactly one of them;
tuples are in the order of their start. Values in `facts` and `attributes` are JSON values; a key
that ends in `_ns` holds nanoseconds, and only exporters and the interface turn it into
milliseconds.

Of what a cycle has by the hundred a record is a named tuple: made in a fraction of the time that a
frozen dataclass takes, and hashed without a call. The others are frozen dataclasses. All of them
are made by keyword.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

Json = Any
"""A value that `json.dumps` takes: None, bool, int, float, str, list, dict with text keys."""

Facts = Mapping[str, Json]

NO_FACTS: Facts = {}
"""Of a record that has none; nobody writes into the facts of a record."""

HIDDEN = "********************"
"""What stands in the place of a secret, the same text as on Django's debug page."""


class Stage(StrEnum):
    """The eleven stages of a cycle, in the order in which a request meets them."""

    CLIENT = "client"
    GATEWAY = "gateway"
    SETTINGS = "settings"
    MIDDLEWARE = "middleware"
    ROUTING = "routing"
    VIEW = "view"
    MODELS = "models"
    DATABASE = "database"
    TEMPLATES = "templates"
    RESPONSE = "response"
    BROWSER = "browser"

    # As of the text it is; Enum's own is a call for each look into a dict.
    __hash__ = str.__hash__


class Severity(StrEnum):
    """How much a finding matters, the least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Where this severity stands, 0 being the least."""
        return list(Severity).index(self)


class Frame(NamedTuple):
    """A line of source on the way to something that was recorded."""

    path: str  # absolute
    line: int
    function: str  # qualified, as in `BookList.get_queryset`
    is_project: bool  # neither the standard library nor an installed package


def caller_of(frames: Iterable[Frame]) -> Frame | None:
    """Return the innermost of `frames` that is the project's own code."""
    return next((frame for frame in frames if frame.is_project), None)


class TemplateLine(NamedTuple):
    """A line of a template."""

    name: str
    line: int


class Span(NamedTuple):
    """Work with a start and a duration: a middleware, the routing, a view, a hook."""

    id: int
    parent: int | None
    stage: Stage
    name: str
    start_ns: int
    duration_ns: int
    thread: str
    attributes: Facts = NO_FACTS


class Query(NamedTuple):
    """One statement that went to a database."""

    id: int
    parent: int | None
    sql: str  # with its placeholders
    params: tuple[Json, ...] | dict[str, Json] | None  # None: the statement took none
    alias: str
    vendor: str
    start_ns: int
    duration_ns: int  # execute and fetch together
    fetch_ns: int  # the part of it that went into fetching rows
    rows: int | None  # fetched, or touched by a write; None where the database does not say
    executions: int  # how many parameter sets an executemany() took; else 1
    is_transaction: bool  # BEGIN, COMMIT, SAVEPOINT and the like
    frames: tuple[Frame, ...]  # innermost first, Django and the standard library left out
    template: TemplateLine | None  # the innermost template line that was being rendered
    relation: str | None  # the lazily loaded field, as in `catalog.Book.author`
    relation_kind: str | None  # of it: "to_one", "generic" (foreign key) or "column" (deferred)
    error: str | None
    thread: str
    model: str | None = None  # the label of the model that it is about, where that is known
    method: str | None = None  # what the page called for it, as in `QuerySet.first`

    @property
    def caller(self) -> Frame | None:
        """The innermost frame of the project's own code."""
        return caller_of(self.frames)


class Render(NamedTuple):
    """One template that was rendered; form and widget templates are folded into one."""

    id: int
    parent: int | None
    name: str
    origin: str  # the file, or what the loader calls it; empty for a template made of a string
    how: str  # "template", "extends", "partial" or "folded"
    start_ns: int
    duration_ns: int  # with everything inside it
    own_ns: int  # without the renders inside it
    count: int  # type: ignore[assignment]  # not tuple.count; above 1 only where `how` is "folded"
    template: TemplateLine | None  # the line that asked for it
    error: str | None
    thread: str


class Event(NamedTuple):
    """Something that happened at one instant: an exception, a log record, a cache call, a mail."""

    parent: int | None
    stage: Stage
    # "exception", "not_found", "fault"; "mark"; of side events one of SIDE_KINDS
    kind: str
    name: str
    at_ns: int
    frames: tuple[Frame, ...]
    attributes: Facts = NO_FACTS

    @property
    def caller(self) -> Frame | None:
        """The innermost frame of the project's own code."""
        return caller_of(self.frames)

    @property
    def template(self) -> TemplateLine | None:
        """The template line that was being rendered, where the event says so."""
        line = self.attributes.get("template")
        if not isinstance(line, dict) or not isinstance(line.get("line"), int):
            return None
        return TemplateLine(name=str(line.get("name")), line=line["line"])


def is_mark(record: Span | Event) -> bool:
    """Whether the project itself has marked it, by `cycle_inspector.span` or `event`."""
    kind = record.kind if isinstance(record, Event) else record.attributes.get("kind")
    return kind == "mark"


SIDE_KINDS = (
    "log",
    "cache",
    "mail",
    "warning",
    "caught",
    "signal",
    "task",
    "http",
    "storage",
    "static",
    "message",
    "form",
    "permission",
)
"""Kinds of the events that stand beside the stages; the others say what went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSummary:
    """What one stage did in a cycle; every cycle has all eleven."""

    stage: Stage
    start_ns: int
    duration_ns: int
    count: int
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a cycle, where it is, what it costs and what mends it."""

    code: str
    severity: Severity
    title: str
    caller: Frame | None  # the project's line that triggers it
    template: TemplateLine | None  # the template line that triggers it
    count: int  # how many queries, renders or events it is about
    cost_ns: int
    evidence: tuple[int, ...]  # ids of the queries, renders or spans it is about
    fix: str
    mend: Frame | None = None  # the project's line that is to be changed
    mend_template: TemplateLine | None = None  # the template line that is to be changed
    diff: str | None = None  # the change of that line, where it is certain
    saved_ns: int = 0  # the part of the cost that the change is expected to save; 0: unknown
    model_field: str | None = None  # the field it is about, as in `catalog.Book.author`


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One request, its response and everything seen between them.

    `kind` is "request" or "block" (from `cycle_inspector.record`). `findings` is empty as it comes
    from the recorder: it and what follows it are judged when a cycle is read, see
    `cycle_inspector.analysis`. A recorder knows no other cause than "inside"; the others are found
    when a cycle is read.
    """

    id: str  # UUID version 7, so ids sort by time
    parent: str | None  # the cycle that caused this one
    cause: str | None = None  # how: "inside" (ran in it), "redirect" (sent here) or "fetch"
    kind: str
    started_at: datetime  # aware
    duration_ns: int
    request: Facts  # method, path, host, full_path, user; empty for a block
    response: Facts  # status, reason, content_type, size_bytes; empty for a block
    stages: tuple[StageSummary, ...]  # eleven, in the order of `Stage`
    spans: tuple[Span, ...]
    queries: tuple[Query, ...]
    renders: tuple[Render, ...]
    events: tuple[Event, ...]
    dropped: Mapping[str, int]  # what the limits left out, by kind
    settings: str | None = None  # digest of the settings snapshot it ran under
    findings: tuple[Finding, ...] = ()
    silenced_count: int = 0  # how many more findings the project has silenced
    failed_rules: tuple[str, ...] = ()  # the rules that could not judge it

    def stage(self, stage: Stage) -> StageSummary:
        """Return the summary of `stage`."""
        return self.stages[list(Stage).index(stage)]

    @property
    def statements(self) -> tuple[Query, ...]:
        """The queries that a person counts: all but BEGIN, COMMIT and the like."""
        return tuple(query for query in self.queries if not query.is_transaction)
