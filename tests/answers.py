"""A server of this machine that is asked by what is tested."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW_SECONDS = 0.15


class Answers(BaseHTTPRequestHandler):
    """Says `hello`, at /slow after a while; elsewhere where to, or that it is at fault."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"hello"
        if self.path == "/slow":
            time.sleep(SLOW_SECONDS)
        self.send_response({"/moved": 302, "/broken": 503}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def answering(answers: type[BaseHTTPRequestHandler] = Answers) -> Iterator[str]:
    """Let a server answer in a thread of its own, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
