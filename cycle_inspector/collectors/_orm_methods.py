"""Which method of a queryset, a model or a related manager the page has called for a query.

A walk up the stack (see `_frames`) knows the code of these methods. The outermost that stands below
the page's own line, or below the template's, is the one that was written there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.db.models.fields import related_descriptors
from django.db.models.query import RawQuerySet

# What Python calls for a loop, `len()`, `if`, an index, pickling and a shell.
_OF_PYTHON = frozenset(
    ("__iter__", "__aiter__", "__len__", "__bool__", "__getitem__", "__getstate__", "__repr__")
)
# What `iterator()` returns runs under this name.
_ITERATOR = "_iterator"


def codes() -> Iterator[CodeType]:
    """Give the code of each of these methods."""
    for owner in (QuerySet, RawQuerySet, Model):
        python = _OF_PYTHON if owner is not Model else ()
        for name, one in vars(owner).items():
            if type(one) is FunctionType and (_is_public(name) or name in python):
                # Ours stands in the place of some, and of the makers below.
                code = inspect.unwrap(one).__code__
                yield code
                yield from (inner for inner in _inside(code) if inner.co_name == "generator")
    for make in _makers():
        for code in _inside(inspect.unwrap(make).__code__):
            # The methods of the class that it makes.
            if _is_public(code.co_name) and "." in code.co_qualname.rpartition("<locals>.")[2]:
                yield code


@lru_cache(maxsize=1_000)
def name_of(code: CodeType) -> str:
    """Return the class and the name of a method, as in `QuerySet.first`."""
    outer, _, inner = code.co_qualname.rpartition(".<locals>.")
    owner, _, name = (inner if "." in inner else outer).rpartition(".")
    return f"{owner}.{'iterator' if name == _ITERATOR else name}"


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == _ITERATOR


def _inside(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if type(one) is CodeType:
            yield one
            yield from _inside(one)


def _makers() -> list[Callable[..., Any]]:
    """Return the functions that make the classes of related managers."""
    found: list[Callable[..., Any]] = [
        related_descriptors.create_reverse_many_to_one_manager,
        related_descriptors.create_forward_many_to_many_manager,
    ]
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes import fields

        found.append(fields.create_generic_related_manager)
    return found
