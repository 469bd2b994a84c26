"""Who asked: the frames above a query, read in one walk up the running stack.

The walk keeps code objects and instruction offsets of frames that are neither Django's nor the
standard library's, and interns them: a loop that runs a query a thousand times has one `Place`.
Files and lines are worked out later, once for each. On the way it reads the template node being
rendered, the descriptor that is loading a field and the method of a queryset or a model that was
called, all from Django's own frames.

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
from django.core.handlers.base import BaseHandler
from django.template.base import Node
from django.utils.deprecation import MiddlewareMixin

from cycle_inspector.collectors import _orm_methods
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._jinja_lines import jinja_place
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._places import Place, intern, loading_descriptors
from cycle_inspector.collectors._sources import JINJA, KEEP, LOOK, RULES, look_into, rule_of
from cycle_inspector.collectors._values import to_json
from cycle_inspector.recorder import current
from cycle_inspector.records import TemplateLine

# What the walk does at a frame, by the id of its code; the codes are kept alive beside it.
STOP, RENDER, NODE, DESCRIPTOR, HAND_OVER, CHAIN, METHOD = range(7)
_roles: dict[int, int] = {}
_known: list[CodeType] = []

# Where the coroutine stands that awaits the running sync code; set at each hand-over.
_awaiting: ContextVar[Place | None] = ContextVar("cycle_inspector_awaiting", default=None)
# The coroutine of the async view that is running; tasks it starts inherit it.
_view: ContextVar[Any] = ContextVar("cycle_inspector_view", default=None)

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE


def role_of(code: CodeType) -> int | None:
    """Return what a walk does at a frame of `code`, where it is one of those it knows."""
    return _roles.get(id(code))


def stop_at(code: CodeType) -> None:
    """Let walks end at frames of `code`."""
    _know(code, STOP)


def chain_in(code: CodeType) -> None:
    """Let what frames of `code` hand to a thread be asked for by nobody: they pass a request on."""
    _know(code, CHAIN)


def render_in(code: CodeType) -> None:
    """Let walks know the frames of `code`, one of which is running for each open render."""
    _know(code, RENDER)


def hand_over_in(code: CodeType) -> None:
    """Let walks go on, from frames of `code`, where the context was told to by `go_on_at`."""
    _know(code, HAND_OVER)


def go_on_at(place: Place) -> None:
    """Say who has asked for what runs in this context, in another thread than theirs."""
    _awaiting.set(place)


def look_up(frame: FrameType | None, inside: Any = None) -> Place:
    """Walk from `frame` outwards; 5 to 10 us on a usual page.

    `inside` is the innermost open span or render. What stands above a render does not change while
    it runs, so it is walked once for all the queries in it.
    """
    rule_in, role_of = RULES.get, _roles.get  # a local name is read faster
    ids: list[int] = []
    codes: list[tuple[CodeType, int]] = []
    name: str | None = None
    line = 0
    descriptor = model = outer = method = None
    while frame is not None:
        code = frame.f_code
        rule = rule_in(code.co_filename)
        if rule is None:
            rule = rule_of(code)
        if rule == KEEP:
            offset = frame.f_lasti
            ids += id(code), offset
            codes.append((code, offset))
        elif rule == LOOK:
            role = role_of(id(code))
            if role is None or role is CHAIN:
                pass
            elif role is METHOD:
                if not codes and name is None:
                    method = code
            elif role is NODE:
                if name is None:
                    name, line = _node_place(frame)
            elif role is DESCRIPTOR:
                if descriptor is None and (found := frame.f_locals.get("instance")) is not None:
                    descriptor, model = frame.f_locals.get("self"), type(found)
            elif role is RENDER:
                outer = _above(inside, frame)
                if outer is not None:
                    break
            else:
                outer = _awaiting.get() if role is HAND_OVER else None
                break
        elif rule == JINJA and name is None:
            name, line = jinja_place(frame)
        frame = frame.f_back
    if outer is not None:
        if not codes and name is None and outer.method is not None:
            method = outer.method
        ids += outer.ids
        codes += outer.codes
        if name is None and outer.template is not None:
            name, line = outer.template.name, outer.template.line
        if descriptor is None:
            descriptor, model = outer.descriptor, outer.model
    return intern(ids, codes, name, line, descriptor, model, method)


def _look_up_in_loop(frame: FrameType | None) -> Place:
    """Walk from the `frame` of a coroutine outwards.

    What stands above its event loop, the server, is left out unless a request does.
    """
    ids: list[int] = []
    codes: list[tuple[CodeType, int]] = []
    name: str | None = None
    line = 0
    method = None
    is_async = False
    loop_at: int | None = None  # how many frames were kept below the event loop's own
    while frame is not None:
        code = frame.f_code
        rule, role = rule_of(code), _roles.get(id(code))
        if rule == KEEP:
            ids += id(code), frame.f_lasti
            codes.append((code, frame.f_lasti))
        elif role is METHOD:
            if not codes and name is None:
                method = code
        elif role is NODE:
            if name is None:
                name, line = _node_place(frame)
        elif role is STOP:
            break
        elif role is HAND_OVER:
            outer = _awaiting.get()
            if outer is not None:
                ids += outer.ids
                codes += outer.codes
            break
        if code.co_flags & _ASYNC:
            is_async = True
        elif is_async and loop_at is None:
            loop_at = len(codes)
        frame = frame.f_back
    else:
        if loop_at is not None:
            del ids[loop_at * 2 :], codes[loop_at:]
    return intern(ids, codes, name, line, method=method)


def _above(inside: Any, frame: FrameType) -> Place | None:
    """Return the place of what stands above `frame`, that of the render `inside`.

    None if `inside` is no render: the walk goes on.
    """
    above: Place | None = getattr(inside, "above", None)
    if above is None and hasattr(inside, "above"):
        above = inside.above = look_up(frame.f_back)
    return above


def async_view(coroutine: Any) -> Any:
    """Remember the running view's coroutine, for tasks that it starts; return it."""
    _view.set(coroutine)
    return coroutine


