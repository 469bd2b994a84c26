"""A cycle from open to kept, and the one guard around all of it.

The middleware pair calls `open_cycle`, and `OpenCycle.close` with the response; `record` does the
same for any block of code. Closing only takes references; the frozen cycle is made, judged and
written by the history's writer thread. Whatever fails on our side is logged once for each place and
marked on the cycle; the response is the page's own in any case.
"""

from __future__ import annotations

from typing import Any, Self

from django.http import FileResponse, HttpResponseBase

from cycle_inspector import conf
from cycle_inspector.analysis import Thresholds
from cycle_inspector.assembly import assemble
from cycle_inspector.collectors import (
    DESCRIBE,
    _libraries,
    client,
    exceptions,
    gateway,
    hooks,
    middleware,
    response,
    settings,
    tasks,
)
from cycle_inspector.collectors._guard import guard
from cycle_inspector.explain import slow
from cycle_inspector.history import judge, writer
from cycle_inspector.recorder import Limits, Recorder, Tokens, current, enter, innermost, leave
from cycle_inspector.records import Cycle, Stage

__all__ = ["OpenCycle", "guard", "record"]

# The cycle of a request, on the request: found again where the context does not reach.
_ON_REQUEST = "_cycle_inspector"


class OpenCycle:
    """A request that is being recorded."""

    __slots__ = ("_tokens", "added", "panel", "recorder", "shown")

    def __init__(self, recorder: Recorder, tokens: Tokens) -> None:
        self.recorder = recorder
        self.shown: bool | None = None  # may this client see the panel? None: not asked yet
        self.added: response.Added | None = None  # to a streamed page, once it is complete
        self.panel = ""  # why the panel is or is not in the page
        self._tokens: Tokens | None = tokens

    def __reduce__(self) -> tuple[Any, ...]:
        # A project may pickle or copy its request; this is not a part of it.
        return type(None), ()

    def saw_chain(self, watch: middleware.Watch | None) -> None:
        """Remember that the request came through the whole chain."""
        if watch is not None:
            note = self.recorder.note(Stage.MIDDLEWARE, middleware.Note)
            note.chain, note.is_through = watch, True

    def close(self, request: Any, answer: Any) -> bool:
        """Take what the request and the response say, and stop unless the response is a stream.

        Return whether there is a cycle to hand over.
        """
        recorder = self.recorder
        if not isinstance(answer, HttpResponseBase):  # a middleware's fault, as Django will say
            self.abandon(request, f"a middleware returned {type(answer).__qualname__}")
            return False
        with guard("take the request", recorder):
            _take_request(recorder, request, answer)
        with guard("take the response", recorder):
            note = response.Note(answer, recorder.clock())
            recorder.notes[Stage.RESPONSE] = note
            recorder.response = lambda: response.response_facts(note)
        with guard("recognise the history's own pages", recorder):
            recorder.discarded = _is_own_admin(request)
        if not answer.streaming or recorder.discarded:
            recorder.stop()
        self.leave()
        return not recorder.discarded

    def hand_over(self, answer: Any) -> None:
        """Keep the cycle: now, or when the last byte of a stream has left."""
        recorder = self.recorder
        note = recorder.notes.get(Stage.RESPONSE)
        if note is not None:
            note.panel = self.panel
            # What a middleware has compressed since cannot be told apart.
            is_plain = answer.streaming and not answer.headers.get("Content-Encoding")
            note.added = self.added if is_plain else None
        if not answer.streaming:
            keep(recorder)
            return
        if note is not None and not isinstance(answer, FileResponse):
            # A FileResponse hands its file to the server, which an iterator in between would spoil.
            with guard("follow the stream", recorder):
                response.follow(answer, recorder, note, self._stop_and_keep)
        # django.http.response.HttpResponseBase.close() runs these, in order, after the last byte.
        answer._resource_closers.append(self._stop_and_keep)

    def abandon(self, request: Any, cause: str) -> None:
        """No response came, as when an async client has gone away: keep what there is."""
        recorder = self.recorder
        with guard("take the request", recorder):
            _take_request(recorder, request)
        recorder.notes[Stage.RESPONSE] = response.Missing(cause)
        recorder.stop()
        self.leave()
        keep(recorder)

    def leave(self) -> None:
        writer.serving.discard(self.recorder.id)
        if self._tokens is not None:
            leave(self._tokens)
            self._tokens = None

    def _stop_and_keep(self) -> None:
        if not self.recorder.closed:
            self.recorder.stop()
            keep(self.recorder)


