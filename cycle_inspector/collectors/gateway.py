"""Stage 2, the gateway: which server handed the request over, in which process and thread.

The start of a cycle is the signal `request_started`, written into the environ or scope that comes
with it: a ContextVar set by its receiver would be lost under ASGI in Django 5.2 and 6.0.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_started

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _servers
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Json, Stage

_START = "cycle_inspector.start_ns"

_OF_ENVIRON = (
    *("SERVER_SOFTWARE", "SERVER_PROTOCOL", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"),
    *("wsgi.version", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
    *("uwsgi.version", "mod_wsgi.version"),
)
_OF_SCOPE = ("asgi", "extensions", "http_version", "root_path", "server")


class Note:
    """What the environ or the scope says, and where this request is served; read afterwards."""

    __slots__ = ("entered", "given", "is_asgi", "loop", "peer", "process_id", "thread", "thread_id")

    def __init__(self, request: Any, entered: int) -> None:
        self.entered = entered
        self.process_id = os.getpid()
        self.thread = threading.current_thread()
        self.thread_id = threading.get_native_id()  # its own attribute is the parent's after a fork
        self.loop: type | None = None
        # A middleware may put another address in its place.
        self.peer: Any = request.META.get("REMOTE_ADDR")
        scope = request.__dict__.get("scope")
        self.is_asgi = scope is not None
        if self.is_asgi:
            self.loop = type(asyncio._get_running_loop())  # None in a thread
            self.given = {name: scope.get(name) for name in _OF_SCOPE}
            # What the lifespan has put there are live objects; their names are enough.
            self.given["state"] = _names(scope.get("state"))
        else:
            environ = request.META
            self.given = {name: environ.get(name) for name in _OF_ENVIRON}


@contextmanager
def collect() -> Iterator[None]:
    """Note when each request starts; stop noting afterwards."""
    request_started.connect(_note_start, weak=False, dispatch_uid="cycle_inspector.gateway")
    try:
        yield
    finally:
        request_started.disconnect(dispatch_uid="cycle_inspector.gateway")


def take_start(request: Any) -> int | None:
    """Return when the request was handed over, in `time.perf_counter_ns`; None if nobody said."""
    carrier = getattr(request, "scope", None)
    if carrier is None:
        carrier = getattr(request, "environ", {})
    # Taken out: a request that is made from the parts of this one has a start of its own.
    start = carrier.pop(_START, None) if isinstance(carrier, dict) else None
    return start if type(start) is int else None


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage: from the server's call to our first middleware."""
    note: Note | None = recorded.notes.get(Stage.GATEWAY)
    if note is None:
        return Summed()
    wait = max(note.entered - recorded.start, 0)
    facts = {
        **(_of_scope(note) if note.is_asgi else _of_environ(note.given)),
        "process_id": note.process_id,
        **_servers.place(note.process_id),
        "thread": note.thread.name,
        "thread_id": note.thread_id,
        "wait_ns": wait,
    }
    return Summed(duration_ns=wait, count=1, facts=facts)


def _note_start(**given: Any) -> None:
    carrier = given.get("scope", given.get("environ"))
    if isinstance(carrier, dict):
        carrier[_START] = time.perf_counter_ns()


def _names(state: Any) -> list[str]:
    return [name for name in state if type(name) is str] if type(state) is dict else []


def _of_environ(given: dict[str, Any]) -> dict[str, Json]:
    version = given["wsgi.version"]
    return {
        "interface": "WSGI",
        "interface_version": ".".join(map(str, version)) if type(version) is tuple else "",
        "server": cut(_wsgi_server(given), 200),
        "listens": _place(given["SERVER_NAME"], given["SERVER_PORT"]),
        "http_version": _text(given["SERVER_PROTOCOL"]),
        "script_name": cut(_text(given["SCRIPT_NAME"])),
        "multithread": bool(given["wsgi.multithread"]),
        "multiprocess": bool(given["wsgi.multiprocess"]),
        "run_once": bool(given["wsgi.run_once"]),
    }


def _wsgi_server(given: dict[str, Any]) -> str:
    named = _text(given["SERVER_SOFTWARE"])
    uwsgi, mod_wsgi = given["uwsgi.version"], given["mod_wsgi.version"]
    if type(uwsgi) is bytes:
        return f"uWSGI {uwsgi.decode('latin1')}"
    if type(mod_wsgi) is tuple:
        return f"{named} mod_wsgi/{'.'.join(map(str, mod_wsgi))}".strip()
    return named


def _of_scope(note: Note) -> dict[str, Json]:
    scope = note.given
    asgi = scope.get("asgi")
    versions = asgi if type(asgi) is dict else {}
    spec = versions.get("spec_version")
    facts: dict[str, Json] = {
        "interface": "ASGI",
        "interface_version": f"{versions.get('version', '')}{f', spec {spec}' if spec else ''}",
        "server": cut(_servers.asgi_server(note.process_id), 200),
        "listens": _place(*_pair(scope.get("server"))),
        "http_version": f"HTTP/{scope.get('http_version', '')}",
        "script_name": cut(_text(scope.get("root_path"))),
        "extensions": _names(scope.get("extensions")),
        "state": [cut(name, 100) for name in scope["state"]],
    }
    if note.loop is not None and note.loop is not type(None):
        facts["event_loop"] = _loop(note.loop)
    return facts


def _pair(address: Any) -> tuple[Any, Any]:
    is_pair = type(address) in (tuple, list) and len(address) == 2
    return tuple(address) if is_pair else ("", None)


def _place(host: Any, port: Any) -> str:
    """Return where the server listens; a socket in a folder has no port."""
    return cut(f"{_text(host)}:{port}" if port else _text(host), 200) if host else ""


def _loop(kind: type) -> str:
    package = kind.__module__.partition(".")[0]
    return package if package in ("asyncio", "uvloop", "winloop", "rloop") else kind.__module__


def _text(value: Any) -> str:
    return value if type(value) is str else "" if value is None else str(to_json(value))
