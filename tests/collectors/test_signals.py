"""Signals: each one that is sent to somebody, with its receivers, in all four ways to send."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models.signals import post_init, post_save, pre_init
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage

book_sold = Signal()


def listen(**named: Any) -> str:
    return "heard"


def stumble(**named: Any) -> None:
    raise ValueError("out of paper")


async def listen_later(**named: Any) -> str:
    await asyncio.sleep(0)
    return "heard later"


async def stumble_later(**named: Any) -> None:
    raise ValueError("out of ink")


@contextmanager
def connected(*receivers: Any, signal: Signal = book_sold) -> Iterator[None]:
    for one in receivers:
        signal.connect(one)
    yield
    for one in receivers:
        signal.disconnect(one)


def signals(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "signal"]


def test_a_signal_is_kept_with_sender_receivers_and_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        book_sold.send(Group, copies=3)
        return HttpResponse("ok")

    with connected(listen):
        (event,) = signals(serve(view).get("/").cycle)

    assert (event.name, event.stage) == (f"{__name__}.book_sold", Stage.VIEW)
    assert event.frames[0].path == __file__
    assert event.frames[0].function.endswith("view")
    facts = event.attributes
    assert (facts["sender"], facts["sent_by"]) == ("auth.Group", "send")
    assert facts["arguments"] == {"copies": 3}
    (receiver,) = facts["receivers"]
    assert (receiver["path"], receiver["function"]) == (__file__, "listen")
    assert receiver["line"] == listen.__code__.co_firstlineno
    assert 0 <= receiver["duration_ns"] <= facts["duration_ns"]
    assert (receiver["called"], receiver["queries"]) == (True, 0)
    assert "error" not in facts


def test_a_signal_that_nobody_receives_is_not_recorded() -> None:
    with record() as recording:
        assert book_sold.send(None) == []
        assert book_sold.send_robust(None) == []

    assert signals(recording.cycle) == []


@pytest.mark.parametrize("how", ["send", "send_robust"])
def test_what_is_returned_names_the_receivers_themselves(how: str) -> None:
    with connected(listen, listen_later), record() as recording:
        returned = getattr(book_sold, how)(None)

    assert returned == [(listen, "heard"), (listen_later, "heard later")]
    (event,) = signals(recording.cycle)
    assert [one["function"] for one in event.attributes["receivers"]] == ["listen", "listen_later"]


@pytest.mark.parametrize("how", ["asend", "asend_robust"])
def test_async_ways_to_send_are_seen(how: str) -> None:
    async def work() -> Any:
        async with record() as recording:
            returned = await getattr(book_sold, how)(None)
        return returned, recording.cycle

    with connected(listen, listen_later):
        returned, cycle = asyncio.run(work())

    assert sorted(returned, key=str) == sorted(
        [(listen, "heard"), (listen_later, "heard later")], key=str
    )
    (event,) = signals(cycle)
    assert event.attributes["sent_by"] == how
    assert event.frames[0].function.endswith("work")
    sync, later = event.attributes["receivers"]
    assert (sync["called"], later["called"]) == (True, True)
    assert "queries" in sync
    assert "queries" not in later  # others may run at the same time


def test_what_a_receiver_raises_is_raised_and_told() -> None:
    with (
        connected(stumble, listen),
        record() as recording,
        pytest.raises(ValueError, match="out of paper"),
    ):
        book_sold.send(None)

    (event,) = signals(recording.cycle)
    assert event.attributes["error"] == "ValueError: out of paper"
    first, second = event.attributes["receivers"]
    assert first["error"] == "ValueError: out of paper"
    assert (second["called"], second.get("error")) == (False, None)


@pytest.mark.parametrize("how", ["send_robust", "asend_robust"])
def test_what_is_caught_is_returned_and_told(how: str) -> None:
    async def work() -> Any:
        async with record() as recording:
            returned = await getattr(book_sold, how)(None)
        return returned, recording.cycle

    with connected(stumble, stumble_later):
        if how == "asend_robust":
            returned, cycle = asyncio.run(work())
        else:
            with record() as recording:
                returned = book_sold.send_robust(None)
            cycle = recording.cycle

    assert [receiver for receiver, _ in returned] == [stumble, stumble_later]
    assert [str(error) for _, error in returned] == ["out of paper", "out of ink"]
    (event,) = signals(cycle)
    assert [one["error"] for one in event.attributes["receivers"]] == [
        "ValueError: out of paper",
        "ValueError: out of ink",
    ]
    caught = [one for one in cycle.events if one.kind == "caught"]
    # Up to Django 6.0 both kinds run at once.
    assert {one.attributes["in"] for one in caught} == {"stumble", "stumble_later"}


@pytest.mark.django_db
def test_the_queries_of_a_receiver_are_counted() -> None:
    def count(**named: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")

    with connected(count, signal=post_save), record() as recording:
        Group.objects.create(name="sellers")

    (event,) = signals(recording.cycle)
    assert (event.name, event.attributes["sender"]) == ("post_save", "auth.Group")
    assert event.attributes["receivers"][0]["queries"] == 2
    assert event.attributes["arguments"]["created"] is True
    assert event.attributes["arguments"]["instance"] == "<django.contrib.auth.models.Group>"


def test_receivers_of_django_are_only_counted() -> None:
    def of_django(**named: Any) -> None: ...

    of_django.__module__ = "django.contrib.auth.signals"
    with connected(of_django), record() as recording:
        book_sold.send(None)
    assert signals(recording.cycle) == []

    with connected(of_django, listen), record() as recording:
        assert book_sold.send(None) == [(of_django, None), (listen, "heard")]
    (event,) = signals(recording.cycle)
    assert event.attributes["of_django"] == 1
    assert len(event.attributes["receivers"]) == 1


@pytest.mark.parametrize("signal", [pre_init, post_init])
def test_the_signals_of_each_instance_are_left_alone(signal: Signal) -> None:
    with connected(listen, signal=signal), record() as recording:
        Group(name="sellers")

    assert signals(recording.cycle) == []


def test_a_send_that_nobody_receives_asks_for_no_recorder() -> None:
    called: list[str] = []

    def watch(frame: Any, event: str, given: Any) -> None:
        if event in ("call", "c_call"):
            called.append(frame.f_code.co_name if event == "call" else given.__name__)

    with record():
        sys.setprofile(watch)
        try:
            book_sold.send(None)
        finally:
            sys.setprofile(None)

    assert called == ["send", "setprofile"]


def test_a_receiver_may_be_a_method_or_an_instance() -> None:
    class Till:
        def ring(self, **named: Any) -> None: ...

        def __call__(self, **named: Any) -> None: ...

    till = Till()
    with connected(till, till.ring), record() as recording:
        assert [one for one, _ in book_sold.send(None)] == [till, till.ring]

    (event,) = signals(recording.cycle)
    names = [one["function"].rpartition(".")[2] for one in event.attributes["receivers"]]
    assert names == ["__call__", "ring"]


def test_secrets_among_the_arguments_are_hidden() -> None:
    with connected(listen), record() as recording:
        book_sold.send(None, password="hunter2")

    (event,) = signals(recording.cycle)
    assert event.attributes["arguments"] == {"password": HIDDEN}


def test_a_signal_without_a_name_goes_by_its_type() -> None:
    nameless = [Signal()]
    with connected(listen, signal=nameless[0]), record() as recording:
        nameless[0].send("shop")

    (event,) = signals(recording.cycle)
    assert (event.name, event.attributes["sender"]) == (
        "django.dispatch.dispatcher.Signal",
        "shop",
    )


def test_a_signal_of_another_thread_is_heard(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": True}

    def work() -> None:
        book_sold.send(None)

    with connected(listen), record() as recording:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert len(signals(recording.cycle)) == 1


def test_outside_of_a_cycle_signals_are_sent_as_ever() -> None:
    with connected(listen, listen_later):
        assert book_sold.send(None) == [(listen, "heard"), (listen_later, "heard later")]
