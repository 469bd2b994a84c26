"""What a receiver is called and where it is defined, without asking it."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

from django.contrib.auth.models import update_last_login

from cycle_inspector.collectors._receivers import described, function_of, is_folded


def plain(**named: Any) -> None: ...


@wraps(plain)
def decorated(**named: Any) -> None: ...


class Hostile:
    """Fails a test that asks it for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)

    def __call__(self, **named: Any) -> None: ...


class Till:
    def ring(self, **named: Any) -> None: ...


def test_the_function_is_found_below_partials_decorators_and_methods() -> None:
    assert function_of(partial(partial(plain), copies=1)) is plain
    assert function_of(decorated) is plain
    assert function_of(Till().ring) is Till.ring


def test_an_instance_is_not_asked() -> None:
    assert function_of(Hostile()) is vars(Hostile)["__call__"]


def test_what_is_no_function_goes_by_its_type() -> None:
    assert function_of(print) is None
    assert described(print)["function"] == "builtins.builtin_function_or_method"


def test_a_place_is_where_the_function_is_defined() -> None:
    place = described(plain)

    assert (place["path"], place["function"]) == (__file__, "plain")
    assert place["line"] == plain.__code__.co_firstlineno


def test_receivers_of_django_are_told_from_those_of_the_project() -> None:
    assert is_folded(update_last_login)
    assert not is_folded(plain)
