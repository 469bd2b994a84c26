"""Decorators: found behind one another, called by their names, and no more seen than there is."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET
from django.views.generic import View

from cycle_inspector.collectors._decorators import class_of, own, peel
from tests.shelf.views import decorate


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


def is_ada(user: Any) -> bool:
    return True


def unwrapped(view: Any) -> Any:
    def inner(request: HttpRequest, *args: Any) -> Any:
        return view(request, *args)

    return inner


def unwrapped_with_words(*words: str) -> Any:
    def decorator(func: Any) -> Any:
        def inner(*args: Any, **kwargs: Any) -> Any:
            return func(*args, **kwargs)

        return inner

    return decorator


class Counted:
    """A decorator that is a class."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def __call__(self, request: HttpRequest) -> Any:
        return self.view(request)


class Updated(Counted):
    def __init__(self, view: Any) -> None:
        functools.update_wrapper(self, view)


def names(callback: Any) -> list[Any]:
    return [one["name"] for one in peel(callback).decorators]


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        (never_cache, "django.views.decorators.cache.never_cache"),
        (csrf_exempt, "django.views.decorators.csrf.csrf_exempt"),
        (login_required, "django.contrib.auth.decorators.login_required"),
        (permission_required("a.b"), "django.contrib.auth.decorators.permission_required"),
        (user_passes_test(is_ada), "django.contrib.auth.decorators.user_passes_test"),
        (require_GET, "django.views.decorators.http.require_http_methods"),
        (csrf_protect, "django.middleware.csrf.CsrfViewMiddleware"),
        (cache_page(60), "django.middleware.cache.CacheMiddleware"),
        (transaction.atomic, "django.db.transaction.Atomic"),
        (sensitive_variables(), "django.views.decorators.debug.sensitive_variables"),
        (decorate, "tests.shelf.views.decorate"),
        (functools.lru_cache, "functools._lru_cache_wrapper"),
        (sync_to_async, "asgiref.sync.SyncToAsync"),
        (Updated, f"{__name__}.Updated"),
        (Counted, f"{__name__}.Counted"),
        (unwrapped, f"{__name__}.unwrapped"),
        (unwrapped_with_words("a"), f"{__name__}.unwrapped_with_words"),
    ],
)
def test_a_decorator_is_named_and_the_view_is_found_behind_it(decorator: Any, name: str) -> None:
    peeled = peel(decorator(page))

    assert peeled.core is page
    assert [one["name"] for one in peeled.decorators] == [name]


def test_several_are_told_from_the_outside() -> None:
    callback = never_cache(login_required(decorate(unwrapped(page))))

    assert [one.rpartition(".")[2] for one in names(callback)] == [
        "never_cache",
        "login_required",
        "decorate",
        "unwrapped",
    ]


def test_the_place_is_that_of_the_decorator() -> None:
    (found,) = peel(unwrapped(page)).decorators

    assert (found["path"], found["line"]) == (__file__, unwrapped.__code__.co_firstlineno)


def test_one_without_functools_wraps_is_said_to_be() -> None:
    assert peel(unwrapped(page)).decorators[0]["is_wrapped"] is False
    assert "is_wrapped" not in peel(decorate(page)).decorators[0]


def test_behind_a_class_based_view_nothing_is_looked_for() -> None:
    class Page(View):
        dispatch = never_cache(View.dispatch)

    callback = csrf_exempt(Page.as_view())

    assert class_of(peel(callback).core) is Page
    assert names(callback) == ["django.views.decorators.csrf.csrf_exempt"]


def test_async_code_behind_an_adapter_is_found() -> None:
    async def apage(request: HttpRequest) -> HttpResponse:
        return HttpResponse("page")

    assert peel(async_to_sync(apage)).core is apage


def test_what_a_partial_gives_is_told() -> None:
    peeled = peel(functools.partial(functools.partial(page, "first"), word="a"))

    assert peeled.core is page
    assert peeled.bound == ["argument 1", "word"] or peeled.bound == ["word", "argument 1"]


def factory(check: Any, view: str) -> Any:
    def made(request: HttpRequest) -> Any:
        return check(request, view)

    return made


def two_views(view: Any, func: Any) -> Any:
    def made(request: HttpRequest) -> Any:
        return view(request) or func(request)

    return made


def counts(view: Any) -> Any:
    def made(number: int) -> Any:
        return view(number)

    return made


@pytest.mark.parametrize(
    "callback", [factory(page, "a"), two_views(page, page), counts(page), page, len, HttpResponse]
)
def test_what_only_looks_like_a_decorator_is_the_view_itself(callback: Any) -> None:
    peeled = peel(callback)

    assert peeled.core is callback
    assert peeled.decorators == []


def test_a_cell_that_is_empty_as_yet_is_no_view() -> None:
    def made(request: HttpRequest) -> Any:
        return view(request)

    callback = peel(made).core
    if callback is None:
        view = page

    assert callback is made


def test_a_circle_ends() -> None:
    def one(request: HttpRequest) -> None: ...

    one.__wrapped__ = one  # type: ignore[attr-defined]

    assert peel(one).core is one


def test_a_lazy_object_is_not_woken() -> None:
    def wake() -> Any:
        raise AssertionError

    class Holds:
        def __init__(self) -> None:
            self.view = SimpleLazyObject(wake)
            self.cls = SimpleLazyObject(wake)

        def __call__(self, request: HttpRequest) -> None: ...

    callback = Holds()

    assert peel(callback).core is callback
    assert own(object()) == {}
