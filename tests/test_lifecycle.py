"""`record()` around any block of code, and what is left of a cycle on its request."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as live
from django.test import RequestFactory

from cycle_inspector import analysis, lifecycle, record
from cycle_inspector.collectors import COLLECT, database, hooks
from cycle_inspector.history import reader, writer
from cycle_inspector.recorder import Recorder, current, enter, leave
from cycle_inspector.records import Stage
from tests.shelf.models import Author, Book


@pytest.mark.django_db
def test_a_block_becomes_a_cycle_with_its_findings_judged() -> None:
    with record() as recording:
        for _ in range(3):
            Book.objects.filter(title="a").exists()

    cycle = recording.cycle
    assert (cycle.kind, cycle.request, cycle.response) == ("block", {}, {})
    assert [summary.stage for summary in cycle.stages] == list(Stage)
    assert len(cycle.statements) == 3
    assert cycle.findings
    assert cycle.dropped == {}


@pytest.mark.django_db
def test_it_works_with_the_tool_switched_off() -> None:
    assert live.DEBUG is False
    assert not lifecycle.is_enabled()

    with record() as recording:
        Book.objects.count()

    assert len(recording.cycle.queries) == 1


@pytest.mark.django_db(transaction=True)
def test_async_code_is_recorded_in_an_async_block() -> None:
    async def work() -> Any:
        async with record() as recording:
            await Book.objects.acount()
            await asyncio.gather(Author.objects.acount(), Book.objects.aexists())
        return recording.cycle

    assert len(asyncio.run(work()).statements) == 3


@pytest.mark.django_db(transaction=True)
def test_blocks_that_run_at_once_do_not_mix() -> None:
    async def block(count: int) -> int:
        async with record() as recording:
            for _ in range(count):
                await Book.objects.acount()
        return len(recording.cycle.statements)

    async def work() -> list[int]:
        return await asyncio.gather(*(block(count) for count in range(6)))

    assert asyncio.run(work()) == list(range(6))


@pytest.mark.django_db
def test_a_block_inside_a_block_is_its_child_and_has_its_own() -> None:
    with record() as outer:
        Book.objects.count()
        with record() as inner:
            Author.objects.count()
        Book.objects.count()

    assert inner.cycle.parent == outer.cycle.id
    assert outer.cycle.parent is None
    assert (len(inner.cycle.queries), len(outer.cycle.queries)) == (1, 2)


def test_what_a_block_raises_is_raised_on_and_kept() -> None:
    def fail() -> None:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(ZeroDivisionError, match="by nothing"), record() as recording:
        fail()

    (event,) = recording.cycle.events
    assert (event.name, event.attributes["message"]) == ("ZeroDivisionError", "by nothing")
    assert event.frames[0].function.endswith("fail")
    assert current() is None


def test_the_cycle_is_there_only_once_the_block_is_over() -> None:
    with record() as recording, pytest.raises(RuntimeError, match="when the block"):
        _ = recording.cycle

    assert recording.cycle.kind == "block"
    with recording, pytest.raises(RuntimeError, match="when the block"):
        _ = recording.cycle


def test_a_block_that_is_running_is_not_entered_twice() -> None:
    with record() as recording, pytest.raises(RuntimeError, match="running already"):
        recording.__enter__()
    with pytest.raises(RuntimeError, match="not entered"):
        record().__exit__(None, None, None)


def test_a_judge_that_fails_does_not_hide_what_the_block_raised(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise TypeError

    monkeypatch.setattr(analysis, "judge", fail)

    def stop() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), record() as recording:
        stop()
    assert recording.cycle.findings == ()
    assert "could not be analysed" in caplog.text


def test_a_block_is_kept_in_the_history_only_if_asked(switched_on: Any) -> None:
    with record():
        pass
    with record(keep=True) as recording:
        pass

    assert writer.flush(10)
    assert [row.id for row in reader.recent(9)] == [recording.cycle.id]


HOOKED = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "cycle_inspector"],
    DEBUG={debug}, ROOT_URLCONF="tests.shelf.urls",
    MIDDLEWARE=["cycle_inspector.middleware.FirstMiddleware",
                "cycle_inspector.middleware.LastMiddleware"],
    CYCLE_INSPECTOR={{"HISTORY_PATH": "/nonexistent/history.sqlite3"}},
)
django.setup()
import asgiref.sync
from django.core import signals
from django.core.handlers import exception
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db.backends.base import base
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.models import Model, deletion, query, signals as model_signals
from django.db.models.fields import related_descriptors
from django.dispatch import Signal
from django.template import base as template, loader_tags

OWNERS = [
    CursorWrapper, CursorDebugWrapper, BaseDatabaseWrapper, base, exception, deletion.Collector,
    query.ModelIterable, query.QuerySet, Model, template.Template, template.Node,
    loader_tags.ExtendsNode, asgiref.sync.SyncToAsync, BaseHandler, Signal,
    related_descriptors.ForwardManyToOneDescriptor,
] + [getattr(template, "PartialTemplate", template.Template)]
SIGNALS = [signals.request_started, signals.request_finished, signals.got_request_exception,
           model_signals.post_save, model_signals.post_delete, model_signals.post_init]

def state():
    return (
        {{(owner, name): id(value) for owner in OWNERS for name, value in vars(owner).items()
          if not name.startswith("__") or name in ("__call__", "__iter__")}},
        [len(signal.receivers) for signal in SIGNALS],
    )

before = state()
"""

