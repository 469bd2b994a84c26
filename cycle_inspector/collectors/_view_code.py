"""Which code answers for a callback of the URLconf: its name, its kind, and where it stands.

Worked out after the request. Where a method is Django's own, or that of another package, the place
is that of the project's class, and the methods it overrides are its hooks. Other packages are known
by their shape and never imported.
"""

from __future__ import annotations

import inspect
import sys
from types import FunctionType, MethodType
from typing import Any

from asgiref.sync import iscoroutinefunction

from cycle_inspector.collectors import _redaction, _sources
from cycle_inspector.collectors._decorators import (
    cells,
    class_of,
    dotted,
    is_class,
    own,
    peel,
    place_of_class,
)
from cycle_inspector.collectors._values import to_json
from cycle_inspector.records import Json

Facts = dict[str, Json]

_MOST_BASES = 12
_MOST_HOOKS = 8
_MOST_GIVEN = 12

_API_VIEW = "api_view.<locals>.decorator.<locals>.handler"


def describe_callback(callback: Any, method: str) -> Facts:
    """Return name, kind and place of a view, for a request of HTTP method `method`."""
    peeled = peel(callback)
    core, view_class, path_view = peeled.core, class_of(peeled.core), _path_view(peeled.core)
    if view_class is not None:
        facts = _of_class(view_class, core, method)
    elif path_view is not None:
        facts = _of_operation(path_view, method)
    elif is_class(core):
        facts = {"name": dotted(core), "kind": "class", "method": None, **place_of_class(core)}
    elif type(core) is MethodType or peeled.owner is not None:
        facts = _of_method(core, peeled.owner)
    elif type(core) is FunctionType:
        facts = _of_function(core)
    else:
        facts = _of_object(core)
    facts["is_async"] = bool(iscoroutinefunction(callback) or facts.get("is_async"))
    facts["decorators"] = peeled.decorators + facts.get("decorators", [])
    facts["bound"] = peeled.bound
    facts["non_atomic"] = _non_atomic(callback)
    return {name: value for name, value in facts.items() if value not in ([], {})}


def _of_function(function: Any) -> Facts:
    outer, inside, _ = function.__qualname__.rpartition(".<locals>.")
    facts = {
        "name": dotted(function),
        "kind": "lambda" if function.__name__ == "<lambda>" else "function",
        "method": None,
        **_place(function),
    }
    if inside:
        facts["made_by"] = f"{function.__module__}.{outer}"
    return facts


def _of_class(view_class: type, view: Any, method: str) -> Facts:
    attributes = own(view)
    actions = attributes.get("actions")
    name = _method_of(view_class, method, actions if type(actions) is dict else {})
    function = _function(view_class, name)
    if getattr(getattr(function, "__code__", None), "co_qualname", "") == _API_VIEW:
        return _of_api_view(function)
    around, answering = peel(_function(view_class, "dispatch")), peel(function)
    given = attributes.get("view_initkwargs", attributes.get("initkwargs"))
    return {
        "name": dotted(view_class),
        "kind": "viewset action" if actions else _kind_of(view_class),
        "method": name,
        "is_async": iscoroutinefunction(function),
        "decorators": around.decorators + answering.decorators,
        "given": _given(given),
        "bases": _bases(view_class),
        **_place_in_class(view_class, answering.core, name),
    }


def _of_api_view(handler: Any) -> Facts:
    """Describe the function that REST framework's `api_view` made a class of."""
    peeled = peel(cells(handler).get("func"))
    facts = _of_function(peeled.core) if type(peeled.core) is FunctionType else {}
    decorator = {
        "name": f"{handler.__globals__.get('__name__')}.api_view",
        "path": handler.__code__.co_filename,
        "line": getattr(
            getattr(handler.__globals__.get("api_view"), "__code__", None), "co_firstlineno", None
        ),
    }
    return {
        "name": dotted(peeled.core),
        **facts,
        "kind": "api_view function",
        "method": None,
        "decorators": [decorator, *peeled.decorators],
    }


def _of_operation(path_view: dict[str, Any], method: str) -> Facts:
    """Describe the operation of django-ninja that takes requests of `method`."""
    operations = [own(one) for one in path_view["operations"]]
    taken = [one for one in operations if method in one.get("methods", ())]
    peeled = peel((taken or operations)[0].get("view_func"))
    facts = _of_function(peeled.core) if type(peeled.core) is FunctionType else {}
    return {
        "name": dotted(peeled.core),
        **facts,
        "kind": "ninja operation",
        "method": None if taken else "_not_allowed",
        "is_async": iscoroutinefunction(peeled.core),
        "decorators": peeled.decorators,
    }


