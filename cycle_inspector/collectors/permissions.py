"""Permission checks, a side event: the same one, from the same place, once and counted.

The methods of the project's user model and of the anonymous user are wrapped, each in the class
that defines it; `has_perms` and `perms` of templates ask these for each permission. Where
`django.contrib.auth` is not installed, nothing is. Of the object that is asked for only the class
and the primary key are told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar, Token
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from cycle_inspector.collectors import _again, _libraries
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._places import Place
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current, innermost
from cycle_inspector.records import Json

_METHODS = ("has_perm", "has_module_perms", "ahas_perm", "ahas_module_perms")
_NAMES = ("perm", "app_label", "module")
_LONGEST = 200
_WHAT = "record a permission check"

_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__

# The user and the permission that are asked for in this context: an override asks its base class.
_running: ContextVar[tuple[int, int] | None] = ContextVar("cycle_inspector_check", default=None)


class Check(SideEvent):
    """A permission that was asked for, where and when it was first."""

    __slots__ = (
        "_answer",
        "_by",
        "_is_superuser",
        "_object",
        "_permission",
        "_user",
        "count",
        "duration",
        "error",
        "queries",
    )

    KIND = "permission"

    def __init__(self, recorder: Recorder, place: Place, key: tuple[Any, ...], user: Any) -> None:
        super().__init__(recorder, None)
        self.place = place
        self._permission, self._by, self._user, self._object, self._answer, self.error = key
        self._is_superuser = self._answer is True and _is_superuser(user)
        self.count = 0
        self.duration = 0
        self.queries = 0

    def name(self) -> str:
        return clean(cut(self._permission, _LONGEST))

    def attributes(self) -> dict[str, Json]:
        facts: dict[str, Json] = {
            "by": self._by,
            "user": self._user,
            "count": self.count,
            "duration_ns": self.duration,
        }
        if self._object is not None:
            kind, key = self._object
            facts["object"] = {"class": cut(_label_of(kind), _LONGEST), "pk": key}
        if self._is_superuser:
            facts["superuser"] = True
        if self.queries:
            facts["queries"] = self.queries
        if self.error is not None:
            facts["error"] = clean(self.error)
        else:
            facts["granted"] = self._answer
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the methods that check, where there are any; put them back afterwards."""
    with _libraries.hooked("django.contrib.auth.models", _hook):
        yield


@contextmanager
def _hook(models: ModuleType) -> Iterator[None]:
    with ExitStack() as stack:
        for one in _classes(models):
            for name in _METHODS:
                method = vars(one).get(name)
                if type(method) is FunctionType:
                    stack.enter_context(replaced(one, name, _wrap(name, method)))
        yield


def _classes(models: ModuleType) -> list[type]:
    from django.contrib.auth import get_user_model

    found = [models.PermissionsMixin, models.AnonymousUser]
    with suppress(ImproperlyConfigured):
        found += get_user_model().__mro__
    return list({id(one): one for one in found}.values())


def _wrap(name: str, method: Any) -> Any:
    @wraps(method)
    def check(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        begun = _begin(recorder, self, args, kwargs)
        if recorder is None or begun is None:
            return method(self, *args, **kwargs)
        before, start = len(recorder.queries), recorder.clock()
        answer = error = None
        try:
            answer = method(self, *args, **kwargs)
        except BaseException as raised:
            error = raised
            raise
        else:
            return answer
        finally:
            _reset(begun)
            with guard(_WHAT, recorder):
                _note(recorder, name, (self, args, kwargs), answer, error, (before, start))

    @wraps(method)
    async def acheck(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        begun = _begin(recorder, self, args, kwargs)
        if recorder is None or begun is None:
            return await method(self, *args, **kwargs)
        before, start = len(recorder.queries), recorder.clock()
        answer = error = None
        try:
            answer = await method(self, *args, **kwargs)
        except BaseException as raised:
            error = raised
            raise
        else:
            return answer
        finally:
            _reset(begun)
            with guard(_WHAT, recorder):
                _note(recorder, name, (self, args, kwargs), answer, error, (before, start))

    return acheck if name.startswith("a") else check


def _begin(
    recorder: Recorder | None, user: Any, args: tuple[Any, ...], given: dict[str, Any]
) -> Token[tuple[int, int] | None] | None:
    """Say that a check is running; None if nothing is to be recorded of it."""
    if recorder is None or recorder.closed:
        return None
    asked = id(user), id(_permission(args, given))
    return None if _running.get() == asked else _running.set(asked)


def _reset(begun: Token[tuple[int, int] | None]) -> None:
    with suppress(ValueError):  # a coroutine that is thrown away is closed anywhere
        _running.reset(begun)


def _permission(args: tuple[Any, ...], given: dict[str, Any]) -> Any:
    return args[0] if args else next((given[name] for name in _NAMES if name in given), None)


def _note(
    recorder: Recorder,
    name: str,
    call: tuple[Any, tuple[Any, ...], dict[str, Any]],
    answer: Any,
    error: BaseException | None,
    begun: tuple[int, int],
) -> None:
    """Add a check, which began at that instant after so many queries, or count it."""
    end = recorder.clock()
    if recorder.closed:
        return
    user, args, given = call
    before, start = begun
    permission = str(to_json(_permission(args, given)))
    # The walk begins at the caller of the hook that has called this.
    place = _again.look_up(innermost(), f"permission {permission}")
    # `has_perms` asks for one after the other.
    by = f"{name}s" if f".{name}s" in sys._getframe(2).f_code.co_qualname else name
    asked = args[1] if len(args) > 1 else given.get("obj")
    key = (
        permission,
        by,
        _key_of(user),
        None if asked is None else (type(asked), _key_of(asked)),
        answer if answer is None or type(answer) is bool else str(to_json(answer)),
        None if error is None else told(error),
    )
    made: Check | None = recorder.repeated.get((Check, id(place), *key))
    if made is None:
        made = Check(recorder, place, key, user)
        made.at = start
        recorder.repeated[Check, id(place), *key] = made
        recorder.add_side_event(made)
    made.count += 1
    made.duration += end - start
    made.queries += len(recorder.queries) - before


def _key_of(one: Any) -> Json:
    """Return the primary key of an instance, without loading it."""
    kind = type(one)
    if not issubclass(kind, Model):
        return None
    key = vars(one).get(kind._meta.pk.attname)
    told_key = to_json(key)
    return told_key if type(told_key) in (int, str) else None


def _is_superuser(user: Any) -> bool:
    facts = vars(user)
    return facts.get("is_superuser") is True and facts.get("is_active", True) is True


def _label_of(kind: Any) -> str:
    if issubclass(kind, Model):
        return str(kind._meta.label)
    return f"{_module_of(kind)}.{_qualname_of(kind)}"
