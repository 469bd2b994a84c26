"""Another server, for the rules about calls of one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest


class _Answers(BaseHTTPRequestHandler):
    """Answers by the status in the path, `/503`, or after the time in it, `/wait/50`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, kind, *rest = urlsplit(self.path).path.split("/")
        if kind == "wait":
            time.sleep(int(rest[0]) / 1_000)
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
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
