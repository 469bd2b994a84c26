"""Side events: what happens beside the stages, under the one in which it did.

A log record, a cache call, a mail. As it happens only references are taken; what they say is worked
out after the cycle, in the thread that keeps it.
"""

from __future__ import annotations

from types import FrameType

from cycle_inspector.collectors import _frames
from cycle_inspector.recorder import Opened, Recorder, innermost
from cycle_inspector.records import Event, Json, Stage


class SideEvent:
    """Something that happened, where and when."""

    __slots__ = ("at", "parent", "place", "stage")

    KIND = ""

    def __init__(self, recorder: Recorder, frame: FrameType | None) -> None:
        outer: Opened | None = innermost()
        self.parent = None if outer is None else outer.id
        # A render is the one thing that stands open and is no span.
        self.stage = Stage.VIEW if outer is None else getattr(outer, "stage", Stage.TEMPLATES)
        self.place = _frames.look_up(frame, outer)
        self.at = recorder.clock()

    def name(self) -> str:
        """Return what the event goes by."""
        raise NotImplementedError

    def attributes(self) -> dict[str, Json]:
        """Return what there is to say of it; called after the cycle."""
        raise NotImplementedError

    def record(self, recorder: Recorder) -> Event:
        attributes = self.attributes()
        if self.place.template is not None:
            line = self.place.template
            attributes["template"] = {"name": line.name, "line": line.line}
        return Event(
            parent=self.parent,
            stage=self.stage,
            kind=self.KIND,
            name=self.name(),
            at_ns=self.at - recorder.start,
            frames=self.place.frames(),
            attributes=attributes,
        )
