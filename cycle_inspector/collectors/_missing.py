"""Templates that were asked for and are not there, also where a fallback was found.

Seen where Django makes the exception, so a template that is found costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.template import Origin, TemplateDoesNotExist

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._places import Place
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current, innermost
from cycle_inspector.records import Json, caller_of

_MOST = 50


class Missing:
    """A name, where it was looked for, and who asked first."""

    __slots__ = ("place", "tried")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.tried: dict[tuple[str, str], None] = {}


@contextmanager
def noticed(note: Callable[[Recorder], dict[str, Missing]]) -> Iterator[None]:
    """Put each template that is not found into what `note` returns, by name."""
    original = TemplateDoesNotExist.__init__

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        recorder = current()
        if recorder is None or recorder.closed or self.chain or not args:
            return  # with a chain it sums up those that were noticed before
        if issubclass(type(args[0]), Origin):
            return  # one place of many, which the loader goes on from
        with guard("record a missing template", recorder):
            name = cut(str(to_json(args[0])), 500)
            found = note(recorder)
            missing = found.get(name)
            if missing is None and len(found) < _MOST:
                place = _frames.look_up(sys._getframe(1), innermost())
                missing = found[name] = Missing(place)
            if missing is not None:
                missing.tried |= dict.fromkeys(_places(self.tried))

    with replaced(TemplateDoesNotExist, "__init__", init):
        yield


def told(found: Mapping[str, Missing], raised: list[Any]) -> list[Json]:
    """Return those of which the page did not fail; `raised` are told with their exceptions."""
    known = {name for one in raised for name in one["name"].split(", ")}
    return [
        {
            "name": name,
            "tried": [list(place) for place in missing.tried],
            "caught": True,
            **_asked(missing.place),
        }
        for name, missing in found.items()
        if name not in known
    ]


def _asked(place: Place) -> dict[str, Json]:
    line, frames = place.template, place.frames()
    own = caller_of(frames)
    asked: dict[str, Json] = {}
    if line is not None:
        asked["template"] = {"name": line.name, "line": line.line}
    if own is not None:
        asked["caller"] = {"path": own.path, "line": own.line, "function": own.function}
    return asked


def _places(tried: Any) -> Iterator[tuple[str, str]]:
    for origin, reason in tried:
        yield cut(str(to_json(getattr(origin, "name", ""))), 500), cut(str(to_json(reason)), 200)
