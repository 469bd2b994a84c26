"""A server as a process of its own, and a visitor to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

_STARTS_WITHIN_SECONDS = 30
_STOPS_WITHIN_SECONDS = 15


class Server:
    """A process that serves, with all that it starts; what they print goes to `server.log`."""

    def __init__(
        self, command: list[str], folder: Path, environ: Mapping[str, str] | None, address: str
    ) -> None:
        self.url = f"http://{address}"
        self.address = address
        self._log = folder / "server.log"
        # A shell that runs the tests in the background ignores SIGINT, and children inherit that.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, to see what is left of it
            )

    @property
    def pid(self) -> int:
        """The process that was started; it may have started others."""
        return self._process.pid

    @property
    def printed(self) -> str:
        """What it has printed until now."""
        return self._log.read_text()

    def wait_until_served(self, path: str) -> None:
        """Wait for an answer, of whatever status, to a request for `path`."""
        visitor = Visitor(self.url)
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                visitor.get(path)
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the server does not answer:\n{self.printed}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal, wait for its end, and return its exit code.

        Fail if it leaves a process behind.
        """
        self._process.send_signal(how)
        return self._wait()

    def interrupt(self) -> int:
        """Stop it as Ctrl-C does, which a terminal sends to all of its processes."""
        os.killpg(self.pid, signal.SIGINT)
        return self._wait()

    def kill(self) -> None:
        """End all of it at once, if it is still there."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(_STOPS_WITHIN_SECONDS)

    def _wait(self) -> int:
        code = self._process.wait(_STOPS_WITHIN_SECONDS)
        deadline = time.monotonic() + _STOPS_WITHIN_SECONDS
        while self._is_something_left():  # a child that was killed may go a moment later
            assert time.monotonic() < deadline, f"a process was left behind:\n{self.printed}"
            time.sleep(0.02)
        return code

    def _is_something_left(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


@contextmanager
def served(
    command: list[str], folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `command` and a free address as its last argument, in `folder`; yield its base URL."""
    address = free_address()
    server = Server([*command, address], folder, environ, address)
    try:
        server.wait_until_served("/")
        yield server.url
        server.stop()
    finally:
        server.kill()


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
        # Not build_opener(), which reads all certificates of the machine each time.
        self._opener = urllib.request.OpenerDirector()
        for one in (
            urllib.request.HTTPHandler(),
            urllib.request.HTTPCookieProcessor(self._cookies),
            _TakeAsItCame(),
        ):
            self._opener.add_handler(one)

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


def free_address() -> str:
    """Return an address of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
