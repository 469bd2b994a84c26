"""Through decorators to the code that a person would open, and what the decorators are called.

`functools.wraps` leads from a decorator to what it decorates. One that does not use it is followed
only where there is no doubt: it passes a request on, and holds one callable under a usual name.
Nothing is called, and of a user's object only its own `__dict__` is read.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, field
from types import CodeType, FunctionType, MethodType
from typing import Any

from cycle_inspector.records import Json

_MOST_LAYERS = 50

# What decorators without functools.wraps usually call the view that they hold.
_VIEW_NAMES = frozenset(
    (
        *("view", "view_func", "view_function", "viewfunc", "func", "function", "fn", "f"),
        *("wrapped", "callback", "method", "target", "awaitable"),
    )
)
_REQUEST_NAMES = frozenset({"request", "req", "self", "_request"})

_ADMIN = "django.contrib.admin."


@dataclass(slots=True)
class Peeled:
    """A callback without what is around it."""

    core: Any  # a function, a bound method, a class, or an object that can be called
    owner: Any = None  # of a bound method, what it is bound to
    decorators: list[dict[str, Json]] = field(default_factory=list)  # from the outside
    bound: list[str] = field(default_factory=list)  # what functools.partial has given it


def peel(callback: Any) -> Peeled:
    """Return `callback` without its decorators and partials; it ends where it goes in a circle."""
    peeled = Peeled(callback)
    for _ in range(_MOST_LAYERS):
        core = peeled.core
        if issubclass(type(core), functools.partial):
            peeled.bound += [f"argument {number}" for number in range(1, len(core.args) + 1)]
            peeled.bound += core.keywords
            peeled.core = core.func
            continue
        if type(core) is MethodType:
            peeled.owner = core.__self__
            if _inner(core.__func__) is None:
                break
            peeled.core = core.__func__
            continue
        inner = _inner(core)
        is_view_of_class = class_of(core) is not None and class_of(inner) is None
        if inner is None or is_view_of_class:  # as_view() copies what stands on dispatch()
            break
        peeled.decorators += _told(core)
        peeled.core = inner
    return peeled


def own(thing: Any) -> dict[str, Any]:
    """Return the `__dict__` of an object, empty if it has none."""
    try:
        found = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def is_class(thing: Any) -> bool:
    """Whether `thing` is a class; isinstance() would wake a lazy object."""
    return issubclass(type(thing), type)


def class_of(callback: Any) -> type | None:
    """Return the class that `as_view()` was called on: Django's way, and that of REST framework."""
    attributes = own(callback)
    for name in ("view_class", "cls"):
        found = attributes.get(name)
        if is_class(found):
            return found
    return None


def cells(function: Any) -> dict[str, Any]:
    """Return the free variables of a function that hold something."""
    held = {}
    names = function.__code__.co_freevars if type(function) is FunctionType else ()
    for name, cell in zip(names, function.__closure__ or () if names else (), strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:  # it is empty as yet
            continue
    return held


def dotted(thing: Any) -> str:
    """Return the name of a function or class, or of the class of anything else."""
    is_named = is_class(thing) or type(thing) in (FunctionType, MethodType)
    named = thing if is_named else type(thing)
    return f"{named.__module__}.{named.__qualname__}"


def place_of_class(found: type) -> dict[str, Json]:
    """Return where a class stands; nothing if it was made without a file."""
    try:
        return {
            "path": inspect.getsourcefile(found),
            "line": max(inspect.getsourcelines(found)[1], 1),
        }
    except (OSError, TypeError):
        return {}


def _inner(callback: Any) -> Any:
    """Return what `callback` decorates, or None."""
    attributes = own(callback)
    if "__wrapped__" in attributes:
        return attributes["__wrapped__"]
    if type(callback) is FunctionType:
        if not _passes_request(callback.__code__):
            return None
        held = cells(callback)
    else:
        held = attributes
    found = [one for name, one in held.items() if name in _VIEW_NAMES and _is_view(one, callback)]
    return found[0] if len(found) == 1 else None


def _passes_request(code: CodeType) -> bool:
    if code.co_argcount:
        return code.co_varnames[0] in _REQUEST_NAMES
    return bool(code.co_flags & inspect.CO_VARARGS)


def _is_view(one: Any, holder: Any) -> bool:
    if class_of(one) is not None or issubclass(type(one), functools.partial):
        return True
    function = one.__func__ if type(one) is MethodType else one
    return (
        type(function) is FunctionType
        and function is not holder
        and ("__wrapped__" in own(function) or _passes_request(function.__code__))
    )


def _told(wrapper: Any) -> list[dict[str, Json]]:
    """Return the name and place of the decorators that made `wrapper`."""
    if type(wrapper) is not FunctionType:
        return [{"name": dotted(type(wrapper)), **place_of_class(type(wrapper))}]
    held, made_in = cells(wrapper), wrapper.__code__.co_qualname
    if made_in == "_multi_decorate.<locals>._wrapper":  # method_decorator()
        several = held.get("decorators")
        return [_told_of(one) for one in reversed(several if type(several) is list else [])]
    told = _told_of(wrapper)
    if "__wrapped__" not in own(wrapper):
        told["is_wrapped"] = False
    return [told]


def _told_of(function: Any) -> dict[str, Json]:
    """Return the name and place of a decorator, known by itself or by what it made."""
    if type(function) is not FunctionType:
        kind = function if is_class(function) else type(function)
        return {"name": dotted(kind), **place_of_class(kind)}
    held, code = cells(function), function.__code__
    outer = code.co_qualname.partition(".<locals>")[0]
    kind = None
    if outer == "make_middleware_decorator":  # csrf_protect, cache_page and their like
        inner = cells(held.get("_pre_process_request"))
        kind = held.get("middleware_class") or type(inner.get("middleware"))
    elif outer == "ContextDecorator.__call__":  # transaction.atomic
        kind = type(held.get("self"))
    elif outer == "user_passes_test" and type(held.get("test_func")) is FunctionType:
        # login_required and permission_required give it a function of their own.
        test = held["test_func"]
        if test.__globals__ is function.__globals__:
            return _told_of(test)
    if kind is not None:
        return {"name": dotted(kind), **place_of_class(kind)}
    module = str(function.__globals__.get("__name__", "?"))
    if module.startswith(_ADMIN) and outer.endswith(".get_urls"):
        outer, module = "AdminSite.admin_view", _ADMIN + "sites"
    line = _line_of(outer, function)
    return {"name": f"{module}.{outer}", "path": code.co_filename, "line": line}


def _line_of(outer: str, function: FunctionType) -> int:
    """Return the line of the decorator, which stands around what it made."""
    found: Any = function.__globals__.get(outer)
    if type(found) is FunctionType and found.__code__.co_filename == function.__code__.co_filename:
        return found.__code__.co_firstlineno
    return function.__code__.co_firstlineno
