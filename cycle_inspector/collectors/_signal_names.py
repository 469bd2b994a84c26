"""What a signal goes by: the module it is defined in, and its name there.

A signal does not know its name, so the modules are searched for it, once, after the cycle. Others
import it from where it is defined: of several modules, that one counts whose source assigns it.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Callable, Iterator
from linecache import getlines
from types import ModuleType
from typing import Any

from django.db.models import Model

from cycle_inspector.collectors._values import cut, to_json

_LONGEST_NAME = 200

# The name of each signal by its id, beside a reference that says whether it is still that one.
_names: dict[int, tuple[Callable[[], Any], str]] = {}

_contents_of = vars(ModuleType)["__dict__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__
_module_of = type.__dict__["__module__"].__get__


def name_of(signal: Any) -> str:
    """Return the dotted name of `signal`; of one of Django's, the last part."""
    identity = id(signal)
    known = _names.get(identity)
    if known is not None and known[0]() is signal:
        return known[1]
    name = _find(signal)
    _names[identity] = weakref.ref(signal, lambda _: _names.pop(identity, None)), name
    return name


def sender_of(sender: Any) -> str:
    """Return the label of a model, the dotted name of another class; of others, what they are."""
    if sender is None:
        return ""
    if not issubclass(type(sender), type):
        return cut(str(to_json(sender, 1)), _LONGEST_NAME)
    if issubclass(sender, Model) and "_meta" in vars(sender):
        return str(sender._meta.label)
    return cut(f"{_module_of(sender)}.{_qualname_of(sender)}", _LONGEST_NAME)


def _find(signal: Any) -> str:
    found = list(_places(signal))
    if len(found) > 1:
        found = [one for one in found if _assigns(*one)] or found
    if not found:
        kind = type(signal)
        return cut(f"{_module_of(kind)}.{_qualname_of(kind)}", _LONGEST_NAME)
    module, name = found[0]
    return name if module.startswith("django.") else cut(f"{module}.{name}", _LONGEST_NAME)


def _places(signal: Any) -> Iterator[tuple[str, str]]:
    for module_name, module in list(sys.modules.items()):
        if not issubclass(type(module), ModuleType):
            continue
        for name, value in list(_contents_of(module).items()):
            if value is signal and type(name) is str:
                yield module_name, name


def _assigns(module_name: str, name: str) -> bool:
    path = _contents_of(sys.modules[module_name]).get("__file__")
    if type(path) is not str:
        return False
    assignment = re.compile(rf"{re.escape(name)}\s*(:[^=]+)?=[^=]")
    return any(map(assignment.match, getlines(path)))
