"""Outgoing HTTP, a side event: each exchange that a project has with another server.

Hooked are urllib3, which is below requests as well, the transports of httpx, and `http.client`,
which is below `urllib.request`; each only where a project has imported it. The time is that until
the headers are there. Nothing is read from a body, and no header is added.

urllib3 works by `http.client`: what that does inside of a call of urllib3 is a part of it.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FrameType, ModuleType
from typing import Any

from cycle_inspector.collectors import _libraries, _redaction
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_LONGEST_URL = 2_000
_WHAT = "record an HTTP exchange"

# The call of urllib3 that is running in this context.
_running: ContextVar[Exchange | None] = ContextVar("cycle_inspector_http", default=None)


class Exchange(SideEvent):
    """One request to another server, and how it was answered; neither is kept."""

    __slots__ = ("_by", "_clock", "_method", "_url", "attempts", "duration", "error", "facts")

    KIND = "http"

    def __init__(self, recorder: Recorder, frame: FrameType, by: str, method: Any, url: str):
        super().__init__(recorder, frame)
        self._clock = recorder.clock
        self._by = by
        self._method = str(to_json(method)).upper()
        self._url = url
        self.attempts = 1
        self.duration: int | None = None
        self.error: str | None = None
        # Of a sync call: nothing else goes on in the thread of a running loop.
        on_loop = asyncio._get_running_loop() is not None
        self.facts: dict[str, Json] = {"on_loop": True} if on_loop else {}
        # What is still open when the cycle ends is told as well.
        recorder.add_side_event(self)
        self.at = self._clock()

    def arrived(self) -> None:
        """Say that the headers are there."""
        self.duration = self._clock() - self.at

    def answered(self, status: Any, headers: Any) -> None:
        """Take what the headers say."""
        if self.duration is None:
            self.arrived()
        self.facts["status"] = to_json(status)
        size = headers.get("Content-Length")
        if type(size) is str and size.isascii() and size.isdigit():
            self.facts["size"] = int(size)

    def failed(self, error: BaseException) -> None:
        """Say that there was no answer, or that reading it has failed."""
        self.duration = self._clock() - self.at
        self.error = told(error)

    def name(self) -> str:
        return cut(self._method, 20)

    def attributes(self) -> dict[str, Json]:
        facts: dict[str, Json] = {
            "url": cut(_redaction.redact_url(self._url), _LONGEST_URL),
            "by": self._by,
            **self.facts,
        }
        if self.duration is not None:
            facts["duration_ns"] = self.duration
        if self.attempts > 1:
            facts["attempts"] = self.attempts
        if self.error is not None:
            facts["error"] = clean(self.error)
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Hook into what a project has imported, and will import; take the hooks away afterwards."""
    with ExitStack() as stack:
        stack.enter_context(_libraries.hooked("http.client", _standard))
        stack.enter_context(_libraries.hooked("urllib3.connectionpool", _urllib3))
        stack.enter_context(_libraries.hooked("httpx", _httpx))
        yield


def _standard(client: ModuleType) -> AbstractContextManager[object]:
    owner = client.HTTPConnection
    return _all(
        replaced(owner, "request", _wrap_request(owner.request)),
        replaced(owner, "getresponse", _wrap_getresponse(owner.getresponse)),
    )


def _urllib3(module: ModuleType) -> AbstractContextManager[object]:
    owner = module.HTTPConnectionPool
    return replaced(owner, "urlopen", _wrap_urlopen(owner.urlopen))


def _httpx(module: ModuleType) -> AbstractContextManager[object]:
    one, other = module.HTTPTransport, module.AsyncHTTPTransport
    return _all(
        replaced(one, "handle_request", _wrap_transport(one.handle_request)),
        replaced(other, "handle_async_request", _wrap_async_transport(other.handle_async_request)),
    )


@contextmanager
def _all(*patches: AbstractContextManager[object]) -> Iterator[None]:
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


def _recording() -> Recorder | None:
    recorder = current()
    return None if recorder is None or recorder.closed else recorder


