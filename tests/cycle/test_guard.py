"""Whatever fails on our side: the page is the page's, one line is logged, the cycle is marked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.collectors import (
    _bodies,
    _changes,
    _frames,
    _hops,
    _layers,
    _loads,
    _marks,
    _querysets,
    _statements,
    _tracebacks,
    cache,
    client,
    database,
    exceptions,
    forms,
    gateway,
    logs,
    mail,
    outgoing,
    permissions,
    response,
    routing,
    static_files,
    storage,
    tasks,
    templates,
    threads,
    user_messages,
    view,
)
from cycle_inspector.collectors import (
    settings as settings_collector,
)
from cycle_inspector.collectors._guard import guard
from cycle_inspector.history import reader, writer
from cycle_inspector.panel import inject, policy
from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Stage
from tests.shelf.models import Author, Book
from tests.shelf.views import PAGE
from tests.site import Answer, Site, failures, find_cycle


class Broken(Exception):
    """Raised by our own code."""


def fail(*_: Any, **__: Any) -> Any:
    raise Broken


@pytest.fixture(autouse=True)
def _nothing_told() -> None:
    guard._told.clear()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "cycle_inspector"]


# What is broken, the page that meets it, and what the cycle is marked with.
FAULTS: dict[str, tuple[Any, str, str, str]] = {
    "client": (client, "Note", "/hello/", "take the request"),
    "body": (_bodies, "Body", "/hello/", "take the request"),
    "response": (response, "Note", "/hello/", "take the response"),
    "frames": (_frames, "look_up", "/queries/2/", "record a query"),
    "query": (database, "OpenQuery", "/queries/2/", "record a query"),
    "error of a query": (_statements, "error_text", "/faulty-sql/", "record a query"),
    "transaction": (database, "OpenQuery", "/statements/", "record a transaction"),
    "middleware": (_layers.MiddlewareSpan, "__init__", "/hello/", "record a middleware"),
    "end of a middleware": (_layers.MiddlewareSpan, "leave", "/hello/", "record a middleware"),
    "hop": (_hops.Hop, "__init__", "/ahello/", "record a hop"),
    "exception response": (Recorder, "open_span", "/raises/", "record an exception"),
    "routing": (Recorder, "close_span", "/hello/", "record the routing"),
    "span of the view": (Recorder, "close_span", "/hello/", "record the view"),
    "exception": (exceptions, "message_of", "/raises/", "record an exception"),
    "frames of an exception": (_tracebacks, "take", "/raises/", "take the frames of an exception"),
    "lines of an exception": (_tracebacks, "told", "/raises/", "tell the frames of an exception"),
    "not found": (routing, "_tried_of", "/nowhere/", "read the patterns tried"),
    "view": (view.ViewSpan, "__init__", "/hello/", "record the view"),
    "name of the view": (view, "code_of", "/hello/", "name the view"),
    "template": (templates.OpenRender, "__init__", "/in-template/", "record a template"),
    "end of a template": (templates.OpenRender, "finish", "/in-template/", "record a template"),
    "deletion": (_changes, "_count_deleted", "/statements/", "follow a deletion"),
    "change": (_changes, "Change", "/statements/", "follow a change"),
    "end of a change": (_changes, "_count", "/statements/", "follow a change"),
    "load": (_loads, "Load", "/queries/2/", "follow a queryset"),
    "end of a load": (_loads, "note_of", "/queries/2/", "follow a queryset"),
    "query of a load": (_querysets, "query_since", "/queries/2/", "follow a queryset"),
    "panel": (inject, "put_into_page", "/hello/", "put the panel into the page"),
    "page": (inject, "fits", "/hello/", "look at the response"),
    "headers": (inject, "add_headers", "/hello/", "name the cycle in the headers"),
    "settings": (settings_collector, "snapshot", "/hello/", "take the settings"),
    "log record": (logs, "Logged", "/side-events/", "record a log record"),
    "cache call": (cache, "CacheCall", "/side-events/", "record a cache call"),
    "end of a cache call": (cache, "_end", "/side-events/", "record a cache call"),
    "mail": (mail, "Mail", "/side-events/", "record a mail"),
    "end of an exchange": (
        outgoing.Exchange,
        "failed",
        "/side-events/",
        "record an HTTP exchange",
    ),
    "exchange": (outgoing, "Exchange", "/side-events/", "record an HTTP exchange"),
    "storage": (storage, "StorageCall", "/side-events/", "record a call of a storage"),
    "end of a storage": (storage, "_end", "/side-events/", "record a call of a storage"),
    "static file": (static_files, "StaticFile", "/side-events/", "record a static file"),
    "message": (user_messages, "Told", "/side-events/", "record a message"),
    "form": (forms.BoundForm, "__init__", "/side-events/", "record a form"),
    "end of a form": (forms.BoundForm, "ended", "/side-events/", "record a form"),
    "permission check": (permissions, "_note", "/side-events/", "record a permission check"),
    "thread": (threads, "FollowedSpan", "/in-thread/", "follow a thread"),
    "mark": (_marks._Mark, "__init__", "/marked/", "record a mark"),
    "end of a mark": (_marks, "_told", "/marked/", "record a mark"),
    "task": (tasks, "TaskSpan", "/gathered/2/", "follow a task"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_page_is_the_same_and_the_cycle_is_marked(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    owner, name, path, mark = FAULTS[fault]
    Book.objects.create(title="t", author=Author.objects.create(name="a"))
    bare = site.bare().get(path)
    monkeypatch.setattr(owner, name, fail)

    with caplog.at_level(logging.ERROR, "cycle_inspector"):
        first, second = site.get(path), site.get(path)
        assert writer.flush(10)

    for answer in (first, second):
        assert answer.status == bare.status
        if bare.status == 200:
            assert answer.text.replace(_TAG, "") == bare.text
    (line,) = {one for one in told(caplog) if mark in one}
    assert line == f"Cycle Inspector failed to {mark}; the page is not affected."
    assert len([one for one in told(caplog) if mark in one]) == 1
    cycle = find_cycle(reader.latest() or "")
    assert cycle.dropped[mark] >= 1


_TAG = '<script type="module" src="/__cycle__/panel.js"></script>'


def test_a_cycle_that_cannot_be_started_leaves_the_page_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gateway, "Note", fail)

    answer = site.get("/hello/")

    assert answer.text == PAGE
    assert "cycle-id" not in answer.headers
    assert told(caplog) == ["Cycle Inspector failed to start a cycle; the page is not affected."]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("name", ["fits", "put_into_stream"])
def test_a_stream_is_sent_whatever_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bare = site.bare().get("/stream/")
    monkeypatch.setattr(inject, name, fail)

    assert site.get("/stream/").body == bare.body


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_stream_that_cannot_be_followed_is_sent_and_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = site.bare().get("/stream/")
    monkeypatch.setattr(response, "follow", fail)

    answer = site.get("/stream/")

    assert answer.text == bare.text.replace("</body>", _TAG + "</body>")
    assert answer.cycle.dropped == {"follow the stream": 1}


@pytest.mark.parametrize("name", ["nonce_in_use", "why_blocked"])
def test_a_policy_that_cannot_be_read_costs_the_panel_only(
    site: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(policy, name, fail)

    answer = site.get("/hello/")

    assert answer.text == PAGE
    assert answer.cycle.dropped == {"put the panel into the page": 1}


@pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.BROWSER])
def test_a_stage_that_cannot_be_summed_up_does_not_cost_the_others(
    wsgi_site: Site, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    from cycle_inspector import lifecycle
    from cycle_inspector.collectors import DESCRIBE

    monkeypatch.setattr(lifecycle, "DESCRIBE", {**DESCRIBE, stage: fail})

    cycle = wsgi_site.get("/queries/1/").cycle

    (event,) = failures(cycle)
    assert (event.kind, event.stage, event.name) == ("fault", stage, "Broken")
    assert cycle.stage(stage).facts == {} or stage is Stage.SETTINGS
    others = [one for one in Stage if one not in (stage, Stage.TEMPLATES, Stage.MODELS)]
    assert all(cycle.stage(one).facts for one in others if one is not Stage.BROWSER)


def test_a_query_that_cannot_be_shown_does_not_cost_the_cycle(
    wsgi_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_statements, "params_of", fail)

    cycle = wsgi_site.get("/queries/2/").cycle

    assert cycle.queries == ()
    assert cycle.dropped == {"unreadable queries": 2}
    assert cycle.stage(Stage.VIEW).count == 1


def test_what_the_page_raises_itself_is_not_caught(site: Site) -> None:
    assert site.get("/raises/").cycle.dropped == {}


def raising(request: HttpRequest) -> bool:
    raise Broken


async def araising(request: HttpRequest) -> bool:
    raise Broken


def orm(request: HttpRequest) -> bool:
    return Book.objects.count() == 0


async def aorm(request: HttpRequest) -> bool:
    await asyncio.sleep(0)
    return await Book.objects.acount() == 0


def yes(request: HttpRequest) -> bool:
    return True


async def ano(request: HttpRequest) -> bool:
    return False


@pytest.mark.parametrize(
    ("show", "is_shown"),
    [
        (raising, False),
        (araising, False),
        ("no.such.function", False),
        (orm, True),
        (aorm, True),
        (yes, True),
        (ano, False),
        (f"{__name__}.yes", True),
        (lambda request: "a text", True),
        (lambda request: None, False),
    ],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("path", ["/hello/", "/ahello/", "/stream/"])
def test_who_may_see_the_panel_is_asked_in_any_mode(
    site: Site, switched_on: Any, show: Callable[..., Any] | str, is_shown: bool, path: str
) -> None:
    switched_on(SHOW_PANEL=show)

    answer = site.get(path)

    assert answer.status == 200
    assert ("panel.js" in answer.text) is is_shown
    assert ("cycle-id" in answer.headers) is is_shown
    cycle = find_cycle(reader.latest() or "")
    # What the question itself asks of the database is not the page's.
    assert len(cycle.statements) == (path == "/stream/")


def test_an_id_of_another_request_is_never_shown(serve: Any) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE, headers={"Cycle-Id": "from the page"})

    site = serve(page)
    answers: list[Answer] = [site.get("/") for _ in range(3)]

    assert len({one.cycle_id for one in answers}) == 3
    assert "from the page" not in {one.cycle_id for one in answers}
