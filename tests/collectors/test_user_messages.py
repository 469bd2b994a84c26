"""Messages for the user: each with its level, text and caller; the storage is as without us."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from cycle_inspector import record
from cycle_inspector.collectors import user_messages
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage


def told(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "message"]


def added(level: Any, text: Any, extra_tags: Any = "") -> tuple[Event, BaseStorage]:
    """Return the event of one message, and the storage that it was added to."""
    storage = CookieStorage(RequestFactory().get("/"))
    with record() as recording:
        storage.add(level, text, extra_tags)
    (event,) = told(recording.cycle)
    return event, storage


def test_a_message_is_kept_with_its_level_and_its_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        messages.success(request, "Saved.", extra_tags="shelf")
        return HttpResponse("ok")

    (event,) = told(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("success", Stage.VIEW)
    said = {"level": 25, "message": "Saved.", "added": True, "extra_tags": "shelf"}
    assert event.attributes == said
    assert event.frames[0].path == __file__


def test_a_message_of_an_async_view_has_its_caller(serve: Any) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        messages.info(request, "Saved.")
        return HttpResponse("ok")

    (event,) = told(serve(view).get("/").cycle)

    assert event.frames[0].function.endswith("view")


def test_a_message_below_the_level_is_said_not_to_be_added() -> None:
    event, storage = added(messages.DEBUG, "x")

    assert event.attributes["added"] is False
    assert storage._queued_messages == []  # type: ignore[attr-defined]


def test_a_level_without_a_tag_goes_by_its_number() -> None:
    assert added(37, "x")[0].name == "37"


@pytest.mark.parametrize("text", [gettext_lazy("Saved."), lazystr("Saved.")])
def test_a_lazy_text_stays_one(text: Any) -> None:
    event, storage = added(messages.INFO, text)

    assert event.attributes["message"] == "<lazy text>"
    assert storage._queued_messages[0].message is text  # type: ignore[attr-defined]


def test_a_safe_text_is_its_text() -> None:
    assert added(messages.INFO, mark_safe("<b>x</b>"))[0].attributes["message"] == "<b>x</b>"


def test_no_code_of_a_message_is_run() -> None:
    class Odd:
        def __str__(self) -> str:
            raise AssertionError

    event, _ = added(messages.INFO, Odd())

    assert event.attributes["message"].startswith("<tests.collectors.test_user_messages")


def test_a_token_in_a_message_is_hidden() -> None:
    event, storage = added(messages.INFO, "Your token: t0ps3cret", "token=t0ps3cret")

    assert "t0ps3cret" not in str(event)
    assert event.attributes["message"] == f"Your token: {HIDDEN}"
    assert storage._queued_messages[0].message == "Your token: t0ps3cret"  # type: ignore[attr-defined]


def test_what_is_stored_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(CookieStorage, "_get", fail)
    monkeypatch.setattr(CookieStorage, "_store", fail)

    assert added(messages.INFO, "x")[0].attributes["message"] == "x"


def test_a_level_that_is_none_raises_what_it_raised() -> None:
    storage = CookieStorage(RequestFactory().get("/"))
    with record() as recording, pytest.raises(ValueError, match="invalid literal"):
        storage.add("high", "x")  # type: ignore[arg-type]

    assert told(recording.cycle) == []


def test_afterwards_all_is_as_it_was() -> None:
    before = BaseStorage.add
    with user_messages.collect():
        assert BaseStorage.add is not before

    assert BaseStorage.add is before
