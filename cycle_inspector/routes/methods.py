"""Which HTTP methods a view answers, as far as it can be told without calling it.

Of a view only its own `__dict__` is read, and those of its class: anything more may run its code.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

_MOST_DECORATORS = 50

# The variable that the functions of django.views.decorators.http close over.
_LIST = "request_method_list"


def methods_of(view: Any) -> frozenset[str] | None:
    """Return the methods in capitals; None where nothing limits them, or nothing is known.

    Known are the methods of a class, the actions of a viewset of Django REST framework, and
    `require_http_methods` with its relatives, under any decorators that have `__wrapped__`.
    """
    found = [one for one in (_of_class(_own(view)), *_of_decorators(view)) if one is not None]
    return frozenset.intersection(*found) if found else None


def in_words(methods: Iterable[str]) -> str:
    """Return the methods as a list in a sentence, without OPTIONS, which most views answer.

    >>> in_words({"POST", "GET", "HEAD", "OPTIONS"})
    'GET, HEAD and POST'
    """
    names = sorted(set(methods) - {"OPTIONS"}) or sorted(methods)
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _of_class(view: dict[str, Any]) -> frozenset[str] | None:
    actions = view.get("actions")
    if type(actions) is dict:
        return _capitals((*_texts(list(actions)), "options"))
    view_class: Any = view.get("view_class") or view.get("cls")
    if not issubclass(type(view_class), type):  # isinstance() would wake a lazy object
        return None
    attributes: dict[str, Any] = {}
    for base in reversed(type.mro(view_class)):
        attributes |= vars(base)
    given = view.get("view_initkwargs")
    attributes |= given if type(given) is dict else {}
    return _capitals(
        one for one in _texts(attributes.get("http_method_names")) if one in attributes
    )


def _of_decorators(view: Any) -> Iterable[frozenset[str]]:
    for _ in range(_MOST_DECORATORS):
        if type(view) is FunctionType and view.__closure__ and _LIST in view.__code__.co_freevars:
            listed = view.__closure__[view.__code__.co_freevars.index(_LIST)].cell_contents
            # These take the request's method as it is: GET does not stand for HEAD here.
            yield frozenset(_texts(listed))
        view = _own(view).get("__wrapped__")
        if view is None:
            return


def _own(thing: Any) -> dict[str, Any]:
    try:
        found = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def _texts(listed: Any) -> list[str]:
    if type(listed) not in (list, tuple, set, frozenset):
        return []
    return [one for one in listed if type(one) is str]


def _capitals(names: Iterable[str]) -> frozenset[str]:
    methods = {name.upper() for name in names}
    # View.setup() lets `get` answer HEAD, and a viewset maps it so.
    return frozenset(methods | ({"HEAD"} if "GET" in methods else set()))
