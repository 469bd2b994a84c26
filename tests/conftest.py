"""What most tests need: a project with the tool switched on, and a history of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import path

from cycle_inspector.history import database, writer
from tests.answers import answering
from tests.site import SERVERS, Site

PAIR = (
    "cycle_inspector.middleware.FirstMiddleware",
    "cycle_inspector.middleware.LastMiddleware",
)


@pytest.fixture
def switched_on(
    settings: Any, tmp_path: Path, transactional_db: None
) -> Iterator[Callable[..., None]]:
    """Switch the tool on as for development; call it to set keys of CYCLE_INSPECTOR."""

    def configure(**keys: Any) -> None:
        settings.CYCLE_INSPECTOR = {
            "ENABLED": True,
            "HISTORY_PATH": tmp_path / "history.sqlite3",
            **keys,
        }

    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.MIDDLEWARE = [PAIR[0], *settings.MIDDLEWARE, PAIR[1]]
    configure()
    yield configure
    writer.stop(10)
    database.close()
    assert not writer.serving  # whatever became of the requests


@pytest.fixture(params=SERVERS)
def site(request: pytest.FixtureRequest, switched_on: Any) -> Site:
    """Give the project behind a WSGI and an ASGI handler in turn."""
    return Site(request.param)


class Server:
    """Serves a view, or URL patterns, behind a handler.

    `middleware` stands between the pair, in the place of the project's.
    """

    def __init__(self, name: str, settings: Any) -> None:
        self.name = name
        self._settings = settings

    def __call__(self, *views: Any, middleware: Sequence[str] | None = None) -> Site:
        self._settings.ROOT_URLCONF = tuple(
            path("", one) if callable(one) else one for one in views
        )
        if middleware is not None:
            self._settings.MIDDLEWARE = [PAIR[0], *middleware, PAIR[1]]
        return Site(self.name)


@pytest.fixture(params=SERVERS)
def serve(request: pytest.FixtureRequest, settings: Any, switched_on: Any) -> Server:
    """Serve behind a WSGI and an ASGI handler in turn."""
    return Server(request.param, settings)


@pytest.fixture
def serve_wsgi(settings: Any, switched_on: Any) -> Server:
    return Server("wsgi", settings)


@pytest.fixture
def serve_asgi(settings: Any, switched_on: Any) -> Server:
    return Server("asgi", settings)


@pytest.fixture
def wsgi_site(switched_on: Any) -> Site:
    return Site("wsgi")


@pytest.fixture
def asgi_site(switched_on: Any) -> Site:
    return Site("asgi")


class _Answers(BaseHTTPRequestHandler):
    """Answers by the status in the path, `/503`, or after the time in it, `/wait/50`; or late."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, kind, *rest = urlsplit(self.path).path.split("/")
        if kind == "wait":
            time.sleep(int(rest[0]) / 1_000)
        elif kind == "slow":
            time.sleep(0.6)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(int(kind) if kind.isdigit() else 200)
        self.send_header("Content-Length", "5")
        with suppress(BrokenPipeError):  # who asked has given up
            self.end_headers()
            self.wfile.write(b"hello")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[str]:
    """Give the address of a server in a thread of its own."""
    with answering(_Answers) as address:
        yield address
