"""An exception with those that led to it: each one's frames, source lines and locals.

It is taken in two steps. `take` runs where the exception is seen: it walks the tracebacks once,
keeps code objects and line numbers of a bounded number of frames, and the locals of the project's.
`told` runs after the cycle: it reads source lines and makes JSON, no more of it than fits. No frame
and no exception is kept, as they would keep alive whatever the page has closed or let go.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

from cycle_inspector.collectors import _excerpts, _locals
from cycle_inspector.collectors._bodies import redact_text
from cycle_inspector.collectors._messages import hide_values, message_of
from cycle_inspector.collectors._redaction import redact
from cycle_inspector.collectors._sources import JINJA, KEEP, is_plumbing, is_project, rule_of
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Frame, Json

# A deeper traceback is a recursion: what was called first and last is what tells.
_OUTERMOST, _INNERMOST = 8, 32  # of the project and its packages
_OUTERMOST_LIBRARY, _INNERMOST_LIBRARY = 4, 16  # of Django and the standard library
_MOST_WITH_LOCALS = 8
_MOST_LINKED = 6  # exceptions that led to one
_MOST_NOTES = 5
_LONGEST_NOTE = 500
_LONGEST_LINKED = 1_000  # of their messages

_REACH, _REACH_LIBRARY = 3, 1  # lines above and below
_MOST_BYTES = 24_000  # of the JSON of one exception and all that led to it

_PLUMBING = -1
_MOST_FILES = 5_000
_WHERE: dict[str, int] = {}  # by file

# Read past a subclass, which may have attributes of these names.
_of_base = vars(BaseException)
_attributes_of = _of_base["__dict__"].__get__
_traceback_of = _of_base["__traceback__"].__get__
_cause_of, _context_of = _of_base["__cause__"].__get__, _of_base["__context__"].__get__
_is_suppressed = _of_base["__suppress_context__"].__get__
_of_group = vars(BaseExceptionGroup)
_members_of, _group_message_of = _of_group["exceptions"].__get__, _of_group["message"].__get__


class TakenFrame:
    """One frame of a traceback, without the frame itself."""

    __slots__ = ("code", "index", "is_project", "line", "locals", "offset")

    def __init__(self, index: int, code: CodeType, offset: int, line: int) -> None:
        self.index = index  # in the whole traceback
        self.code = code
        self.offset = offset
        self.line = line
        self.is_project = is_project(code.co_filename)
        self.locals: _locals.Taken | None = None

    def frame(self) -> Frame:
        code = self.code
        return Frame(
            path=code.co_filename,
            line=self.line,
            function=code.co_qualname,
            is_project=self.is_project,
        )


class TakenError:
    """One exception, without the exception itself."""

    __slots__ = ("count", "depth", "frames", "link", "message", "name", "notes")

    def __init__(self, error: BaseException, link: str, depth: int, hidden: _locals.Names) -> None:
        self.link = link  # how the one before it came of it: "cause", "context" or "group"
        self.depth = depth
        self.name = name_of(error)
        self.message = _message(error)
        self.notes = _notes(error)
        self.frames, self.count = _walk(_traceback_of(error), hidden)


def take(error: BaseException, request: Any) -> list[TakenError]:
    """Return `error` and those that led to it, the innermost frame of each first."""
    hidden = _locals.parameters_of(request)
    taken: list[TakenError] = []
    seen: set[int] = set()
    waiting: list[tuple[BaseException, str, int]] = [(error, "", 0)]
    while waiting and len(taken) <= _MOST_LINKED:
        one, link, depth = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        taken.append(TakenError(one, link, depth, hidden))
        # The cause before the members of a group, each with what led to it.
        waiting[:0] = [(next_one, how, depth + 1) for next_one, how in _led_to(one)]
    return taken


def name_of(error: BaseException) -> str:
    """Return the dotted name of the type of an exception."""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def frames_of(error: TakenError) -> tuple[Frame, ...]:
    """Return the frames that are neither Django's nor the standard library's."""
    return tuple(one.frame() for one in error.frames if rule_of(one.code) in (KEEP, JINJA))


def told(taken: list[TakenError]) -> dict[str, Json]:
    """Return what stands in the attributes of the event: `trace`, `notes`, `linked`."""
    room = _Room(_MOST_BYTES)
    first, *others = taken
    notes = [note for note in first.notes if room.holds(note)]
    told: dict[str, Json] = {"trace": _trace(first, room), **({"notes": notes} if notes else {})}
    linked = [_linked(one, room) for one in others]
    return {**told, "linked": linked} if linked else told


def _linked(error: TakenError, room: _Room) -> dict[str, Json]:
    message = cut(error.message, _LONGEST_LINKED)
    return {
        "link": error.link,
        "depth": error.depth,
        "name": error.name,
        "message": message if room.holds(message) else cut(message, 80),
        "notes": [note for note in error.notes if room.holds(note)],
        "trace": _trace(error, room),
    }


class _Room:
    """How many bytes of JSON there are still to fill."""

    __slots__ = ("_left",)

    def __init__(self, most: int) -> None:
        self._left = most

    def holds(self, value: Json) -> bool:
        """Whether `value` fits; then its room is taken."""
        length = len(json.dumps(value)) + 4
        if length > self._left:
            return False
        self._left -= length
        return True


def _trace(error: TakenError, room: _Room) -> list[Json]:
    """Return the frames as JSON; the project's get their lines and locals first."""
    trace: list[dict[str, Json]] = []
    below = error.count
    for one in error.frames:
        frame = one.frame()
        said: dict[str, Json] = {
            "path": frame.path,
            "line": frame.line,
            "function": frame.function,
            "is_project": frame.is_project,
        }
        if not room.holds(said):
            break
        if one.index < below - 1:
            said["skipped"] = below - 1 - one.index  # frames below it
        below = one.index
        trace.append(said)
    pairs = list(zip(trace, error.frames, strict=False))
    ours = [pair for pair in pairs if pair[1].is_project]
    _add_lines(ours, _REACH, room)
    for said, one in ours:
        if one.locals is not None:
            shown, more = _fitting(one.locals, room)
            said["locals"] = shown
            if more:
                said["more_locals"] = more
    _add_lines([pair for pair in pairs if not pair[1].is_project], _REACH_LIBRARY, room)
    return trace


