"""An exception as it is shown: the project's frames first, each with what it called below it.

The frames of a trace come innermost first. Those of Django and of packages are folded: under the
project's frame that called them, or, where they called the project, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The innermost frames of the project that are shown open; of the first the locals, too.
_MOST_OPEN = 3

_LINKS = {
    "cause": "Caused by",
    "context": "Raised while this was being handled:",
    "group": "One of the group:",
}


@dataclass(slots=True, kw_only=True)
class Line:
    """A line of source in three parts; what failed is in the middle one, if it is known."""

    number: int
    is_failing: bool
    before: str
    failed: str = ""
    after: str = ""


@dataclass(slots=True, kw_only=True)
class Step:
    """One frame, and its lines of source."""

    frame: Mapping[str, Any]
    lines: list[Line]
    skipped: int  # frames left out below it


@dataclass(slots=True)
class Block:
    """A frame of the project and the frames of others that it called, innermost first."""

    step: Step | None = None  # None: what called the project
    called: list[Step] = field(default_factory=list)
    is_open: bool = False
    is_first: bool = False
    is_all: bool = False  # there is no frame of the project at all


@dataclass(slots=True, kw_only=True)
class Linked:
    """An exception that led to another."""

    words: str
    depth: int
    error: Mapping[str, Any]
    blocks: list[Block]


def blocks(trace: list[Any]) -> list[Block]:
    """Return the frames of a trace, the project's innermost first."""
    found: list[Block] = []
    called: list[Step] = []
    for frame in trace:
        step = Step(
            frame=frame,
            lines=lines(frame, frame.get("columns")),
            skipped=frame.get("skipped") or 0,
        )
        if frame.get("is_project"):
            at = len(found)
            found.append(Block(step, called, is_open=at < _MOST_OPEN, is_first=at == 0))
            called = []
        else:
            called.append(step)
    if called:
        found.append(Block(None, called, is_all=not found))
    return found


def linked(attributes: Mapping[str, Any]) -> list[Linked]:
    """Return the exceptions that led to the one of `attributes`, the nearest first."""
    return [
        Linked(
            words=_LINKS.get(str(one.get("link")), ""),
            depth=one.get("depth") or 0,
            error=one,
            blocks=blocks(one.get("trace") or []),
        )
        for one in attributes.get("linked") or []
    ]


def lines(excerpt: Mapping[str, Any], columns: Any = None) -> list[Line]:
    """Return the lines of an excerpt; the failing one in parts, if `columns` says which failed."""
    shown = []
    first, failing = excerpt.get("first") or 1, excerpt.get("line")
    for number, text in enumerate(excerpt.get("lines") or [], first):
        line = Line(number=number, is_failing=number == failing, before=str(text))
        if line.is_failing and columns:
            start, end = columns
            line.before, line.failed, line.after = text[:start], text[start:end], text[end:]
        shown.append(line)
    return shown
