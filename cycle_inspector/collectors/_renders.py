"""A render while it runs: its template, who asked for it, and its time."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from django.template import base
from django.utils.safestring import SafeString

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Opened, Recorder, innermost
from cycle_inspector.records import Render, TemplateLine

_NODE = base.Node.render_annotated.__code__
# An {% include %} stands three frames above the render it asks for, an inclusion tag five.
_FRAMES_TO_NODE = 12


class OpenRender(Opened):
    """A render that is still running, or was."""

    __slots__ = (
        "above",
        "count",
        "error",
        "first",
        "how",
        "inner",
        "is_outermost",
        "jinja_line",
        "node",
        "rendered",
        "time",
    )

    def __init__(self, recorder: Recorder, rendered: Any, how: str) -> None:
        self.is_outermost = type(innermost()) is not OpenRender
        self.node = None if self.is_outermost else _asking_node()  # its line is worked out later
        self.jinja_line: TemplateLine | None = None
        self.rendered = rendered  # the template; None until the parent of one is found
        self.how = how
        self.count = 1
        self.inner = 0
        self.time = 0
        self.error: str | None = None
        self.first: OpenRender | None = None  # the one of the same place that it is folded into
        self.above: Any = None  # what stands above it on the stack, once a query has asked
        super().__init__(recorder)

    def finish(self, recorder: Recorder) -> None:
        """Close it, and add it to the cycle or to the one that stands for both."""
        self.close(recorder)
        self.time = self.end - self.start
        outer = innermost()
        if type(outer) is OpenRender:
            outer.inner += self.time
        first = self.first
        if first is None:
            recorder.add_render(self)
        else:
            first.count += self.count
            first.time += self.time
            first.inner += self.inner
            first.error = first.error or self.error

    def record(self, recorder: Recorder) -> Render:
        return Render(
            id=self.id,
            parent=self.parent,
            name=_name(self.rendered),
            origin=_origin(self.rendered),
            how=self.how,
            start_ns=self.start - recorder.start,
            duration_ns=self.time,
            own_ns=max(self.time - self.inner, 0),
            count=self.count,
            template=self.jinja_line or _frames.line_of(self.node),
            error=self.error,
            thread=self.thread.name,
        )


def _origin(template: Any) -> str:
    origin = getattr(template, "origin", None)
    # Jinja2's templates have a file instead.
    name = text(getattr(origin, "name", "") if origin else getattr(template, "filename", ""))
    return "" if name == base.UNKNOWN_SOURCE else name


def _name(template: Any) -> str:
    return text(getattr(template, "name", None))


def text(name: Any) -> str:
    if type(name) is SafeString:  # as every name that is written in a template
        return str.__str__(name)
    # A project may name a template by a path or by a lazy text.
    return "" if name is None else name if type(name) is str else str(to_json(name))


def _asking_node() -> Any:
    # Most often an {% include %}, whose node stands right above: no frame in between is made an
    # object of.
    frame: FrameType | None = sys._getframe(4)
    if frame is not None and frame.f_code is _NODE:
        return frame.f_locals.get("self")
    frame = sys._getframe(3)  # whoever called the hooked method
    for _ in range(_FRAMES_TO_NODE):
        if frame is None:
            return None
        if frame.f_code is _NODE:
            return frame.f_locals.get("self")
        frame = frame.f_back
    return None