def _of_method(core: Any, owner: Any) -> Facts:
    function = core.__func__ if type(core) is MethodType else core
    owner_class = owner if is_class(owner) else type(owner)
    name = str(getattr(function, "__name__", "?"))
    is_admin = _derives_from(owner_class, "django.contrib.admin")
    return {
        "name": f"{dotted(owner_class)}.{name}",
        "kind": "admin view" if is_admin else "method",
        "method": name,
        "is_async": iscoroutinefunction(function),
        "bases": _bases(owner_class),
        **_place_in_class(owner_class, function, name),
    }


def _of_object(core: Any) -> Facts:
    """Describe an instance with `__call__`, such as a syndication feed."""
    kind = type(core)
    call = _function(kind, "__call__")
    answering = peel(call)
    is_feed = _derives_from(kind, "django.contrib.syndication")
    return {
        "name": dotted(kind),
        "kind": "feed" if is_feed else "callable object",
        "method": None,
        "is_async": iscoroutinefunction(call),
        "decorators": answering.decorators,
        "bases": _bases(kind),
        **_place_in_class(kind, answering.core, "__call__"),
    }


def _method_of(view_class: type, method: str, actions: dict[str, Any]) -> str:
    """Return the name of the method that Django's View.dispatch() calls."""
    name = str(actions.get(method.lower(), method.lower()))
    if name == "head" and _function(view_class, name) is None:
        name = str(actions.get("get", "get"))  # django.views.View.setup() lets it answer
    allowed = getattr(view_class, "http_method_names", None)
    is_allowed = not isinstance(allowed, list) or method.lower() in allowed
    if is_allowed and _function(view_class, name) is not None:
        return name
    return "http_method_not_allowed"


def _function(owner: type, name: str) -> Any:
    found = inspect.getattr_static(owner, name, None)
    return found.__func__ if isinstance(found, classmethod | staticmethod) else found


def _place(function: Any) -> Facts:
    code = getattr(function, "__code__", None)
    return {} if code is None else {"path": code.co_filename, "line": code.co_firstlineno}


def _place_in_class(owner: type, function: Any, name: str) -> Facts:
    """Return the place of a method, or of the project's class if the method is another's."""
    place = _place(function)
    if place and _sources.is_project(place["path"]):
        return {**place, "hooks": _hooks(owner, name, is_own=True)}
    ours = next((base for base in owner.__mro__ if _is_of_project(base)), None)
    of_class = {} if ours is None else place_of_class(ours)
    return {**place, **of_class, "hooks": _hooks(owner, name, is_own=False)}


def _hooks(owner: type, name: str, *, is_own: bool) -> Json:
    """Return the project's methods that a method of another's calls, or may."""
    ours, others = [], set()
    for base in owner.__mro__:
        for key, value in vars(base).items():
            plain = _plain(value)
            one = peel(plain).core if type(plain) is FunctionType else None
            if type(one) is not FunctionType:
                continue
            if _sources.is_project(one.__code__.co_filename):
                ours.append((key, one))
            else:
                others.add(key)
    is_told = {name, *(key for key, _ in ours if key.startswith("_"))}
    hooks: list[Json] = []
    for key, one in ours:
        if key not in is_told and (key in others or not is_own):
            is_told.add(key)
            hooks.append({"name": key, **_place(one)})
    # What overrides a method of another's is called in any case.
    hooks.sort(key=lambda hook: hook["name"] not in others)
    return hooks[:_MOST_HOOKS]


def _plain(value: Any) -> Any:
    return value.__func__ if isinstance(value, classmethod | staticmethod) else value


def _is_of_project(kind: type) -> bool:
    path = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return type(path) is str and _sources.is_project(path)


def _kind_of(view_class: type) -> str:
    if _derives_from(view_class, "rest_framework.views"):
        return "API view"
    is_generic = any(
        base.__module__.startswith("django.views.generic.") and base.__name__ != "View"
        for base in view_class.__mro__
    )
    return "generic view" if is_generic else "class"


def _derives_from(kind: type, package: str) -> bool:
    return any(f"{base.__module__}.".startswith(f"{package}.") for base in kind.__mro__)


def _bases(kind: type) -> list[str]:
    return [dotted(base) for base in kind.__mro__[1:] if base is not object][:_MOST_BASES]


def _given(given: Any) -> Json:
    """Return what `as_view()` was given."""
    if type(given) is not dict:
        return {}
    shown = list(given.items())[:_MOST_GIVEN]
    return {str(name): _redaction.redact(str(name), to_json(value)) for name, value in shown}


def _path_view(core: Any) -> dict[str, Any] | None:
    """Return what django-ninja's PathView holds, if `core` is the view of one."""
    holder = core.__self__ if type(core) is MethodType else cells(core).get("self")
    if type(holder).__module__.partition(".")[0] != "ninja":
        return None
    held = own(holder)
    return held if type(held.get("operations")) is list and held["operations"] else None


def _non_atomic(callback: Any) -> list[str]:
    aliases = own(callback).get("_non_atomic_requests")
    return sorted(map(str, aliases)) if type(aliases) is set else []
