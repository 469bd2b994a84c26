"""Static files that are asked for, a side event: each path once, counted.

`{% static %}`, `static()` of templates and of code, and the media of forms all pass through one
method of Django's template node. What the storage of static files does for it is a part of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

from django.templatetags.static import StaticNode

from cycle_inspector.collectors import _redaction, storage
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_LONGEST = 500
_WHAT = "record a static file"


class StaticFile(SideEvent):
    """A static file that was asked for, where it was first."""

    __slots__ = ("_path", "count", "duration", "error", "url")

    KIND = "static"

    def __init__(self, recorder: Recorder, path: str, frame: FrameType) -> None:
        super().__init__(recorder, frame)
        self._path = path
        self.url = ""
        self.count = 0
        self.duration = 0
        self.error: str | None = None

    def name(self) -> str:
        return clean(cut(self._path, _LONGEST))

    def attributes(self) -> dict[str, Json]:
        facts: dict[str, Json] = {"count": self.count, "duration_ns": self.duration}
        if self.url:
            facts["url"] = cut(_redaction.redact_url(self.url), _LONGEST)
        if self.error is not None:
            facts["error"] = clean(self.error)
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the method that all pass through; put it back afterwards."""
    original = vars(StaticNode)["handle_simple"]
    with replaced(StaticNode, "handle_simple", classmethod(_wrap(original.__func__))):
        yield


def _wrap(original: Any) -> Any:
    @wraps(original)
    def handle_simple(cls: Any, path: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(cls, path)
        made = None
        with guard(_WHAT, recorder):
            made = _file_of(recorder, path, sys._getframe(1))
        token = storage.running.set(storage.EVERY)
        start = recorder.clock()
        try:
            url = original(cls, path)
        except BaseException as error:
            if made is not None:
                with guard(_WHAT, recorder):
                    made.error = told(error)
            raise
        else:
            if made is not None:
                with guard(_WHAT, recorder):
                    made.url = str(to_json(url))
            return url
        finally:
            storage.running.reset(token)
            if made is not None:
                made.duration += recorder.clock() - start

    return handle_simple


def _file_of(recorder: Recorder, path: Any, frame: FrameType) -> StaticFile:
    text = str(to_json(path))
    made: StaticFile | None = recorder.repeated.get((StaticFile, text))
    if made is None:
        made = recorder.repeated[StaticFile, text] = StaticFile(recorder, text, frame)
        recorder.add_side_event(made)
    made.count += 1
    return made
