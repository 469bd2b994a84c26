"""Messages, a side event: what is handed to `django.contrib.messages` to be shown to the user.

`BaseStorage.add` is wrapped. What is stored is neither loaded nor saved, and a lazy text stays one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

from django.contrib.messages.storage.base import LEVEL_TAGS, BaseStorage
from django.utils.functional import Promise

from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json


class Told(SideEvent):
    """A message for the user; only its text is kept."""

    __slots__ = ("_extra_tags", "_level", "_text", "is_added")

    KIND = "message"

    def __init__(
        self, recorder: Recorder, level: Any, text: Any, extra_tags: Any, frame: FrameType
    ) -> None:
        super().__init__(recorder, frame)
        self._level = to_json(level)
        self._text = _text(text)
        self._extra_tags = _text(extra_tags)
        self.is_added = True

    def name(self) -> str:
        tag = to_json(LEVEL_TAGS.get(self._level, "")) if type(self._level) is int else ""
        return str(tag or self._level)

    def attributes(self) -> dict[str, Json]:
        told: dict[str, Json] = {
            "level": self._level,
            "message": clean(self._text),
            "added": self.is_added,
        }
        if self._extra_tags:
            told["extra_tags"] = clean(self._extra_tags)
        return told


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the storages' `add`; put it back afterwards."""
    original = BaseStorage.add

    @wraps(original)
    def add(self: Any, level: Any, message: Any, extra_tags: Any = "") -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self, level, message, extra_tags)
        event: Told | None = None
        before = 0
        with guard("record a message", recorder):
            event = Told(recorder, level, message, extra_tags, sys._getframe(1))
            before = _queued(self)
        result = original(self, level, message, extra_tags)
        if event is not None:
            with guard("record a message", recorder):
                event.is_added = _queued(self) > before
                recorder.add_side_event(event)
        return result

    with replaced(BaseStorage, "add", add):
        yield


def _text(value: Any) -> str:
    if issubclass(type(value), Promise):
        return "<lazy text>"
    return "" if value is None else str(to_json(value))


def _queued(storage: Any) -> int:
    queue = vars(storage).get("_queued_messages")
    return len(queue) if type(queue) is list else 0