@contextmanager
def collect() -> Iterator[None]:
    """Take the awaiting stack wherever asgiref hands sync code to a thread.

    `asgiref.sync.SyncToAsync.__call__` is wrapped, as nothing in the thread leads back to the
    coroutine: async ORM calls would have no caller otherwise.
    """
    original: Any = SyncToAsync.__call__
    for descriptor in loading_descriptors():
        _know(_code(descriptor.__get__), DESCRIPTOR)
    for code in _orm_methods.codes():
        _know(code, METHOD)

    @wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is not None and not recorder.closed:
            frame = sys._getframe(1)
            if _roles.get(id(frame.f_code)) in _PASSING:
                # A request on its way, as by a dozen such hops: nobody has asked for it.
                if _awaiting.get() is not None:
                    _awaiting.set(None)
            else:
                with guard("find the caller", recorder):
                    place = _look_up_in_loop(frame)
                    _awaiting.set(place if place.codes else _suspended(_view.get()))
        return original(self, *args, **kwargs)

    markcoroutinefunction(call)  # as the original is one
    with replaced(SyncToAsync, "__call__", call):
        yield


def _suspended(coroutine: Any) -> Place:
    """Return where `coroutine` and those it awaits stand still; innermost first."""
    places: list[tuple[CodeType, int]] = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if rule_of(frame.f_code) == KEEP:
            places.append((frame.f_code, frame.f_lasti))
        coroutine = coroutine.cr_await
    places.reverse()
    return intern([part for code, at in places for part in (id(code), at)], places)


def is_node(frame: FrameType) -> bool:
    """Whether `frame` is Django rendering a node of a template."""
    return _roles.get(id(frame.f_code)) is NODE


def template_line(frame: FrameType) -> TemplateLine | None:
    """Return the line of the node that `frame`, for which `is_node` holds, is rendering."""
    return line_of(frame.f_locals.get("self"))


def line_of(node: Any) -> TemplateLine | None:
    """Return where `node` stands in its template."""
    name, line = _place_of(node)
    return TemplateLine(name=name, line=line) if name is not None else None


def _node_place(frame: FrameType) -> tuple[str | None, int]:
    return _place_of(frame.f_locals.get("self"))


def _place_of(node: Any) -> tuple[str | None, int]:
    origin, token = getattr(node, "origin", None), getattr(node, "token", None)
    if token is None or origin is None:  # a node made by hand
        return None, 0
    # The name a project gave, perhaps a path or a lazy text; an origin of its own may have none.
    name = getattr(origin, "template_name", None)
    if type(name) is not str:
        name = str(to_json(name if name is not None else getattr(origin, "name", "")))
    return name, token.lineno or 0


def _know(code: CodeType, role: int) -> None:
    if id(code) not in _roles:
        _known.append(code)
    _roles[id(code)] = role
    look_into(code)


def _code(function: Callable[..., Any]) -> CodeType:
    return function.__code__


_PASSING = (CHAIN, STOP)

_know(_code(Node.render_annotated), NODE)
_know(_code(SyncToAsync.thread_handler), HAND_OVER)
chain_in(_code(MiddlewareMixin.__acall__))
chain_in(_code(vars(BaseHandler)["_get_response_async"]))
