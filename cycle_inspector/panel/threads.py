"""What ran beside the view: threads, calls in executors and tasks, and the queries of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass

from cycle_inspector.panel.layout import FOLLOWED, Axis, Bar
from cycle_inspector.records import Cycle, Render, Span, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A thread, a call in an executor or a task."""

    span: Span
    name: str
    beside: str  # what is said next to the name: the function, and where it ran
    depth: int  # how many others it stands inside of
    query_count: int
    bar: Bar

    @property
    def is_start_known(self) -> bool:
        return self.span.attributes.get("start_known") is not False

    @property
    def end(self) -> str:
        """Say how far it had come when the cycle was over; empty where it was done."""
        if self.span.attributes.get("begun") is False:
            return "not begun"
        if self.span.attributes.get("ended") is False:
            return "still running"
        return ""

    @property
    def note(self) -> str:
        """What is said next to the name on one line."""
        return " · ".join(filter(None, (self.beside, self.end)))


def is_followed(span: Span) -> bool:
    """Whether `span` is work beside the view's own."""
    return span.stage is Stage.VIEW and span.attributes.get("kind") in FOLLOWED


def followed(cycle: Cycle) -> list[Work]:
    """Return what ran beside the view, in the order in which it began."""
    spans = {one.id: one for one in cycle.spans if is_followed(one)}
    if not spans:
        return []
    outer_of = parents(cycle)
    counts = Counter(next(ancestors(one.parent, outer_of, spans), None) for one in cycle.statements)
    axis = Axis(cycle.duration_ns)
    return [
        Work(
            span=one,
            name=_name(one),
            beside=_beside(one),
            depth=sum(1 for _ in ancestors(one.parent, outer_of, spans)),
            query_count=counts[one.id],
            bar=axis.bar(one.start_ns, one.duration_ns, "work"),
        )
        for one in spans.values()
    ]


def usual_thread(cycle: Cycle) -> str:
    """Return the thread that the queries of a request run in, unless the project says otherwise.

    That of the gateway; under ASGI another one, as Django keeps them out of the event loop. A block
    has no gateway.
    """
    gateway = cycle.stage(Stage.GATEWAY).facts
    if gateway.get("interface") != "WSGI":
        spans = {one.id for one in cycle.spans if one.attributes.get("kind") in ("thread", "call")}
        outer_of = parents(cycle)
        threads = Counter(
            one.thread
            for one in cycle.queries
            if next(ancestors(one.parent, outer_of, spans), None) is None
        )
        if threads:
            return threads.most_common(1)[0][0]
    return str(gateway.get("thread") or "")


def parents(cycle: Cycle) -> dict[int, int | None]:
    """Return what each span and render ran in, by their ids."""
    nodes: tuple[Span | Render, ...] = (*cycle.spans, *cycle.renders)
    return {one.id: one.parent for one in nodes}


def ancestors(
    identity: int | None, parents: dict[int, int | None], wanted: Container[int]
) -> Iterator[int]:
    """Yield those of `wanted` that stand around, the innermost first."""
    while identity is not None:
        if identity in wanted:
            yield identity
        outer = parents.get(identity)
        # An outer one has the smaller id: a document that says otherwise does not hold us up.
        identity = outer if outer is not None and outer < identity else None


def _name(span: Span) -> str:
    if span.attributes["kind"] == "call":
        return str(span.attributes.get("function"))
    return span.name.partition(" ")[2]


def _beside(span: Span) -> str:
    function = str(span.attributes.get("function") or "")
    if span.attributes["kind"] == "call":
        return f"in {span.thread}" if span.thread else ""
    # Python puts the function into the names that it gives itself.
    return (
        "" if f"({function.rpartition('.')[2]})" in span.name or function in span.name else function
    )