def _add_lines(
    pairs: Iterable[tuple[dict[str, Json], TakenFrame]], reach: int, room: _Room
) -> None:
    seen: set[tuple[int, int]] = set()
    for said, one in pairs:
        place = id(one.code), one.line
        if place in seen:  # a recursion
            continue
        seen.add(place)
        excerpt = _excerpts.around(one.code.co_filename, one.line, reach)
        if not excerpt or not room.holds(excerpt):
            continue
        said.update(excerpt)
        columns = _excerpts.columns(one.code, one.offset, one.line)
        if columns is not None:
            said["columns"] = columns


def _fitting(taken: _locals.Taken, room: _Room) -> tuple[list[Json], int]:
    shown: list[Json] = []
    more = taken.more
    for pair in taken.texts():
        if room.holds(pair):
            shown.append(list(pair))
        else:
            more += 1
    return shown, more


def _walk(traceback: TracebackType | None, hidden: _locals.Names) -> tuple[list[TakenFrame], int]:
    """Return the frames that tell, innermost first, and how many there were."""
    outer: list[Any] = []
    inner: deque[Any] = deque(maxlen=_INNERMOST)
    library: list[Any] = []
    inner_library: deque[Any] = deque(maxlen=_INNERMOST_LIBRARY)
    index, wrapper = 0, None if traceback is None else _wrapper_above(traceback.tb_frame)
    while traceback is not None:
        frame = traceback.tb_frame
        code = frame.f_code
        where = _WHERE.get(code.co_filename)
        if where is None:
            where = _where(code)
        if where != _PLUMBING:
            one = (index, traceback, wrapper)
            if where in (KEEP, JINJA):
                (outer if len(outer) < _OUTERMOST else inner).append(one)
            else:
                (library if len(library) < _OUTERMOST_LIBRARY else inner_library).append(one)
            index += 1
            if code.co_name == _locals.WRAPPER:
                wrapper = frame.f_locals.get(_locals.WRAPPER)
        traceback = traceback.tb_next
    kept = sorted([*outer, *inner, *library, *inner_library], key=lambda one: -one[0])
    return list(_taken_frames(kept, hidden)), index


def _taken_frames(kept: list[Any], hidden: _locals.Names) -> Iterator[TakenFrame]:
    with_locals = 0
    for index, traceback, wrapper in kept:
        frame = traceback.tb_frame
        taken = TakenFrame(index, frame.f_code, traceback.tb_lasti, traceback.tb_lineno or 0)
        if taken.is_project and with_locals < _MOST_WITH_LOCALS:
            with_locals += 1
            sensitive = _locals.sensitive_of(frame, wrapper)
            taken.locals = _locals.Taken(frame, sensitive, hidden)
        yield taken


def _wrapper_above(frame: FrameType | None) -> Any:
    while frame is not None:
        if frame.f_code.co_name == _locals.WRAPPER:
            return frame.f_locals.get(_locals.WRAPPER)
        frame = frame.f_back
    return None


def _where(code: CodeType) -> int:
    """Return the rule of the file of `code`, or that it is none of anybody's business."""
    if len(_WHERE) >= _MOST_FILES:  # of generated code, which names files at will
        _WHERE.clear()
    is_through = is_plumbing(code.co_filename)
    where = _WHERE[code.co_filename] = _PLUMBING if is_through else rule_of(code)
    return where


def _led_to(error: BaseException) -> list[tuple[BaseException, str]]:
    cause, context = _cause_of(error), _context_of(error)
    led: list[tuple[BaseException, str]] = []
    if cause is not None:
        led.append((cause, "cause"))
    elif context is not None and not _is_suppressed(error):
        led.append((context, "context"))
    if issubclass(type(error), BaseExceptionGroup):
        led += [(one, "group") for one in _members_of(error)[:_MOST_LINKED]]
    return led


def _message(error: BaseException) -> str:
    if issubclass(type(error), BaseExceptionGroup):
        return hide_values(str(redact("", to_json(_group_message_of(error)))))
    return message_of(error)


def _notes(error: BaseException) -> list[str]:
    notes = _attributes_of(error).get("__notes__")
    if type(notes) is not list:
        return []
    texts = [str(to_json(one)) for one in notes[:_MOST_NOTES]]
    return [cut(redact_text(str(redact("", one))), _LONGEST_NOTE) for one in texts]