OFF = """
for handler in (WSGIHandler(), ASGIHandler()):
    assert not {"resolve_request", "make_view_atomic"} & vars(handler).keys()
after = state()
assert after == before, {key for key in before[0] if after[0].get(key) != before[0][key]}
"""

ON = """
WSGIHandler()
assert state() != before
"""

BLOCK = """
from cycle_inspector import record
with record():
    assert state() != before
    with record():
        pass
    assert state() != before
assert state() == before
"""


def run(code: str, *, debug: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", HOOKED.format(debug=debug) + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=live.BASE_DIR.parent,
    )
    assert done.returncode == 0, done.stderr


def test_with_debug_off_nothing_is_patched() -> None:
    run(OFF, debug=False)


def test_with_debug_on_the_hooks_are_in_place() -> None:
    run(ON, debug=True)


def test_a_block_takes_its_hooks_away_again() -> None:
    run(BLOCK, debug=False)


def test_hooks_that_somebody_else_holds_stay() -> None:
    hooks.hold()
    try:
        before = database.CursorWrapper.execute
        with record():
            pass
        assert database.CursorWrapper.execute is before
        assert hasattr(before, "__wrapped__")
    finally:
        hooks.release()


def test_a_collector_that_cannot_hook_does_not_cost_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from cycle_inspector import collectors

    def broken() -> Any:
        raise ImportError("not in this Django")

    seen: list[str] = []

    class Working:
        __module__ = "somewhere"

        def __enter__(self) -> None:
            seen.append("in")

        def __exit__(self, *_: Any) -> None:
            seen.append("out")

    broken.__module__ = "broken"
    monkeypatch.setattr(collectors, "COLLECT", (broken, Working))
    with caplog.at_level(logging.ERROR, "cycle_inspector"):
        made = collectors.Hooks()
        made.hold()
        made.release()

    assert seen == ["in", "out"]
    assert "hook in broken" in caplog.text
    assert len(COLLECT) > 2


def test_a_request_that_is_copied_or_pickled_leaves_its_cycle_behind() -> None:
    request = RequestFactory().get("/")
    recorder = Recorder()
    tokens = enter(recorder)
    cycle = lifecycle.OpenCycle(recorder, tokens)
    leave(tokens)
    request.__dict__["_cycle_inspector"] = cycle

    assert lifecycle.cycle_of(request) is cycle
    assert lifecycle.cycle_of(copy.deepcopy(request)) is None
    assert pickle.loads(pickle.dumps(cycle)) is None  # noqa: S301
    recorder.stop()
    assert lifecycle.cycle_of(request) is None
