"""The middlewares of a chain, and the spans of their calls and of their process_* hooks.

What a call was given and what it returned is compared in the request, by reference; it becomes
words when the span is recorded, after the request.
"""

from __future__ import annotations

import sys
from typing import Any

from cycle_inspector.recorder import OpenSpan, Recorder
from cycle_inspector.records import Span, Stage

FIRST = "cycle_inspector.middleware.FirstMiddleware"
LAST = "cycle_inspector.middleware.LastMiddleware"

NOTHING: Any = object()
"""Stands in the place of a response where something was raised."""


class Layer:
    """A middleware as it stands in its chain, the same for all requests."""

    __slots__ = ("hop", "is_async", "is_last", "is_ours", "knows", "name")

    def __init__(self, name: str, *, is_async: bool, knows: str) -> None:
        self.name = name
        self.is_async = is_async  # how it runs in this chain
        self.knows = knows  # how it can: "sync", "async" or "both"
        self.hop: str | None = None  # how it is called from the one outside of it
        self.is_ours = name in (FIRST, LAST)
        self.is_last = name == LAST


class Note:
    """What is known of the way of one request through its chain."""

    __slots__ = ("chain", "hop_in_ns", "hops", "is_entering", "is_inside", "is_through")

    def __init__(self) -> None:
        self.chain: Any = None  # the Watch that saw it being built
        self.hops: list[Any] = []
        self.hop_in_ns = 0  # from the server to the outermost middleware
        self.is_entering = False  # about to hop to our last middleware
        self.is_inside = False  # in our last middleware, or further in
        self.is_through = False  # has been there, be it in a thread without a context


class MiddlewareSpan(OpenSpan):
    """The call of one middleware; it learns from the next one's when that one ran."""

    __slots__ = (
        "_answer",
        "calls",
        "first",
        "given",
        "inside",
        "is_entering",
        "is_replaced",
        "last",
        "layer",
        "left_by",
        "returned",
        "status",
    )

    def __init__(self, recorder: Recorder, layer: Layer) -> None:
        self.layer = layer
        self.first = self.last = self.inside = self.calls = 0
        self.is_entering = layer.hop is not None
        self.is_replaced = False
        self.given: Any = None  # the status of the next one's response
        self.status: Any = None  # of its own; if there is none, the type of what came instead
        self.returned: type | None = None
        self.left_by: type | None = None
        self._answer: Any = NOTHING
        super().__init__(recorder, Stage.MIDDLEWARE, layer.name)

    def saw_next(self, start: int, end: int, response: Any, status: Any) -> None:
        self.first = self.first or start
        self.last = end
        self.inside += end - start
        self.calls += 1
        self.given = status
        # Kept until this one is left: another response could come into the same memory.
        self._answer = response

    def leave(self, response: Any, status: Any) -> None:
        """Compare what it returned with what the next one did."""
        answer, self._answer = self._answer, NOTHING
        self.is_replaced = self.calls == 1 and response is not answer
        self.status = status
        if response is NOTHING:
            self.left_by = type(sys.exception())
        elif status is None:
            self.returned = type(response)

    def record(self, recorder: Recorder) -> Span:
        total = self.end - self.start
        facts = self.attributes
        if self.first:
            facts["in_ns"] = self.first - self.start
            facts["out_ns"] = self.end - self.last
            # Not below zero: the next one may run several times at once.
            facts["own_ns"] = max(total - self.inside, 0)
        else:
            facts["in_ns"] = facts["own_ns"] = total
            facts["out_ns"] = 0
            # One that carries the request into a thread of its own is not seen calling the next
            # one; that it did shows where our last one has been reached.
            note: Note | None = recorder.notes.get(Stage.MIDDLEWARE)
            facts["carried" if note is not None and note.is_through else "short_circuit"] = True
        if self.layer.hop is not None:
            facts["hop"] = self.layer.hop
        if self.calls > 1:
            facts["calls"] = self.calls
        if self.left_by is not None:
            facts["left_by"] = name_of(self.left_by)
        elif self.returned is not None:
            facts["returned"] = name_of(self.returned)
        elif self.is_replaced:
            facts["replaced"] = True
        if self.given is not self.status and self._has_statuses():
            facts["became"] = [int(self.given), int(self.status)]
        return super().record(recorder)

    def _has_statuses(self) -> bool:
        """Whether both responses have a status, and not the same."""
        given, status = self.given, self.status
        return isinstance(given, int) and isinstance(status, int) and given != status


class HookSpan(OpenSpan):
    """The call of a process_* hook, and what came of it."""

    __slots__ = ("error", "hook", "hop", "is_entering", "is_same", "layer", "response", "status")

    def __init__(self, recorder: Recorder, layer: Layer, hook: str, hop: str | None) -> None:
        self.layer = layer
        self.hook = hook
        self.hop = hop
        self.is_entering = hop is not None
        self.is_same = True
        self.status: Any = None
        self.response: type | None = None
        self.error: type | None = None  # what it raised, or made a response of
        super().__init__(recorder, Stage.MIDDLEWARE, f"{hook} {layer.name}")

    def settle(self, response: Any, given: Any) -> None:
        """Note what the hook returned; `given` is its last argument."""
        if response is NOTHING:
            self.error = type(sys.exception())
            return
        self.status = getattr(response, "status_code", None)
        self.response = type(response)
        if self.hook == "process_template_response":
            self.is_same = response is given
        elif self.hook == "process_exception" and response is not None:
            self.error = type(given)

    def record(self, recorder: Recorder) -> Span:
        facts = self.attributes
        is_none = self.response is None or self.response is type(None)
        is_filter = self.hook == "process_template_response"  # it has to return a response
        facts["hook"] = self.hook
        facts["middleware"] = self.layer.name
        facts["answered"] = not is_none and not is_filter
        if self.hop is not None:
            facts["hop"] = self.hop
        if self.error is not None:
            facts["raised" if self.response is None else "turned"] = name_of(self.error)
        if self.response is not None and not isinstance(self.status, int):
            if is_filter or not is_none:
                facts["returned"] = name_of(self.response)
        elif not self.is_same:
            facts["replaced"] = True
        if facts["answered"] and isinstance(self.status, int):
            facts["status"] = int(self.status)
        return super().record(recorder)


def name_of(kind: type) -> str:
    """Return the dotted name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