def _wrap_urlopen(original: Any) -> Any:
    @wraps(original)
    def urlopen(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = _recording()
        if recorder is None:
            return original(self, *args, **kwargs)
        outer = _running.get()
        if outer is not None:  # it tries again, or follows a redirect
            outer.attempts += 1
            return original(self, *args, **kwargs)
        made = token = None
        with guard(_WHAT, recorder):
            method = args[0] if args else kwargs.get("method")
            path = args[1] if len(args) > 1 else kwargs.get("url")
            url = _url(self.scheme, self.host, self.port, path)
            made = Exchange(recorder, sys._getframe(1), "urllib3", method, url)
            token = _running.set(made)
        try:
            response = original(self, *args, **kwargs)
        except BaseException as error:
            _fail(recorder, made, error)
            raise
        else:
            _take(recorder, made, response, "status")
            return response
        finally:
            if token is not None:
                _running.reset(token)

    return urlopen


def _wrap_request(original: Any) -> Any:
    @wraps(original)
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = _recording()
        if recorder is None or _running.get() is not None:
            return original(self, *args, **kwargs)
        made = None
        with guard(_WHAT, recorder):
            method = args[0] if args else kwargs.get("method")
            path = args[1] if len(args) > 1 else kwargs.get("url")
            url = _url_of(self, path)
            made = Exchange(recorder, sys._getframe(1), "http.client", method, url)
            # A connection answers one request at a time.
            recorder.repeated[Exchange, id(self)] = weakref.ref(self), made
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            _fail(recorder, made, error)
            raise

    return request


def _wrap_getresponse(original: Any) -> Any:
    @wraps(original)
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = _recording()
        if recorder is None:
            return original(self, *args, **kwargs)
        outer = _running.get()
        made = None if outer is not None else _asked_by(recorder, self)
        try:
            response = original(self, *args, **kwargs)
        except BaseException as error:
            _fail(recorder, made, error)
            raise
        if outer is not None:
            # urllib3 may read the body before it returns.
            with guard(_WHAT, recorder):
                outer.arrived()
        _take(recorder, made, response, "status")
        return response

    return getresponse


def _wrap_transport(original: Any) -> Any:
    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        recorder = _recording()
        if recorder is None:
            return original(self, request)
        made = _begin_httpx(recorder, request, sys._getframe(1))
        try:
            response = original(self, request)
        except BaseException as error:
            _fail(recorder, made, error)
            raise
        _take(recorder, made, response, "status_code")
        return response

    return handle_request


def _wrap_async_transport(original: Callable[..., Any]) -> Any:
    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        recorder = _recording()
        if recorder is None:
            return await original(self, request)
        made = _begin_httpx(recorder, request, sys._getframe(1))
        if made is not None:
            made.facts.clear()
        try:
            response = await original(self, request)
        except BaseException as error:
            _fail(recorder, made, error)
            raise
        _take(recorder, made, response, "status_code")
        return response

    return handle_async_request


def _begin_httpx(recorder: Recorder, request: Any, frame: FrameType) -> Exchange | None:
    with guard(_WHAT, recorder):
        return Exchange(recorder, frame, "httpx", request.method, str(request.url))
    return None


def _take(recorder: Recorder, made: Exchange | None, response: Any, status: str) -> None:
    if made is not None:
        with guard(_WHAT, recorder):
            made.answered(getattr(response, status), response.headers)


def _fail(recorder: Recorder, made: Exchange | None, error: BaseException) -> None:
    if made is not None:
        with guard(_WHAT, recorder):
            made.failed(error)


def _asked_by(recorder: Recorder, connection: Any) -> Exchange | None:
    """Return the exchange that `connection` awaits the answer of."""
    found = recorder.repeated.pop((Exchange, id(connection)), None)
    if found is None or found[0]() is not connection:
        return None
    exchange: Exchange = found[1]
    return exchange


def _url_of(connection: Any, path: Any) -> str:
    """Return the address that a connection of the standard library is asked for."""
    scheme = "https" if connection.default_port == 443 else "http"
    through = getattr(connection, "_tunnel_host", None)  # by a proxy, which the socket leads to
    if through:
        return _url(scheme, through, getattr(connection, "_tunnel_port", None), path)
    return _url(scheme, connection.host, connection.port, path)


def _url(scheme: Any, host: Any, port: Any, path: Any) -> str:
    told_path = str(to_json(path))
    if told_path.startswith(("http://", "https://")):  # as a proxy is asked
        return told_path
    place = f"[{host}]" if ":" in str(host) and not str(host).startswith("[") else str(host)
    standard = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{place}{'' if port in (None, standard) else f':{port}'}{told_path}"
