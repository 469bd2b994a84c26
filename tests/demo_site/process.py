"""The demo as a process of its own, as its settings cannot share one with those of the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

_MANAGE = Path(__file__).resolve().parents[2] / "demo_site" / "manage.py"
_STARTS_WITHIN_SECONDS = 30
_STOPS_WITHIN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo, writing its database and its history into `folder` only."""

    folder: Path

    @property
    def database(self) -> Path:
        """Where the bookshop keeps its rows."""
        return self.folder / "db.sqlite3"

    def run(self, *arguments: str) -> str:
        """Run a management command to its end and return what it printed."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environ(),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve the demo on a free port meanwhile; yield its address, without a final slash."""
        address = f"127.0.0.1:{_free_port()}"
        log = self.folder / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                self._command("runserver", "--noreload", address),
                env=self._environ(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_until_served(f"http://{address}", server, log)
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(_STOPS_WITHIN_SECONDS)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", str(_MANAGE), *arguments]

    def _environ(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "demo_site.config.settings",
            "DEMO_DATABASE": str(self.database),
            "DEMO_HISTORY": str(self.folder / "history.sqlite3"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Visitor:
    """A browser that keeps cookies, follows no redirect and takes every status for an answer."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _TakeAsItCame,
        )

    def get(self, path: str) -> Answer:
        """Ask for `path`."""
        return self._open(path)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send `fields` to `path` as a form."""
        return self._open(path, urlencode(fields).encode())

    def _open(self, path: str, body: bytes | None = None) -> Answer:
        with self._opener.open(f"{self._base_url}{path}", body, timeout=30) as response:
            return Answer(status=response.status, headers=response.headers, body=response.read())


class _TakeAsItCame(urllib.request.HTTPErrorProcessor):
    def http_response(
        self, request: urllib.request.Request, response: HTTPResponse
    ) -> HTTPResponse:
        return response


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_served(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    visitor = Visitor(url)
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            visitor.get("/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the demo does not answer:\n{log.read_text()}")
