"""Hooks into libraries that a project may or may not use; we import none of them.

A library that is imported already is hooked at once. The others are looked for when a request or a
block begins, which costs a look into a dictionary for each; one that is absent costs nothing else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType

from cycle_inspector.collectors._guard import guard

Hook = Callable[[ModuleType], AbstractContextManager[object]]

# What is to be hooked once it is imported: the name of the module, the hook, and what undoes it.
_waiting: list[tuple[str, Hook, ExitStack]] = []
_lock = threading.RLock()


@contextmanager
def hooked(module: str, hook: Hook) -> Iterator[None]:
    """Enter `hook` with `module` as soon as that is imported; leave it afterwards."""
    with ExitStack() as stack:
        one = (module, hook, stack)
        with _lock:
            _waiting.append(one)
        look()
        try:
            yield
        finally:
            with _lock:
                if one in _waiting:
                    _waiting.remove(one)


def look() -> None:
    """Hook into what has been imported since the last look."""
    for one in _waiting:
        if one[0] in sys.modules:
            _enter()
            return


def _enter() -> None:
    with _lock:
        for one in tuple(_waiting):
            name, hook, stack = one
            module = sys.modules.get(name)
            if module is None or _is_being_imported(module):
                continue
            _waiting.remove(one)
            with guard(f"hook into {name}"):
                stack.enter_context(hook(module))


def _is_being_imported(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))
