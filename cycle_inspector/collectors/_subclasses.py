"""Wrap methods of a base class and of all its subclasses, each in the class that defines it.

There they are what they were for whoever looks: Django compares `self.get_many.__func__` with that
of its base class, instances keep their `__dict__` and can be pickled. Classes that are defined
later are met by `__init_subclass__`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType
from typing import Any

from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced


@contextmanager
def wrapped(
    base: type, names: tuple[str, ...], wrap: Callable[[str, Any], Any], what: str
) -> Iterator[None]:
    """Put `wrap(name, method)` in the place of each of these methods; put them back afterwards."""
    lock = threading.Lock()
    met: dict[int, type] = {}
    with ExitStack() as stack:

        def meet(one: type) -> None:
            with lock:
                if id(one) in met:
                    return
                met[id(one)] = one
                for name in names:
                    method = vars(one).get(name)
                    if type(method) is FunctionType:
                        stack.enter_context(replaced(one, name, wrap(name, method)))

        def init_subclass(cls: Any, /, **given: Any) -> None:
            super(base, cls).__init_subclass__(**given)  # type: ignore[arg-type]
            with guard(what):
                meet(cls)

        stack.enter_context(replaced(base, "__init_subclass__", classmethod(init_subclass)))
        for one in _family(base):
            meet(one)
        yield


def _family(base: type) -> Iterator[type]:
    yield base
    subclasses: list[type] = type.__subclasses__(base)
    for one in subclasses:
        yield from _family(one)
