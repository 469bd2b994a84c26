"""CI404: sync work ran in the thread of the event loop."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._calls import duration_ns
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Severity, Stage

CODE = Code(
    code="CI404",
    severity=Severity.WARNING,
    title="Sync work held up the event loop",
    django="topics/async/#async-safety",
)

_MEANWHILE = "Meanwhile no other request of this process goes on."


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for the queries that held up the loop, and for each line that asked a server.

    The loop of an async view under WSGI is that view's alone.
    """
    gateway = cycle.stage(Stage.GATEWAY).facts
    if gateway.get("interface") != "ASGI":
        return
    yield from _of_queries(cycle, gateway.get("thread") if "event_loop" in gateway else None)
    lines: dict[Frame | None, list[Event]] = {}
    for event in cycle.events:
        if event.kind == "http" and event.attributes.get("on_loop") is True:
            lines.setdefault(event.caller, []).append(event)
    for caller, events in lines.items():
        cost_ns = sum(map(duration_ns, events))
        many = f"{len(events)} requests" if len(events) > 1 else "A request"
        yield CODE.about(
            f"{many} to another server held up the event loop for {cost_ns / 1_000_000:.0f} ms",
            f"{_MEANWHILE} Ask by an async client, such as httpx.AsyncClient, or in a thread: "
            "await asyncio.to_thread(...).",
            caller=caller,
            template=events[0].template,
            evidence={one.parent: None for one in events},
            count=len(events),
            cost_ns=cost_ns,
        )


def _of_queries(cycle: Cycle, thread: str | None) -> Iterable[Finding]:
    queries = [one for one in cycle.statements if one.thread == thread]
    if queries:
        cost_ns = sum(query.duration_ns for query in queries)
        many = f"{len(queries)} queries" if len(queries) > 1 else "A query"
        yield CODE.about_queries(
            queries,
            f"{many} held up the event loop for {cost_ns / 1_000_000:.0f} ms",
            f"{_MEANWHILE} DJANGO_ALLOW_ASYNC_UNSAFE lets it happen. Use the async methods of "
            "querysets (aget(), acount(), async for), or await sync_to_async(...) of the function "
            "that asks.",
            cost_ns=cost_ns,
        )


RULE = Rule(find, (CODE,))
