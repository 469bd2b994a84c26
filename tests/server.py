"""A server as a process of its own, and a visitor to it."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

_STARTS_WITHIN_SECONDS = 30
_STOPS_WITHIN_SECONDS = 10


@contextmanager
def served(
    command: list[str], folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `command` and a free address as its last argument, in `folder`; yield its base URL.

    What it prints goes to `server.log` there.
    """
    address = f"127.0.0.1:{_free_port()}"
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, address], cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_served(f"http://{address}", server, log)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(_STOPS_WITHIN_SECONDS)


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
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self._cookies),
            _TakeAsItCame,
        )

    def get(self, path: str) -> Answer:
        """Ask for `path`."""
        return self._open(path)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send `fields` to `path` as a form."""
        return self._open(path, urlencode(fields).encode())

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that was set."""
        return next(one.value or "" for one in self._cookies if one.name == name)

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
    raise RuntimeError(f"the server does not answer:\n{log.read_text()}")
