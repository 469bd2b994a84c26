"""The related managers: `add`, `remove`, `set` and `clear`, as in `book.genres.add(...)`.

Django makes their classes as they are asked for, by functions of its own, which are wrapped; those
that it has made already are found among the subclasses of `BaseManager`.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

from django.apps import apps
from django.db.models import manager
from django.db.models.fields import related_descriptors

from cycle_inspector.collectors._changes import RELATION_METHODS, changing
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the methods of related managers, whose classes Django makes as they are asked for.

    One that is made for a single call, by `author.books(manager=...)`, is not to be kept alive.
    """
    met: weakref.WeakSet[Any] = weakref.WeakSet()

    def meet(one: Any) -> Any:
        with guard("follow relations"):
            if one not in met and "create_" in one.__qualname__:
                met.add(one)
                for name in RELATION_METHODS:
                    method = vars(one).get(name)
                    if type(method) is FunctionType:
                        setattr(one, name, changing(method, name, None))
        return one

    def meeting(factory: Any) -> Any:
        @wraps(factory)
        def make(*args: Any, **kwargs: Any) -> Any:
            return meet(factory(*args, **kwargs))

        return make

    factories: list[tuple[Any, str]] = [
        (related_descriptors, "create_reverse_many_to_one_manager"),
        (related_descriptors, "create_forward_many_to_many_manager"),
    ]
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes import fields

        factories.append((fields, "create_generic_related_manager"))
    with ExitStack() as stack:
        for module, name in factories:
            stack.enter_context(replaced(module, name, meeting(vars(module)[name])))
        for related in _related_managers(manager.BaseManager):
            meet(related)
        try:
            yield
        finally:
            for one in tuple(met):
                for name in RELATION_METHODS:
                    method = vars(one).get(name)
                    if method is not None and hasattr(method, "__wrapped__"):
                        setattr(one, name, method.__wrapped__)


def _related_managers(of: type) -> Iterator[Any]:
    subclasses: list[type] = type.__subclasses__(of)
    for one in subclasses:
        if one.__module__.startswith("django.") and one.__qualname__.startswith("create_"):
            yield one
        yield from _related_managers(one)
