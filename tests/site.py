"""Ask the real WSGI and ASGI handlers for a page, and find its cycle in the history."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpHeaders
from django.test.client import FakePayload
from django.test.utils import override_settings

from cycle_inspector.history import reader, writer
from cycle_inspector.records import SIDE_KINDS, Cycle, Event

SERVERS = ("wsgi", "asgi")


@dataclass(frozen=True)
class Answer:
    """What the server would have sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def cycle_id(self) -> str:
        return self.headers["cycle-id"]

    @property
    def cycle(self) -> Cycle:
        """The cycle of this answer, once it has been written."""
        return find_cycle(self.cycle_id)


def find_cycle(cycle_id: str) -> Cycle:
    """Return the cycle from the history, waiting for the writer."""
    assert writer.flush(10)
    cycle = reader.get(cycle_id)
    assert cycle is not None, writer.problem()
    return cycle


def failures(cycle: Cycle) -> list[Event]:
    """Return what went wrong in `cycle`; Django also logs much of it."""
    return [one for one in cycle.events if one.kind not in SIDE_KINDS]


class Site:
    """The test project behind a real handler, its chain built with the settings at hand."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.handler: Any = WSGIHandler() if server == "wsgi" else ASGIHandler()

    def bare(self) -> Site:
        """Return the same project without the tool."""
        with override_settings(
            MIDDLEWARE=[one for one in settings.MIDDLEWARE if not one.startswith("cycle_inspector")]
        ):
            return Site(self.server)

    def get(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        return self.ask("GET", url, headers=headers)

    def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        client: str = "127.0.0.1",
        root: str = "",
    ) -> Answer:
        """Send a request; header names are written as in the protocol."""
        sent = {"host": "testserver", **{k.lower(): v for k, v in (headers or {}).items()}}
        if body:
            sent.setdefault("content-length", str(len(body)))
        if self.server == "wsgi":
            return _ask_wsgi(self.handler, method, url, body, sent, client, root)
        return asyncio.run(ask_asgi(self.handler, method, url, body, sent, client, root))


def _ask_wsgi(
    handler: WSGIHandler,
    method: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
    client: str,
    root: str,
) -> Answer:
    parts = urlsplit(url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": FakePayload(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "AN_ENVIRONMENT_VARIABLE": "hunter2",
        **{HttpHeaders.to_wsgi_name(name): value for name, value in headers.items()},
    }
    started: dict[str, Any] = {}

    def start_response(status: str, sent: list[tuple[str, str]], exc_info: Any = None) -> None:
        started.update(status=int(status.split()[0]), headers=dict(sent))

    response: Any = handler(environ, start_response)
    try:
        chunks = list(response)
    finally:
        response.close()
    received = {name.lower(): value for name, value in started["headers"].items()}
    return Answer(started["status"], received, b"".join(chunks), chunks)


async def _receive(communicator: ApplicationCommunicator) -> Any:
    """Return the next message; raise what ends the application before it sends one."""
    message = asyncio.ensure_future(communicator.output_queue.get())
    running = communicator.future
    await asyncio.wait({message, running}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if not message.done():
        message.cancel()
        running.result()  # raises: what the application did, or that it is still running
        raise AssertionError("The application ended without a response.")
    return message.result()


async def ask_asgi(
    handler: ASGIHandler,
    method: str,
    url: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    client: str = "127.0.0.1",
    root: str = "",
) -> Answer:
    """Send a request to an ASGI handler within the running event loop."""
    parts = urlsplit(url)
    sent = headers or {"host": "testserver"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": root + parts.path,
        "root_path": root,
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode("latin1")) for name, value in sent.items()],
        "client": (client, 4321),
        "server": ("testserver", 80),
    }
    communicator = ApplicationCommunicator(handler, scope)
    await communicator.send_input({"type": "http.request", "body": body})
    start = await _receive(communicator)
    chunks = []
    while True:
        part = await _receive(communicator)
        chunks.append(part.get("body", b""))
        if not part.get("more_body"):
            break
    await communicator.wait(10)
    received = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], received, b"".join(chunks), [one for one in chunks if one])
