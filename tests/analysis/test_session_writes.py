"""Sessions that are written each time."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.cache import SessionStore as InCache
from django.contrib.sessions.backends.db import SessionStore as InDatabase
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.session_writes import find
from cycle_inspector.records import Finding, Severity
from tests.site import Site

STORES = {"db": InDatabase, "cache": InCache}


def look(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.session.get("basket")))


def change(request: HttpRequest) -> HttpResponse:
    request.session["basket"] = [2]
    return HttpResponse("ok")


def found(site: Site, store: str = "db") -> list[Finding]:
    session: Any = STORES[store]()
    session["basket"] = [1]
    session.save()
    cycle = site.get("/", {"Cookie": f"sessionid={session.session_key}"}).cycle
    assert "session_changed" in cycle.stages[0].facts
    return list(find(cycle, Thresholds()))


@pytest.fixture
def always(settings: Any) -> Any:
    settings.SESSION_SAVE_EVERY_REQUEST = True
    return settings


def test_finds_a_session_that_is_written_though_nobody_changed_it(always: Any, serve: Any) -> None:
    (finding,) = found(serve(look))
    assert (finding.code, finding.severity, finding.count) == ("CI508", Severity.INFO, 1)
    assert "SESSION_SAVE_EVERY_REQUEST" in finding.fix
    assert finding.cost_ns > 0
    assert len(finding.evidence) == 1


def test_finds_one_in_a_cache_too(always: Any, serve: Any) -> None:
    always.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    (finding,) = found(serve(look), "cache")
    assert finding.evidence == ()


def test_does_not_find_one_that_the_view_has_changed(always: Any, serve: Any) -> None:
    assert found(serve(change)) == []


def test_does_not_find_sessions_that_are_written_when_they_change(serve: Any) -> None:
    assert found(serve(look)) == []
    assert found(serve(change)) == []


def test_does_not_find_one_that_the_project_saves_itself(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        look(request)
        request.session.save()
        return HttpResponse("ok")

    assert found(serve(view)) == []
