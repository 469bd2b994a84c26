"""Who asked: the frames above a query, read in one walk up the running stack.

The walk keeps code objects and instruction offsets of frames that are neither Django's nor the
standard library's, and interns them: a loop that runs a query a thousand times has one `Stack`.
Files and lines are worked out later, once for each. On the way it reads the template node being
rendered and the descriptor that is loading a field, both from Django's own frames.

The walk ends at our own middleware (`stop_at`), and where asgiref carries sync code into a thread:
what stands below that is another's stack. The awaiting coroutine's stack, taken at the hand-over,
goes on from there. Where that is a task of its own, as under asyncio.gather, nothing on it belongs
to the project; then the place where the view is suspended is the caller.
"""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import CodeType, FrameType
from typing import Any

import asgiref
import django
from asgiref.sync import SyncToAsync
from django.apps import apps
from django.db.models.fields import related_descriptors
from django.db.models.query_utils import DeferredAttribute
from django.template.base import Node

from cycle_inspector.recorder import current
from cycle_inspector.records import Frame, TemplateLine

# What to do with a frame, by the file of its code.
_LEAVE, _KEEP, _LOOK = 0, 1, 2

# More frames than this are a recursion; the innermost are the ones that tell.
_MOST_FRAMES = 40

# A page has some hundred distinct stacks. Code that is compiled anew for each request would fill
# the table without end, so it is emptied at this size; stacks in use stay alive in their queries.
_MOST_STACKS = 20_000


class Stack:
    """Frames of one place in the code, innermost first; equal places are the same object."""

    __slots__ = ("_frames", "_places")

    def __init__(self, places: list[tuple[CodeType, int]]) -> None:
        self._places = places  # keeps the code alive, and with it the ids in the intern table
        self._frames: tuple[Frame, ...] | None = None

    def frames(self) -> tuple[Frame, ...]:
        """Return the frames with file and line; worked out at the first call."""
        if self._frames is None:
            self._frames = tuple(_frame(code, offset) for code, offset in self._places)
        return self._frames


class Seen:
    """What one walk found."""

    __slots__ = ("relation", "stack", "template")

    def __init__(
        self, stack: Stack, template: TemplateLine | None, relation: str | None
    ) -> None:
        self.stack = stack
        self.template = template
        self.relation = relation


_stacks: dict[tuple[int, ...], Stack] = {}
_rules: dict[str, int] = {}
_descriptors: set[int] = set()  # ids of the code of descriptors that load a field
_stops: dict[int, CodeType] = {}

# What the coroutine that awaits the running sync code had above it; set at each hand-over.
_awaiting: ContextVar[Seen | None] = ContextVar("cycle_inspector_awaiting", default=None)


# The coroutine of the async view that is running; tasks it starts inherit it.
_view: ContextVar[Any] = ContextVar("cycle_inspector_view", default=None)

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE


def stop_at(code: CodeType) -> None:
    """Let walks end at frames of `code`."""
    _stops[id(code)] = code
    _look_into(code)


def look_up(frame: FrameType | None) -> Seen:
    """Walk from `frame` outwards; 5 to 10 us on a usual page."""
    key: list[int] = []
    codes: list[tuple[CodeType, int]] = []
    template: TemplateLine | None = None
    relation: str | None = None
    is_async = False
    loop_at: int | None = None  # how many frames stood inside the event loop's own
    while frame is not None:
        code = frame.f_code
        if code.co_flags & _ASYNC:
            is_async = True
        elif is_async and loop_at is None:
            loop_at = len(codes)
        rule = _rules.get(code.co_filename)
        if rule is None:
            rule = _rules[code.co_filename] = _rule(code.co_filename)
        if rule == _KEEP:
            offset = frame.f_lasti
            key += id(code), offset
            codes.append((code, offset))
        elif rule == _LOOK:
            what = id(code)
            if what in _stops:
                break
            if what == _NODE:
                if template is None:
                    template = template_line(frame)
            elif what in _descriptors:
                if relation is None:
                    relation = _relation(frame)
            elif what == _HAND_OVER:
                outer = _awaiting.get()
                if outer is not None:
                    template = template or outer.template
                    for code, offset in outer.stack._places:
                        key += id(code), offset
                        codes.append((code, offset))
                break
        frame = frame.f_back
    else:
        if loop_at is not None:  # the loop was not run from a request: what is above is the server
            del key[loop_at * 2 :], codes[loop_at:]
    return Seen(_intern(key, codes), template, relation)


def async_view(coroutine: Any) -> Any:
    """Remember the running view's coroutine, for tasks that it starts; return it."""
    _view.set(coroutine)
    return coroutine


