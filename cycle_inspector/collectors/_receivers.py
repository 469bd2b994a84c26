"""A receiver of a signal, or another function of the project's: its name and where it is defined.

Nothing of an object's own is asked: a receiver may be an instance of any class.
"""

from __future__ import annotations

from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from cycle_inspector.collectors._followed import place_of
from cycle_inspector.records import Json

_DEEPEST = 10  # so many partials and decorators may be around a function
_FOLDED = ("django.", "cycle_inspector.")

_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__


def function_of(receiver: Any) -> Any:
    """Return the function that is called in the end; of an instance, its class's `__call__`."""
    for _ in range(_DEEPEST):
        kind = type(receiver)
        if kind is MethodType:
            receiver = receiver.__func__
        elif kind is partial:
            receiver = receiver.func
        elif kind is FunctionType and "__wrapped__" in vars(receiver):
            receiver = vars(receiver)["__wrapped__"]
        elif kind is FunctionType:
            return receiver
        else:
            call = next(
                (vars(one)["__call__"] for one in kind.__mro__ if "__call__" in vars(one)), None
            )
            return call if type(call) is FunctionType else None
    return None


def is_folded(receiver: Any) -> bool:
    """Whether it is Django's own, or ours."""
    function = function_of(receiver)
    module = _module_of(type(receiver)) if function is None else function.__module__
    return type(module) is str and module.startswith(_FOLDED)


def described(receiver: Any) -> dict[str, Json]:
    """Return the place where it is defined, its full name as the function."""
    function = function_of(receiver)
    if function is None:
        kind = type(receiver)
        return place_of("", 0, f"{_module_of(kind)}.{_qualname_of(kind)}")
    code: CodeType = function.__code__
    return place_of(code.co_filename, code.co_firstlineno, code.co_qualname)
