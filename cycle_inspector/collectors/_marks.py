"""Marks: the spans and events by which a project tells of its own work.

A mark disturbs nothing of what is recorded besides. Marks stand inside each other by a ContextVar
of their own, so the middleware, the view and the templates are nested and timed as they would be
without; only queries look whether a mark is open, to say that they ran in it. Of the two, the
innermost mark and the innermost of the others, the one that was opened later stands inside the
other, and has the larger id.

A mark belongs to the stage of what it ran in: that of the innermost span, the templates' inside of
a render, the view's where there is neither, as in a block or a stream.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import dropwhile
from types import CodeType, FrameType
from typing import Any

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import failed, guard
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._redaction import redact
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import (
    Opened,
    OpenSpan,
    Recorder,
    current,
    innermost,
    innermost_mark,
    set_innermost_mark,
)
from cycle_inspector.records import Event, Frame, Json, Span, Stage, caller_of

_LONGEST_NAME = 200
_LONGEST_MESSAGE = 500
_MARK = "record a mark"

# The files of the project's collectors, and how names of functions defined inside of them begin.
_hooks: set[tuple[str, str]] = set()


def look_past(collector: CodeType) -> None:
    """Let the caller of a mark be whoever called the hooks that are defined in `collector`."""
    _hooks.add((collector.co_filename, f"{collector.co_qualname}.<locals>."))


class _Mark:
    """What a span and an event have in common; its values are JSON at once, as they may change."""

    __slots__ = ("given", "name", "parent", "place", "stage", "start")

    def __init__(
        self, recorder: Recorder, frame: FrameType, name: Any, attributes: Mapping[str, Any]
    ) -> None:
        outer = innermost()
        self.name = name if type(name) is str else str(to_json(name))
        self.given: Json = to_json(attributes) if attributes else {}
        self.parent = parent(recorder, outer)
        self.stage = _stage(outer)
        self.place = _frames.look_up(frame, outer)
        self.start = recorder.clock()

    def frames(self) -> tuple[Frame, ...]:
        """Return what led to it, without the hook that marks it."""
        return tuple(dropwhile(_is_hook, self.place.frames()))

    def attributes(self) -> dict[str, Json]:
        """Return what is told of it besides its caller."""
        told: dict[str, Json] = {}
        if self.given:
            told["given"] = redact("", self.given)
        if self.place.template is not None:
            told["template"] = {
                "name": self.place.template.name,
                "line": self.place.template.line,
            }
        return told


class MarkedEvent(_Mark):
    """An event that the project marks."""

    __slots__ = ()

    def record(self, recorder: Recorder) -> Event:
        return Event(
            parent=self.parent,
            stage=self.stage,
            kind="mark",
            name=cut(self.name, _LONGEST_NAME),
            at_ns=self.start - recorder.start,
            frames=self.frames(),
            attributes=self.attributes(),
        )


class MarkSpan(_Mark):
    """A span that the project marks. It may still be open when the cycle is over."""

    __slots__ = ("end", "id", "raised", "recorder", "thread")

    def __init__(
        self, recorder: Recorder, frame: FrameType, name: Any, attributes: Mapping[str, Any]
    ) -> None:
        super().__init__(recorder, frame, name, attributes)
        self.id = recorder.new_id()
        self.recorder: Recorder | None = recorder  # until it is over
        self.thread = threading.current_thread()
        self.raised: str | None = None
        self.end: int | None = None
        self.start = recorder.clock()

    def finish(self, error: BaseException | None) -> None:
        """Take the end, and what the work raised."""
        recorder, self.recorder = self.recorder, None
        if recorder is None or recorder.closed:
            return
        with guard(_MARK, recorder):
            self.end = recorder.clock()
            self.raised = _told(error)

    def record(self, recorder: Recorder) -> Span:
        has_ended = self.end is not None and self.end <= recorder.end
        end = self.end if self.end is not None and has_ended else recorder.end
        told: dict[str, Json] = {"kind": "mark", **self.attributes()}
        if not has_ended:
            told["ended"] = False
        elif self.raised is not None:
            told["raised"] = self.raised
        caller = caller_of(self.frames())
        if caller is not None:
            told["caller"] = {
                "path": caller.path,
                "line": caller.line,
                "function": caller.function,
                "is_project": True,
            }
        return Span(
            id=self.id,
            parent=self.parent,
            stage=self.stage,
            name=cut(self.name, _LONGEST_NAME),
            start_ns=self.start - recorder.start,
            duration_ns=max(end - self.start, 0),
            thread=self.thread.name,
            attributes=told,
        )


class _Entered:
    """That a `span` was entered in this context; `mark` is None where it is not recorded."""

    __slots__ = ("mark", "outer", "owner")

    def __init__(self, owner: object, mark: MarkSpan | None, outer: _Entered | None) -> None:
        self.owner = owner
        self.mark = mark
        self.outer = outer


def parent(recorder: Recorder, outer: Opened | None) -> int | None:
    """Return the id of what stands around: the innermost mark, or `outer`, the innermost other."""
    entered: _Entered | None = innermost_mark()
    while entered is not None:
        mark = entered.mark
        # One that is over may still be known here, to a task that was started inside of it.
        if mark is not None and mark.recorder is recorder:
            return mark.id if outer is None or outer.id < mark.id else outer.id
        entered = entered.outer
    return None if outer is None else outer.id


def take_event(
    recorder: Recorder, frame: FrameType, name: Any, attributes: Mapping[str, Any]
) -> None:
    """Record an event; `frame` is that of whoever marks it."""
    try:
        if len(recorder.marked_events) < recorder.limits.events:
            recorder.mark_event(MarkedEvent(recorder, frame, name, attributes))
        else:
            recorder.count_dropped("events")
    except Exception as error:
        failed(_MARK, recorder, error)


def begin_span(frame: FrameType, name: Any, attributes: Mapping[str, Any]) -> MarkSpan | None:
    """Record a span that nothing stands inside of; None where there is no room for it."""
    recorder = current()
    if recorder is None or recorder.closed:
        return None
    try:
        if len(recorder.marked_spans) < recorder.limits.spans:
            mark = MarkSpan(recorder, frame, name, attributes)
            return mark if recorder.mark_span(mark) else None
        recorder.count_dropped("spans")
    except Exception as error:
        failed(_MARK, recorder, error)
    return None


def open_span(owner: object, frame: FrameType, name: Any, attributes: Mapping[str, Any]) -> None:
    """Record a span and let it be the innermost mark, until `close_span` is called for `owner`."""
    mark = begin_span(frame, name, attributes)
    set_innermost_mark(_Entered(owner, mark, innermost_mark()))


def close_span(owner: object, error: BaseException | None) -> None:
    """Leave the span that `owner` entered last, if it did so here."""
    entered: _Entered | None = innermost_mark()
    while entered is not None and entered.owner is not owner:
        entered = entered.outer
    if entered is not None:
        set_innermost_mark(entered.outer)
        if entered.mark is not None:
            entered.mark.finish(error)


def _is_hook(frame: Frame) -> bool:
    return any(frame.path == path and frame.function.startswith(name) for path, name in _hooks)


def _stage(outer: Opened | None) -> Stage:
    if outer is None:
        return Stage.VIEW
    return outer.stage if isinstance(outer, OpenSpan) else Stage.TEMPLATES


def _told(error: BaseException | None) -> str | None:
    if error is None:
        return None
    name, message = type(error).__qualname__, message_of(error)
    return f"{name}: {cut(message, _LONGEST_MESSAGE)}" if message else name