def of_traceback(error: BaseException) -> tuple[Frame, ...]:
    """Return the frames an exception came through, innermost first, Django's left out."""
    places = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if _rule_of(code) == _KEEP:
            places.append((code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return tuple(_frame(code, offset) for code, offset in reversed(places[-_MOST_FRAMES:]))


@contextmanager
def collect() -> Iterator[None]:
    """Take the awaiting stack wherever asgiref hands sync code to a thread.

    `asgiref.sync.SyncToAsync.__call__` is wrapped, as nothing in the thread leads back to the
    coroutine: async ORM calls would have no caller otherwise.
    """
    original = SyncToAsync.__call__
    for descriptor in _loading_descriptors():
        _descriptors.add(id(_code(descriptor.__get__)))
        _look_into(_code(descriptor.__get__))

    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            seen = look_up(sys._getframe(1))
            if not seen.stack._places:
                seen.stack = _suspended(_view.get())
            _awaiting.set(seen)
        return original(self, *args, **kwargs)

    SyncToAsync.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        SyncToAsync.__call__ = original  # type: ignore[method-assign]


def is_project(path: str) -> bool:
    """Whether `path` is neither installed, nor of the standard library, nor generated code."""
    return not path.startswith(("<", *_LIBRARY)) and not any(part in path for part in _INSTALLED)


def _rule_of(code: CodeType) -> int:
    rule = _rules.get(code.co_filename)
    if rule is None:
        rule = _rules[code.co_filename] = _rule(code.co_filename)
    return rule


def _look_into(code: CodeType) -> None:
    _rules[code.co_filename] = _LOOK


def _rule(path: str) -> int:
    if path.startswith("<") or path.startswith(_OURS_AND_DJANGO):
        return _LEAVE
    if path.startswith(_LIBRARY) and not any(part in path for part in _INSTALLED):
        return _LEAVE
    return _KEEP


def _intern(key: list[int], places: list[tuple[CodeType, int]]) -> Stack:
    if len(places) > _MOST_FRAMES:
        del key[_MOST_FRAMES * 2 :], places[_MOST_FRAMES:]
    wanted = tuple(key)
    stack = _stacks.get(wanted)
    if stack is None:
        if len(_stacks) >= _MOST_STACKS:
            _stacks.clear()
        stack = _stacks[wanted] = Stack(places)
    return stack


def _suspended(coroutine: Any) -> Stack:
    """Return where `coroutine` and those it awaits stand still; innermost first."""
    places: list[tuple[CodeType, int]] = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if _rule_of(frame.f_code) == _KEEP:
            places.append((frame.f_code, frame.f_lasti))
        coroutine = coroutine.cr_await
    places.reverse()
    return _intern([part for code, at in places for part in (id(code), at)], places)


def _frame(code: CodeType, offset: int) -> Frame:
    line = next(
        (line for start, end, line in code.co_lines() if start <= offset < end), None
    )
    path = code.co_filename
    return Frame(
        path=path,
        line=line or code.co_firstlineno,
        function=code.co_qualname,
        is_project=is_project(path),
    )


def is_node(frame: FrameType) -> bool:
    """Whether `frame` is Django rendering a node of a template."""
    return id(frame.f_code) == _NODE


def template_line(frame: FrameType) -> TemplateLine | None:
    """Return the line of the node that `frame`, for which `is_node` holds, is rendering."""
    node = frame.f_locals.get("self")
    origin, token = getattr(node, "origin", None), getattr(node, "token", None)
    if token is None or origin is None:  # a node made by hand
        return None
    return TemplateLine(name=str(origin.template_name or origin.name), line=token.lineno or 0)


def _relation(frame: FrameType) -> str | None:
    descriptor, instance = frame.f_locals.get("self"), frame.f_locals.get("instance")
    if instance is None:
        return None
    related = getattr(descriptor, "related", None)
    name = descriptor.field.name if related is None else related.get_accessor_name()
    return f"{type(instance)._meta.label}.{name}"


def _loading_descriptors() -> list[Any]:
    found: list[Any] = [
        related_descriptors.ForwardManyToOneDescriptor,
        related_descriptors.ReverseOneToOneDescriptor,
        DeferredAttribute,
    ]
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes import fields

        # GenericForeignKey is its own descriptor up to Django 6.0.
        found.append(getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey))
    return found


def _root(module: Any) -> str:
    return os.path.dirname(module.__file__) + os.sep


def _code(function: Callable[..., Any]) -> CodeType:
    return function.__code__


_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
_LIBRARY = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")}
    | {os.path.dirname(os.__file__) + os.sep}
)
_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_OURS_AND_DJANGO = (_PACKAGE, _root(django), _root(asgiref))

_NODE = id(_code(Node.render_annotated))
_HAND_OVER = id(_code(SyncToAsync.thread_handler))
_look_into(_code(Node.render_annotated))
_look_into(_code(SyncToAsync.thread_handler))
