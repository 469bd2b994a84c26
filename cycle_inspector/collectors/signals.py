"""Signals, a side event: each one sent that somebody receives, with its receivers and their times.

The four ways to send are wrapped. Where nobody listens, which is how most are sent, the answer is
Django's own, reached before anything else is looked at. Otherwise the receivers that Django is
about to call are put into something that times them; what is returned names the project's own
functions again. Django's receivers, and ours, are called as they are and only counted. `pre_init`
and `post_init`, which are sent for each instance of a model, are left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FrameType
from typing import Any

from django.db.models.signals import post_init, pre_init
from django.dispatch import Signal
from django.dispatch.dispatcher import NO_RECEIVERS

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._receivers import described, is_folded
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._signal_names import name_of, sender_of
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import HIDDEN, Json

_MOST_VALUES = 20  # of one argument
_MOST_RECEIVERS = 100

# The sending whose receivers Django is about to look up, in this context.
_sending: ContextVar[Sent | None] = ContextVar("cycle_inspector_signal", default=None)


class Timed:
    """A receiver that is timed; to whoever asks it is the receiver."""

    __slots__ = ("_is_async", "_recorder", "duration", "error", "is_called", "queries", "receiver")

    def __init__(self, recorder: Recorder, receiver: Any, *, is_async: bool) -> None:
        self.receiver = receiver
        self.duration = 0
        self.error: str | None = None
        self.is_called = False
        self.queries: int | None = None
        self._recorder = recorder
        self._is_async = is_async

    def __call__(self, /, **named: Any) -> Any:
        return self._awaited(named) if self._is_async else self._called(named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.receiver, name)

    def _called(self, named: dict[str, Any]) -> Any:
        recorder = self._recorder
        self.is_called = True
        before = len(recorder.queries)
        start = recorder.clock()
        try:
            return self.receiver(**named)
        except BaseException as error:
            self._note(error)
            raise
        finally:
            self.duration = recorder.clock() - start
            self.queries = max(len(recorder.queries) - before, 0)

    async def _awaited(self, named: dict[str, Any]) -> Any:
        # Others run at the same time, so queries in between may be theirs.
        recorder = self._recorder
        self.is_called = True
        start = recorder.clock()
        try:
            return await self.receiver(**named)
        except BaseException as error:
            self._note(error)
            raise
        finally:
            self.duration = recorder.clock() - start

    def _note(self, error: BaseException) -> None:
        with guard("record a signal", self._recorder):
            self.error = clean(told(error))


class Sent(SideEvent):
    """A signal that was sent to at least one receiver of the project's or of a package."""

    __slots__ = (
        "_arguments",
        "_how",
        "_named",
        "_receivers",
        "_sender",
        "duration",
        "folded",
        "signal",
        "timed",
    )

    KIND = "signal"

    def __init__(
        self, recorder: Recorder, how: str, signal: Signal, sender: Any, named: Any
    ) -> None:
        self.signal: Any = signal
        self.timed: list[Timed] = []
        self.folded = 0
        self.duration = 0
        self._how = how
        self._sender = sender_of(sender)
        self._named: Any = named
        self._arguments: dict[str, Json] = {}
        self._receivers: list[tuple[dict[str, Json], Timed]] = []

    def stand(self, recorder: Recorder, frame: FrameType) -> None:
        """Take where it is sent, and with what; only once there is somebody to receive it."""
        super().__init__(recorder, frame)
        self._arguments = {
            name: HIDDEN if _redaction.is_secret(name) else to_json(value, _MOST_VALUES)
            for name, value in self._named.items()
        }

    def finish(self, recorder: Recorder) -> None:
        """Take the times, and let go of receivers and arguments."""
        self.duration = recorder.clock() - self.at
        self._named = None
        for one in self.timed[:_MOST_RECEIVERS]:
            self._receivers.append((described(one.receiver), one))
        recorder.add_side_event(self)

    def name(self) -> str:
        return name_of(self.signal)

    def attributes(self) -> dict[str, Json]:
        attributes: dict[str, Json] = {
            "sender": self._sender,
            "sent_by": self._how,
            "duration_ns": self.duration,
            "receivers": [_told(place, one) for place, one in self._receivers],
        }
        if len(self.timed) > len(self._receivers):
            attributes["receiver_count"] = len(self.timed)
        if self.folded:
            attributes["of_django"] = self.folded
        if self._arguments:
            attributes["arguments"] = self._arguments
        failed = next((one.error for one in self.timed if one.error is not None), None)
        if failed is not None:
            attributes["error"] = failed
        return attributes


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the ways to send a signal; put them back afterwards."""
    with ExitStack() as stack:
        stack.enter_context(replaced(Signal, "_live_receivers", _live(Signal._live_receivers)))
        for how, wrap in (
            ("send", _wrap),
            ("send_robust", _wrap),
            ("asend", _wrap_async),
            ("asend_robust", _wrap_async),
        ):
            stack.enter_context(replaced(Signal, how, wrap(how, getattr(Signal, how))))
        yield


def _live(original: Any) -> Any:
    @wraps(original)
    def live_receivers(self: Any, sender: Any) -> Any:
        found = original(self, sender)
        sent = _sending.get()
        if sent is None or sent.signal is not self or sent.timed:
            return found
        _sending.set(None)
        recorder = current()
        if recorder is None:
            return found
        with guard("record a signal", recorder):
            timed: list[Timed] = []
            folded = 0
            groups: list[list[Any]] = []
            for is_async, receivers in enumerate(found):
                group: list[Any] = []
                for one in receivers:
                    if is_folded(one):
                        folded += 1
                        group.append(one)
                    else:
                        timed.append(Timed(recorder, one, is_async=bool(is_async)))
                        group.append(timed[-1])
                groups.append(group)
            if timed:
                # From here over Django's `send` and ours to whoever has sent it.
                sent.stand(recorder, sys._getframe(1))
                sent.timed, sent.folded = timed, folded
                return tuple(groups)
        return found

    return live_receivers


def _wrap(how: str, original: Any) -> Any:
    @wraps(original)
    def send(self: Any, sender: Any, **named: Any) -> Any:
        if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
            return []
        recorder = current()
        if recorder is None or recorder.closed or self is post_init or self is pre_init:
            return original(self, sender, **named)
        sent = _sent(recorder, how, self, sender, named)
        token = _sending.set(sent)
        try:
            return _unwrapped(original(self, sender, **named))
        finally:
            _sending.reset(token)
            if sent is not None and sent.timed:
                with guard("record a signal", recorder):
                    sent.finish(recorder)

    return send


def _wrap_async(how: str, original: Any) -> Any:
    @wraps(original)
    async def asend(self: Any, sender: Any, **named: Any) -> Any:
        if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
            return []
        recorder = current()
        if recorder is None or recorder.closed or self is post_init or self is pre_init:
            return await original(self, sender, **named)
        sent = _sent(recorder, how, self, sender, named)
        _sending.set(sent)
        try:
            return _unwrapped(await original(self, sender, **named))
        finally:
            _sending.set(None)
            if sent is not None and sent.timed:
                with guard("record a signal", recorder):
                    sent.finish(recorder)

    return asend


def _sent(recorder: Recorder, how: str, signal: Any, sender: Any, named: Any) -> Sent | None:
    with guard("record a signal", recorder):
        return Sent(recorder, how, signal, sender, named)
    return None


def _unwrapped(responses: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [(one.receiver if type(one) is Timed else one, response) for one, response in responses]


def _told(place: dict[str, Json], one: Timed) -> dict[str, Json]:
    told: dict[str, Json] = {**place, "called": one.is_called, "duration_ns": one.duration}
    if one.queries is not None:
        told["queries"] = one.queries
    if one.error is not None:
        told["error"] = one.error
    return told