class record:  # noqa: N801 - read as a verb: `with record() as recording:`
    """Record a block of code: a test, a command, lines in a shell. Sync and async.

    Afterwards `recording.cycle` is the frozen `Cycle`, its findings judged; what the block raises
    is raised on. Works with the tool disabled too: the hooks are in place during the block only.
    With `keep=True` the cycle goes into the history as well.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self._recorder: Recorder | None = None
        self._tokens: Tokens | None = None
        self._cycle: Cycle | None = None

    @property
    def cycle(self) -> Cycle:
        """The cycle; only once the block is over."""
        if self._cycle is None:
            raise RuntimeError("The cycle is there when the block of record() is over.")
        return self._cycle

    def __enter__(self) -> Self:
        if self._tokens is not None:
            raise RuntimeError("This record() is running already; make another one.")
        outer = current()
        config = conf.current()
        self._cycle = None
        self._recorder = Recorder(
            kind="block",
            parent=None if outer is None else outer.id,
            limits=_limits(config),
            follows_threads=config.follow_threads,
            redact=config.redact,
            at_stop=tasks.watch(),
        )
        hooks.hold()
        self._tokens = enter(self._recorder)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        recorder, tokens = self._recorder, self._tokens
        if recorder is None or tokens is None:
            raise RuntimeError("This record() was not entered.")
        if error is not None:
            exceptions.take(recorder, error)
        recorder.stop()
        leave(tokens)
        self._tokens = None
        hooks.release()
        cycle = self._cycle = judge(_finish(recorder))
        if self._keep:
            writer.put(lambda: cycle)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.__exit__(kind, error, traceback)


def is_enabled() -> bool:
    """Whether requests are to be recorded now."""
    return conf.current().enabled


def open_cycle(request: Any) -> OpenCycle | None:
    """Start recording `request` in the running context; None where it is not to be recorded."""
    config = conf.current()
    if not config.enabled or request.path_info.startswith(config.ignore_paths):
        return None
    with guard("start a cycle"):
        _libraries.look()
        outer = current()
        recorder = Recorder(
            parent=None if outer is None else outer.id,
            start=gateway.take_start(request),
            limits=_limits(config),
            follows_threads=config.follow_threads,
            redact=config.redact,
            at_stop=tasks.watch(),
        )
        recorder.notes[Stage.GATEWAY] = gateway.Note(request, recorder.clock())
        cycle = OpenCycle(recorder, enter(recorder))
        request.__dict__[_ON_REQUEST] = cycle
        writer.serving.add(recorder.id)
        return cycle
    return None


def cycle_of(request: Any) -> OpenCycle | None:
    """Return the cycle that `request` is recorded in."""
    found = request.__dict__.get(_ON_REQUEST)
    return found if isinstance(found, OpenCycle) and not found.recorder.closed else None


def rejoin(cycle: OpenCycle | None) -> Tokens | None:
    """Enter the cycle's recorder where a middleware has carried the request into a bare thread."""
    if cycle is None or current() is cycle.recorder:
        return None
    return enter(cycle.recorder, innermost())


def keep(recorder: Recorder) -> None:
    """Hand the recorder to the history's writer; a few microseconds, and it never fails."""
    with guard("keep the cycle"):
        writer.put(lambda: _explained(_finish(recorder)))


def _explained(cycle: Cycle) -> Cycle:
    """Return `cycle` with the plans of its slow reads, if the settings ask for them."""
    config = conf.current()
    if config.explain_slow_queries:
        with guard("explain the slow queries"):
            limit_ms = Thresholds.of(config.thresholds).slow_query_ms
            return slow.explained(cycle, limit_ms * 1_000_000)
    return cycle


def watch(get_response: Any) -> middleware.Watch | None:
    """Let the chain around the innermost middleware be seen."""
    with guard("watch the middleware"):
        return middleware.watch(get_response)
    return None


def _is_own_admin(request: Any) -> bool:
    # Looking at the history does not add to it.
    match = request.resolver_match
    return (
        match is not None
        and "admin" in match.app_names
        and (match.url_name or "").startswith("cycle_inspector_")
    )


def _finish(recorder: Recorder) -> Cycle:
    with guard("take the settings", recorder):
        taken = settings.snapshot()
        recorder.settings = taken.digest
        writer.put_settings(taken.digest, taken.facts)
    cycle = assemble(recorder, DESCRIBE)
    recorder.clear()
    return cycle


def _limits(config: conf.Config) -> Limits:
    return Limits(
        soft_queries=config.soft_max_queries,
        queries=config.max_queries,
        renders=config.max_renders,
        spans=config.max_spans,
        events=config.max_events,
    )


def _take_request(recorder: Recorder, request: Any, answer: Any = None) -> None:
    note = client.Note(request, answer)
    recorder.notes[Stage.CLIENT] = note
    recorder.request = lambda: client.request_facts(note)
