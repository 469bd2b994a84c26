"""Who asked: the frames above a query, read in one walk up the running stack.

The walk keeps code objects and instruction offsets of frames that are neither Django's nor the
standard library's, and interns them: a loop that runs a query a thousand times has one `Place`.
Files and lines are worked out later, once for each. On the way it reads the template node being
rendered and the descriptor that is loading a field, both from Django's own frames.

The walk ends at our own middleware (`stop_at`), and where asgiref carries sync code into a thread:
what stands below that is another's stack. The awaiting coroutine's stack, taken at the hand-over,
goes on from there. Where that is a task of its own, as under asyncio.gather, nothing on it belongs
to the project; then the place where the view is suspended is the caller.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync, markcoroutinefunction
from django.apps import apps
from django.db.models.fields import related_descriptors
from django.db.models.query_utils import DeferredAttribute
from django.template.base import Node

from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._sources import KEEP, LOOK, RULES, is_project, look_into, rule_of
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import current
from cycle_inspector.records import Frame, TemplateLine

_TO_ONE = (
    related_descriptors.ForwardManyToOneDescriptor,
    related_descriptors.ReverseOneToOneDescriptor,
)

# More frames than this are a recursion; the innermost are the ones that tell.
_MOST_FRAMES = 40

# A page has some hundred distinct places. Code that is compiled anew for each request would fill
# the table without end, so it is emptied at this size; places in use stay alive in their queries.
_MOST_PLACES = 20_000


class Place:
    """Where something was asked for; equal places are the same object.

    The stack, innermost first, the template line, and the relation that was being loaded.
    """

    __slots__ = ("_codes", "_descriptor", "_frames", "_model", "_relation", "template")

    def __init__(
        self,
        codes: list[tuple[CodeType, int]],
        template: TemplateLine | None,
        descriptor: Any,
        model: Any,
    ) -> None:
        # All of them are kept alive, as the table of places goes by their ids.
        self._codes = codes
        self._descriptor = descriptor
        self._model = model
        self._frames: tuple[Frame, ...] | None = None
        self._relation: tuple[str, str] | None = None
        self.template = template

    def frames(self) -> tuple[Frame, ...]:
        """Return the frames with file and line; worked out at the first call."""
        if self._frames is None:
            self._frames = tuple(_frame(code, offset) for code, offset in self._codes)
        return self._frames

    def relation(self) -> tuple[str, str] | tuple[None, None]:
        """Return the relation or deferred field that was loaded, and its kind, as in `Query`."""
        if self._descriptor is None:
            return None, None
        if self._relation is None:
            self._relation = _relation(self._descriptor, self._model)
        return self._relation


_places: dict[tuple[Any, ...], Place] = {}
_descriptors: set[int] = set()  # ids of the code of descriptors that load a field
_stops: dict[int, CodeType] = {}

# Where the coroutine stands that awaits the running sync code; set at each hand-over.
_awaiting: ContextVar[Place | None] = ContextVar("cycle_inspector_awaiting", default=None)
# The coroutine of the async view that is running; tasks it starts inherit it.
_view: ContextVar[Any] = ContextVar("cycle_inspector_view", default=None)

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE


def stop_at(code: CodeType) -> None:
    """Let walks end at frames of `code`."""
    _stops[id(code)] = code
    look_into(code)


def look_up(frame: FrameType | None, *, is_in_loop: bool = False) -> Place:
    """Walk from `frame` outwards; 5 to 10 us on a usual page.

    With `is_in_loop` the walk starts in a coroutine; what stands above its event loop, the server,
    is left out unless a request does.
    """
    rules, stops = RULES, _stops  # a local name is read faster
    key: list[Any] = []
    codes: list[tuple[CodeType, int]] = []
    name: str | None = None
    line = 0
    descriptor = model = None
    is_async = False
    loop_at: int | None = None  # how many frames were kept below the event loop's own
    while frame is not None:
        code = frame.f_code
        rule = rules.get(code.co_filename)
        if rule is None:
            rule = rule_of(code)
        if rule == KEEP:
            offset = frame.f_lasti
            key += id(code), offset
            codes.append((code, offset))
        elif rule == LOOK:
            what = id(code)
            if what == _NODE:
                if name is None:
                    name, line = _node_place(frame)
            elif what in stops:
                break
            elif what in _descriptors:
                if descriptor is None and (found := frame.f_locals.get("instance")) is not None:
                    descriptor, model = frame.f_locals.get("self"), type(found)
            elif what == _HAND_OVER:
                outer = _awaiting.get()
                if outer is not None:
                    if name is None and outer.template is not None:
                        name, line = outer.template.name, outer.template.line
                    codes += outer._codes
                    key += (part for code, offset in outer._codes for part in (id(code), offset))
                break
        if is_in_loop:
            if code.co_flags & _ASYNC:
                is_async = True
            elif is_async and loop_at is None:
                loop_at = len(codes)
        frame = frame.f_back
    else:
        if loop_at is not None:
            del key[loop_at * 2 :], codes[loop_at:]
    return _intern(key, codes, name, line, descriptor, model)


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
        if rule_of(code) == KEEP:
            places.append((code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return tuple(_frame(code, offset) for code, offset in reversed(places[-_MOST_FRAMES:]))


@contextmanager
def collect() -> Iterator[None]:
    """Take the awaiting stack wherever asgiref hands sync code to a thread.

    `asgiref.sync.SyncToAsync.__call__` is wrapped, as nothing in the thread leads back to the
    coroutine: async ORM calls would have no caller otherwise.
    """
    original: Any = SyncToAsync.__call__
    for descriptor in _loading_descriptors():
        _descriptors.add(id(_code(descriptor.__get__)))
        look_into(_code(descriptor.__get__))

    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            with guard("find the caller", recorder):
                place = look_up(sys._getframe(1), is_in_loop=True)
                _awaiting.set(place if place._codes else _suspended(_view.get()))
        return original(self, *args, **kwargs)

    markcoroutinefunction(call)  # as the original is one
    with replaced(SyncToAsync, "__call__", call):
        yield


def _intern(
    key: list[Any],
    codes: list[tuple[CodeType, int]],
    name: str | None = None,
    line: int = 0,
    descriptor: Any = None,
    model: Any = None,
) -> Place:
    if len(codes) > _MOST_FRAMES:
        del key[_MOST_FRAMES * 2 :], codes[_MOST_FRAMES:]
    key += name, line, id(descriptor), id(model)
    wanted = tuple(key)
    place = _places.get(wanted)
    if place is None:
        if len(_places) >= _MOST_PLACES:
            _places.clear()
        template = None if name is None else TemplateLine(name=name, line=line)
        place = _places[wanted] = Place(codes, template, descriptor, model)
    return place


def _suspended(coroutine: Any) -> Place:
    """Return where `coroutine` and those it awaits stand still; innermost first."""
    places: list[tuple[CodeType, int]] = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if rule_of(frame.f_code) == KEEP:
            places.append((frame.f_code, frame.f_lasti))
        coroutine = coroutine.cr_await
    places.reverse()
    return _intern([part for code, at in places for part in (id(code), at)], places)


def _frame(code: CodeType, offset: int) -> Frame:
    line = next((line for start, end, line in code.co_lines() if start <= offset < end), None)
    path = code.co_filename
    return Frame(
        path=path,
        line=line or code.co_firstlineno,
        function=code.co_qualname,
        is_project=is_project(path),
    )


def _relation(descriptor: Any, model: Any) -> tuple[str, str]:
    related = getattr(descriptor, "related", None)
    if related is not None:
        name = related.get_accessor_name()
    else:  # up to Django 6.0 a GenericForeignKey is its own descriptor
        name = getattr(descriptor, "field", descriptor).name
    if isinstance(descriptor, DeferredAttribute):
        kind = "column"
    else:
        kind = "to_one" if isinstance(descriptor, _TO_ONE) else "generic"
    return f"{model._meta.label}.{name}", kind


def is_node(frame: FrameType) -> bool:
    """Whether `frame` is Django rendering a node of a template."""
    return id(frame.f_code) == _NODE


def template_line(frame: FrameType) -> TemplateLine | None:
    """Return the line of the node that `frame`, for which `is_node` holds, is rendering."""
    name, line = _node_place(frame)
    return TemplateLine(name=name, line=line) if name is not None else None


def _node_place(frame: FrameType) -> tuple[str | None, int]:
    node = frame.f_locals.get("self")
    origin, token = getattr(node, "origin", None), getattr(node, "token", None)
    if token is None or origin is None:  # a node made by hand
        return None, 0
    # The name a project gave, perhaps a path or a lazy text; an origin of its own may have none.
    name = getattr(origin, "template_name", None)
    if type(name) is not str:
        name = str(to_json(name if name is not None else getattr(origin, "name", "")))
    return name, token.lineno or 0


def _loading_descriptors() -> list[Any]:
    found: list[Any] = [*_TO_ONE, DeferredAttribute]
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes import fields

        # GenericForeignKey is its own descriptor up to Django 6.0.
        found.append(getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey))
    return found


def _code(function: Callable[..., Any]) -> CodeType:
    return function.__code__


_NODE = id(_code(Node.render_annotated))
_HAND_OVER = id(_code(SyncToAsync.thread_handler))
look_into(_code(Node.render_annotated))
look_into(_code(SyncToAsync.thread_handler))
