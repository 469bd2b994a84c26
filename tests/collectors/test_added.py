"""The project's own collectors: when they are entered and left, and what their faults cost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import override_settings

from cycle_inspector import collectors, event, record, span
from cycle_inspector.collectors import Hooks
from cycle_inspector.collectors._guard import guard
from tests.site import Site

seen: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()
    guard._told.clear()


@pytest.fixture
def own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """Give hooks that no other test's handler holds, with two collectors in the settings."""
    settings.CYCLE_INSPECTOR = at("first", "second")
    monkeypatch.setattr(collectors, "COLLECT", ())
    seen.clear()
    made = Hooks()
    yield made
    made._take_away()


def at(*names: str) -> dict[str, Any]:
    return {"COLLECTORS": [f"{__name__}.{name}" for name in names]}


@contextmanager
def first() -> Iterator[None]:
    seen.append("first in")
    yield
    seen.append("first out")


@contextmanager
def second() -> Iterator[None]:
    seen.append("second in")
    yield
    seen.append("second out")


@contextmanager
def broken() -> Iterator[None]:
    seen.append("broken")
    raise ValueError("cannot hook")
    yield


@contextmanager
def stuck() -> Iterator[None]:
    yield
    raise ValueError("cannot unhook")


@contextmanager
def recording() -> Iterator[None]:
    with record():
        seen.append("recorded")
    yield


class Till:
    def charge(self, amount: int) -> str:
        if amount < 0:
            raise ValueError("no refunds")
        return f"R-{amount}"


@contextmanager
def till() -> Iterator[None]:
    original = Till.charge

    @wraps(original)
    def charge(self: Till, amount: int) -> str:
        with span("charge", amount=amount):
            event("asked")
            return original(self, amount)

    Till.charge = charge
    yield
    Till.charge = original


NO_FUNCTION = 7


def test_they_are_entered_in_order_and_left_in_reverse(own: Hooks) -> None:
    own.hold()
    assert seen == ["first in", "second in"]

    own.release()
    assert seen[2:] == ["second out", "first out"]


def test_they_are_entered_once_for_all_who_hold_the_hooks(own: Hooks) -> None:
    for _ in range(2):
        own.hold()
    own.release()
    assert seen == ["first in", "second in"]


def test_requests_have_what_they_mark(serve: Any, switched_on: Any) -> None:
    switched_on(**at("till"))

    def view(request: Any) -> Any:
        return HttpResponse(Till().charge(3))

    answer = serve(view).get("/")

    assert answer.text == "R-3"
    assert [one.name for one in answer.cycle.events] == ["asked"]
    # Whoever called the hook, not the hook.
    assert answer.cycle.events[0].frames[0].function.endswith("view")
    (mark,) = [one for one in answer.cycle.spans if one.name == "charge"]
    assert mark.attributes["given"] == {"amount": 3}
    assert mark.attributes["caller"]["function"].endswith("view")


def test_overridden_settings_take_effect_at_once_and_end(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = at("first")

    with record():
        with override_settings(CYCLE_INSPECTOR=at("second")):
            assert seen == ["first in", "first out", "second in"]
        assert seen[3:] == ["second out", "first in"]


def test_a_collector_that_stays_in_the_settings_stays_in_place(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = at("first")

    with record(), override_settings(CYCLE_INSPECTOR=at("first", "second"), DEBUG=True):
        assert seen == ["first in", "second in"]


def test_without_hooks_in_place_nothing_is_entered(own: Hooks) -> None:
    own.renew()

    assert seen == []


@pytest.mark.parametrize("name", ["broken", "nowhere", "NO_FUNCTION"])
def test_one_that_fails_is_logged_once_and_costs_no_other(
    site: Site, switched_on: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    bare = site.bare().get("/hello/")
    with caplog.at_level(logging.ERROR, "cycle_inspector"):
        switched_on(**at(name, "first"))
        made = Site(site.server)
        answers = [made.get("/hello/") for _ in range(2)]

    assert "first in" in seen
    assert [one.status for one in answers] == [200, 200]
    assert bare.text.removesuffix("</body></html>") in answers[0].text
    (line,) = [one.getMessage() for one in caplog.records if one.name == "cycle_inspector"]
    assert line.startswith(f"Cycle Inspector failed to enter the collector {__name__}.{name};")


def test_one_that_cannot_be_left_does_not_keep_the_others(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CYCLE_INSPECTOR = at("first", "stuck")
    with caplog.at_level(logging.ERROR, "cycle_inspector"), record():
        settings.CYCLE_INSPECTOR = {}

    assert seen == ["first in", "first out"]
    assert "leave the collector" in caplog.text


def test_one_may_record_a_block_while_it_is_entered(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = at("recording", "first")

    with record():
        assert seen == ["recorded", "first in"]


def test_what_the_hooked_code_raises_is_raised_on(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = at("till")
    with record() as made, pytest.raises(ValueError, match="no refunds"):
        Till().charge(-1)

    (mark,) = made.cycle.spans
    assert mark.attributes["raised"] == "ValueError: no refunds"
    assert Till.charge.__qualname__ == "Till.charge"
