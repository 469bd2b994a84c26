"""Records with sensible values, for tests that need some; every field can be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cycle_inspector.records import (
    Cycle,
    Event,
    Finding,
    Frame,
    Query,
    Render,
    Severity,
    Span,
    Stage,
    StageSummary,
    TemplateLine,
)

MS = 1_000_000  # nanoseconds


def make_frame(**given: Any) -> Frame:
    values = {
        "path": "/srv/shop/catalog/views.py",
        "line": 22,
        "function": "book_list",
        "is_project": True,
    }
    return Frame(**{**values, **given})


def make_query(**given: Any) -> Query:
    values = {
        "id": 10,
        "parent": 4,
        "sql": 'SELECT "catalog_author"."name" FROM "catalog_author" WHERE "id" = %s',
        "params": (7,),
        "alias": "default",
        "vendor": "sqlite",
        "start_ns": 6 * MS,
        "duration_ns": MS // 4,
        "fetch_ns": MS // 20,
        "rows": 1,
        "executions": 1,
        "is_transaction": False,
        "frames": (make_frame(),),
        "template": TemplateLine(name="catalog/book_list.html", line=14),
        "relation": None,
        "relation_kind": None,
        "error": None,
        "thread": "MainThread",
        "model": "catalog.Author",
        "method": "QuerySet.get",
    }
    return Query(**{**values, **given})


def make_render(**given: Any) -> Render:
    values = {
        "id": 30,
        "parent": 4,
        "name": "catalog/book_list.html",
        "origin": "/srv/shop/templates/catalog/book_list.html",
        "how": "template",
        "start_ns": 5 * MS,
        "duration_ns": 20 * MS,
        "own_ns": 12 * MS,
        "count": 1,
        "template": None,
        "error": None,
        "thread": "MainThread",
    }
    return Render(**{**values, **given})


def make_span(**given: Any) -> Span:
    values = {
        "id": 4,
        "parent": 3,
        "stage": Stage.VIEW,
        "name": "catalog.views.book_list",
        "start_ns": 3 * MS,
        "duration_ns": 30 * MS,
        "thread": "MainThread",
    }
    return Span(**{**values, **given})


def make_event(**given: Any) -> Event:
    values = {
        "parent": 4,
        "stage": Stage.VIEW,
        "kind": "exception",
        "name": "ValueError",
        "at_ns": 9 * MS,
        "frames": (make_frame(),),
        "attributes": {"message": "no such shelf"},
    }
    return Event(**{**values, **given})


def make_finding(**given: Any) -> Finding:
    values = {
        "code": "CI101",
        "severity": Severity.WARNING,
        "title": "N+1: 20 × catalog.Book.author",
        "caller": make_frame(),
        "template": TemplateLine(name="catalog/book_list.html", line=14),
        "count": 20,
        "cost_ns": 5 * MS,
        "evidence": (10, 11, 12),
        "fix": 'Add .select_related("author") to the queryset.',
    }
    return Finding(**{**values, **given})


def make_stage(stage: Stage, **given: Any) -> StageSummary:
    values = {"start_ns": 0, "duration_ns": 0, "count": 0, "facts": {}}
    return StageSummary(stage=stage, **{**values, **given})


def make_cycle(*, stages: dict[Stage, StageSummary] | None = None, **given: Any) -> Cycle:
    """Return a cycle of a small page; `stages` replaces single summaries."""
    by_stage = {stage: make_stage(stage) for stage in Stage} | (stages or {})
    values = {
        "id": "019aaa00-0000-7000-8000-000000000001",
        "parent": None,
        "kind": "request",
        "started_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        "duration_ns": 40 * MS,
        "request": {
            "method": "GET",
            "path": "/books/",
            "host": "testserver",
            "full_path": "/books/?page=2",
            "user": None,
        },
        "response": {
            "status": 200,
            "reason": "OK",
            "content_type": "text/html",
            "size_bytes": 1234,
            "streaming": False,
        },
        "stages": tuple(by_stage.values()),
        "spans": (),
        "queries": (),
        "renders": (),
        "events": (),
        "dropped": {},
    }
    return Cycle(**{**values, **given})


def make_request(
    method: str = "GET",
    url: str = "/",
    *,
    status: int = 200,
    location: str | None = None,
    address: str = "127.0.0.1 port 4321",
    headers: Mapping[str, str] | None = None,
    host: str = "testserver",
    **given: Any,
) -> Cycle:
    """Return the cycle of a request with what tells its client and where it was sent."""
    path = url.partition("?")[0]
    sent = {"Host": host, "User-Agent": "Browser/1", **(headers or {})}
    answered = {} if location is None else {"Location": location}
    return make_cycle(
        request={"method": method, "path": path, "host": host, "full_path": url, "user": None},
        response={**make_cycle().response, "status": status},
        stages={
            Stage.CLIENT: make_stage(
                Stage.CLIENT,
                facts={"address": address, "headers": [list(one) for one in sent.items()]},
            ),
            Stage.RESPONSE: make_stage(
                Stage.RESPONSE, facts={"headers": [list(one) for one in answered.items()]}
            ),
        },
        **given,
    )


def with_repeated_queries(cycle: Cycle, count: int, **given: Any) -> Cycle:
    """Return `cycle` with `count` queries of one shape and caller, each with another parameter."""
    queries = tuple(
        make_query(**{"id": 100 + at, "params": (at,), "start_ns": (6 + at) * MS, **given})
        for at in range(count)
    )
    return replace(cycle, queries=cycle.queries + queries)
