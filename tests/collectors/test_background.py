"""Background tasks: those handed to django.tasks and to Celery, and how they ended if run here."""

from __future__ import annotations

import asyncio
from typing import Any

import celery
import django
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from cycle_inspector import record
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage
from tests import background_tasks

needs_tasks = pytest.mark.skipif(django.VERSION < (6, 0), reason="django.tasks came with 6.0")
LATER = override_settings(TASKS={"default": {"BACKEND": "tests.background_tasks.Later"}})
NOW = override_settings(
    TASKS={"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
)

shop = celery.Celery("shop", broker="memory://", set_as_current=False)
restock = shop.task(name="shop.restock")(background_tasks.restock)
burn = shop.task(name="shop.burn")(background_tasks.burn)


def tasks(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "task"]


@needs_tasks
def test_a_task_is_kept_with_its_arguments_and_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        background_tasks.restock_later.enqueue("Ulysses", password="hunter2")
        return HttpResponse("ok")

    with LATER:
        (event,) = tasks(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("tests.background_tasks.restock_later", Stage.VIEW)
    assert event.frames[0].path == __file__
    facts = event.attributes
    assert (facts["by"], facts["queue"], facts["backend"]) == ("django.tasks", "default", "default")
    assert (facts["state"], facts["here"]) == ("enqueued", False)
    assert facts["arguments"] == [["title", "str", "Ulysses"], ["password", "str", HIDDEN]]
    assert facts["priority"] == 5
    assert facts["id"]
    assert "duration_ns" not in facts


@needs_tasks
def test_a_task_that_is_run_at_once_has_its_time_and_result() -> None:
    with NOW, record() as recording:
        background_tasks.burn_later.enqueue("Ulysses")

    (event,) = tasks(recording.cycle)
    assert (event.attributes["state"], event.attributes["here"]) == ("failed", True)
    assert event.attributes["error"] == "ValueError: nothing burns"
    assert event.attributes["duration_ns"] > 0


@needs_tasks
def test_a_task_of_async_code_is_seen() -> None:
    async def work() -> Cycle:
        async with record() as recording:
            await background_tasks.burn_later.aenqueue("Ulysses")
        return recording.cycle

    with LATER:
        (event,) = tasks(asyncio.run(work()))

    assert event.name == "tests.background_tasks.burn_later"
    assert event.frames[0].function.endswith("work")


def test_a_task_that_is_handed_to_celery_is_kept() -> None:
    with record() as recording:
        restock.apply_async(("Ulysses",), {"password": "hunter2"}, queue="slow", priority=3)

    (event,) = tasks(recording.cycle)
    assert event.name == "shop.restock"
    facts = event.attributes
    assert (facts["by"], facts["queue"], facts["priority"]) == ("celery", "slow", 3)
    assert (facts["state"], facts["here"]) == ("enqueued", False)
    assert facts["arguments"] == [["*", "str", "Ulysses"], ["password", "str", HIDDEN]]
    assert any(one.path == __file__ for one in event.frames)


def test_a_task_that_celery_runs_at_once_has_its_time_and_result() -> None:
    with record() as recording:
        restock.apply(("Ulysses",))
        burn.apply(("Ulysses",))

    good, bad = tasks(recording.cycle)
    assert (good.attributes["state"], good.attributes["here"]) == ("success", True)
    assert good.attributes["arguments"] == [["title", "str", "Ulysses"]]
    assert "error" not in good.attributes
    assert (bad.attributes["state"], bad.attributes["error"]) == (
        "failure",
        "ValueError: nothing burns",
    )


def test_a_task_that_cannot_be_handed_over_is_told() -> None:
    def refuse(**_: Any) -> None:
        raise OSError("no broker")

    lost = celery.Celery("lost", broker="memory://", set_as_current=False)
    task = lost.task(name="lost.restock")(background_tasks.restock)
    with pytest.MonkeyPatch.context() as patch, record() as recording:
        patch.setattr("kombu.Producer.publish", lambda *args, **kwargs: refuse())
        with pytest.raises(OSError, match="no broker"):
            task.apply_async(("Ulysses",), retry=False)

    (event,) = tasks(recording.cycle)
    assert event.attributes["state"] == "not sent"


def test_outside_of_a_cycle_tasks_are_handed_over_as_ever() -> None:
    assert restock.apply(("Ulysses",)).get() == "Ulysses"
