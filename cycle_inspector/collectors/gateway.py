"""Stage 2, the gateway: which server handed the request over, in which process and thread.

The start of a cycle is the signal `request_started`, written into the environ or scope that comes
with it: a ContextVar set by its receiver would be lost under ASGI in Django 5.2 and 6.0.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_started

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors._values import cut
from cycle_inspector.records import Json, Stage

_START = "cycle_inspector.start_ns"


class Note:
    """What the environ or the scope says, and where this request is served."""

    __slots__ = ("entered", "facts")

    def __init__(self, request: Any, entered: int) -> None:
        self.entered = entered
        scope = getattr(request, "scope", None)
        self.facts: dict[str, Json] = (
            _of_environ(request.META) if scope is None else _of_scope(scope)
        )
        self.facts |= {"process_id": os.getpid(), "thread": threading.current_thread().name}


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
    return Summed(duration_ns=wait, count=1, facts={**note.facts, "wait_ns": wait})


def _note_start(**given: Any) -> None:
    carrier = given.get("scope", given.get("environ"))
    if isinstance(carrier, dict):
        carrier[_START] = time.perf_counter_ns()


def _of_environ(environ: dict[str, Any]) -> dict[str, Json]:
    return {
        "interface": "WSGI",
        "server": cut(str(environ.get("SERVER_SOFTWARE", "")), 200),
        "http_version": str(environ.get("SERVER_PROTOCOL", "")),
        "script_name": cut(str(environ.get("SCRIPT_NAME", ""))),
        "multithread": bool(environ.get("wsgi.multithread")),
        "multiprocess": bool(environ.get("wsgi.multiprocess")),
    }


def _of_scope(scope: dict[str, Any]) -> dict[str, Json]:
    version = scope.get("asgi", {})
    return {
        "interface": "ASGI",
        "server": f"ASGI {version.get('version', '')}, spec {version.get('spec_version', '')}",
        "http_version": f"HTTP/{scope.get('http_version', '')}",
        "script_name": cut(str(scope.get("root_path", ""))),
        "extensions": [str(one) for one in scope.get("extensions") or ()],
    }
