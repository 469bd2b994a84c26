"""What the factories say while a chain is built, and that they are left as they are."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.handlers import base
from django.utils.module_loading import import_string

from cycle_inspector.collectors._factories import Witness
from cycle_inspector.records import Stage
from tests.shelf import onion, views

ONION = "tests.shelf.onion."


def not_used(serve: Any, *names: str) -> list[dict[str, Any]]:
    chain = [ONION + one for one in names]
    facts = serve(views.hello, middleware=chain).get("/").cycle.stage(Stage.MIDDLEWARE).facts
    return list(facts["not_used"])


def test_why_a_middleware_is_not_used_is_told_with_its_place(serve: Any) -> None:
    (one,) = not_used(serve, "plain", "NotUsed", "both")

    assert one["name"] == ONION + "NotUsed"
    assert one["reason"] == "not today"
    assert (one["path"], one["function"]) == (onion.__file__, "NotUsed.__init__")
    assert one["line"] > 0


def test_where_no_reason_was_given_the_place_is_told(serve: Any) -> None:
    (one,) = not_used(serve, "NotUsedWithoutAWord")

    assert "reason" not in one
    assert one["function"] == "NotUsedWithoutAWord.__init__"


def test_several_are_told_in_the_order_of_the_setting(serve: Any) -> None:
    found = not_used(serve, "NotUsed", "plain", "NotUsedWithoutAWord")

    assert [one["name"] for one in found] == [ONION + "NotUsed", ONION + "NotUsedWithoutAWord"]


def test_a_secret_in_a_reason_is_hidden() -> None:
    def factory(get_response: Any) -> Any:
        raise MiddlewareNotUsed("no answer from redis://ada:hunter2@cache/0")

    witness = Witness()
    with pytest.raises(MiddlewareNotUsed):
        witness._heard("a.b", factory)(None)

    assert "hunter2" not in witness.reason("a.b")["reason"]
    assert witness.reason("a.c") == {}


@pytest.mark.parametrize(
    ("name", "knows"),
    [
        ("plain", "sync"),
        ("sync_only", "sync"),
        ("async_only", "async"),
        ("both", "both"),
        ("partial", "sync"),
        ("Slotted", "sync"),
        ("AsyncClass", "async"),
        ("Mixed", "both"),
    ],
)
def test_the_modes_of_a_factory_are_known(name: str, knows: str) -> None:
    witness = Witness()
    factory = import_string(ONION + name)

    made = witness._heard(ONION + name, factory)

    assert witness.knows(ONION + name) == knows
    assert made.sync_capable is getattr(factory, "sync_capable", True)
    assert made.async_capable is getattr(factory, "async_capable", False)
    assert made(lambda request: None) is not None


def test_a_name_that_was_not_imported_is_not_known() -> None:
    witness = Witness()

    assert witness.knows("a.b") == ""
    assert witness.knows("cycle_inspector.middleware.LastMiddleware") == "both"


def test_after_the_build_nothing_stands_in_the_handlers_module(serve: Any) -> None:
    serve(views.hello, middleware=[ONION + "plain", ONION + "NotUsed"])

    assert base.import_string is import_string  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("CannotBeMade", LookupError),
        ("makes_nothing", ImproperlyConfigured),
        ("no_such_name", ImportError),
    ],
)
def test_a_build_that_fails_fails_as_without_the_tool_and_leaves_nothing(
    serve: Any, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        serve(views.hello, middleware=[ONION + name, ONION + "plain"])

    assert base.import_string is import_string  # type: ignore[attr-defined]


def test_a_build_in_another_thread_gets_its_factories_untouched() -> None:
    witness = Witness()
    found: list[Any] = []
    witness.begin()
    try:
        thread = threading.Thread(
            target=lambda: found.append(base.import_string(ONION + "plain"))  # type: ignore[attr-defined]
        )
        thread.start()
        thread.join()
    finally:
        witness.end()

    assert found == [onion.plain]
    assert witness.knows(ONION + "plain") == ""
