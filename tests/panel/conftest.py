from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import RequestFactory

from cycle_inspector.history import reader, writer
from cycle_inspector.history.links import Cause, Links
from cycle_inspector.panel import views
from cycle_inspector.records import Cycle
from tests.panel.sample import rich_cycle


class History:
    """Stands in for the history: what is kept, and what was put."""

    def __init__(self) -> None:
        self.cycles: dict[str, Cycle] = {}
        self.links = Links()
        self.causes: dict[str, Cause] = {}
        self.beacons: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
        self.asked_paths: list[str | None] = []

    def add(self, cycle: Cycle) -> Cycle:
        self.cycles[cycle.id] = cycle
        return cycle

    def latest(self, path: str | None = None) -> str | None:
        self.asked_paths.append(path)
        fitting = (one.id for one in self.cycles.values() if path in (None, one.request["path"]))
        return next(fitting, None)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    kept = History()
    monkeypatch.setattr(reader, "get", kept.cycles.get)
    monkeypatch.setattr(reader, "latest", kept.latest)
    monkeypatch.setattr(reader, "recent", lambda limit, before=None: [])
    monkeypatch.setattr(reader, "links_of", lambda cycle: kept.links)
    monkeypatch.setattr(reader, "causes_of", lambda rows: kept.causes)
    monkeypatch.setattr(writer, "problem", lambda: None)
    monkeypatch.setattr(writer, "put_beacon", lambda *given: kept.beacons.append(given))
    return kept


@pytest.fixture
def cycle(history: History) -> Cycle:
    return history.add(rich_cycle())


@pytest.fixture
def ask(settings: Any) -> Callable[..., HttpResponseBase]:
    """Send a request to the panel: its path below `/__cycle__/`, its method, and the rest."""
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["testserver"]
    requests = RequestFactory()

    def send(path: str, method: str = "GET", **given: Any) -> HttpResponseBase:
        return views.respond(requests.generic(method, f"/__cycle__/{path}", **given))

    return send
