"""Background tasks, a side event: what is handed over to be done later.

Of `django.tasks` by its signals, from Django 6.0 on; of Celery by its own, where a project has
imported it. A backend that runs tasks at once, inside the request, says when one is done: then the
event has its time and what it raised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import FrameType, ModuleType
from typing import Any

import django

from cycle_inspector.collectors import _libraries, _redaction
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._receivers import function_of
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import HIDDEN, Json

_MOST_ARGUMENTS = 20
_MOST_VALUES = 20  # of one of them
_LONGEST_VALUE = 200
_UID = "cycle_inspector.collectors.background"


class Handed(SideEvent):
    """A task that was handed over; neither the task nor its result is kept."""

    __slots__ = ("_facts", "_name", "begun", "duration", "error", "state")

    KIND = "task"

    def __init__(
        self, recorder: Recorder, name: Any, frame: FrameType, facts: dict[str, Json]
    ) -> None:
        super().__init__(recorder, frame)
        self._name = cut(str(to_json(name)))
        self._facts = facts
        self.state = ""
        self.begun: int | None = None
        self.duration: int | None = None
        self.error: str | None = None

    def finish(self, recorder: Recorder, state: Any, error: Any) -> None:
        """Say that it has run, inside the cycle."""
        self.state = str(to_json(state)).lower()
        self.duration = recorder.clock() - (self.at if self.begun is None else self.begun)
        if issubclass(type(error), BaseException):
            self.error = clean(told(error))

    def name(self) -> str:
        return self._name

    def attributes(self) -> dict[str, Json]:
        facts = {name: value for name, value in self._facts.items() if value not in ([], None, "")}
        facts["state"] = self.state
        facts["here"] = self.begun is not None
        if self.duration is not None:
            facts["duration_ns"] = self.duration
        if self.error is not None:
            facts["error"] = self.error
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Listen to the signals of those who take tasks; stop listening afterwards."""
    with ExitStack() as stack:
        if django.VERSION >= (6, 0):
            from django.tasks import signals

            stack.enter_context(
                _connected(
                    (signals.task_enqueued, _enqueued),
                    (signals.task_started, _started),
                    (signals.task_finished, _finished),
                )
            )
        stack.enter_context(_libraries.hooked("celery.signals", _celery))
        yield


@contextmanager
def _connected(*pairs: tuple[Any, Callable[..., None]]) -> Iterator[None]:
    with ExitStack() as stack:
        for signal, receive in pairs:
            uid = f"{_UID}.{receive.__name__}"
            signal.connect(receive, weak=False, dispatch_uid=uid)
            stack.callback(signal.disconnect, dispatch_uid=uid)
        yield


def _celery(signals: ModuleType) -> AbstractContextManager[object]:
    return _connected(
        (signals.before_task_publish, _before_publish),
        (signals.after_task_publish, _after_publish),
        (signals.task_prerun, _before_run),
        (signals.task_postrun, _after_run),
    )


def _recording() -> Recorder | None:
    recorder = current()
    return None if recorder is None or recorder.closed else recorder


def _hand_over(recorder: Recorder, identity: Any, event: Handed) -> None:
    recorder.repeated[Handed, str(identity)] = event
    recorder.add_side_event(event)


def _known(recorder: Recorder, identity: Any) -> Handed | None:
    found: Handed | None = recorder.repeated.get((Handed, str(identity)))
    return found


def _enqueued(*, task_result: Any, **_: Any) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        task = task_result.task
        facts: dict[str, Json] = {
            "by": "django.tasks",
            "id": to_json(task_result.id),
            "queue": to_json(task.queue_name),
            "priority": to_json(task.priority),
            "backend": to_json(task_result.backend),
            "run_after": to_json(task.run_after),
            "arguments": _arguments(
                task.func, task_result.args, task_result.kwargs, 1 if task.takes_context else 0
            ),
        }
        event = Handed(recorder, task.module_path, sys._getframe(1), facts)
        event.state = "enqueued"
        _hand_over(recorder, task_result.id, event)


def _started(*, task_result: Any, **_: Any) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        event = _known(recorder, task_result.id)
        if event is not None:
            event.begun = recorder.clock()


def _finished(*, task_result: Any, **_: Any) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        event = _known(recorder, task_result.id)
        if event is not None:
            # Django sends this while it handles what the task has raised.
            error = sys.exc_info()[1] if task_result.errors else None
            event.finish(recorder, task_result.status.value, error)


def _before_publish(
    *,
    sender: Any = None,
    body: Any = None,
    headers: Any = None,
    routing_key: Any = None,
    properties: Any = None,
    declare: Any = None,
    **_: Any,
) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        told = headers if type(headers) is dict else {}
        args, kwargs = body[:2] if type(body) is tuple and len(body) > 1 else ((), {})
        queues = [getattr(one, "name", None) for one in declare or ()]
        facts: dict[str, Json] = {
            "by": "celery",
            "id": to_json(told.get("id")),
            "queue": to_json(queues[0] if queues else routing_key),
            "priority": to_json((properties or {}).get("priority")),
            "run_after": to_json(told.get("eta")),
            "arguments": _arguments(None, args, kwargs),
        }
        event = Handed(recorder, sender, sys._getframe(1), facts)
        event.state = "not sent"  # until it is
        _hand_over(recorder, told.get("id"), event)


def _after_publish(*, headers: Any = None, **_: Any) -> None:
    recorder = _recording()
    if recorder is None or type(headers) is not dict:
        return
    with guard("record a task", recorder):
        event = _known(recorder, headers.get("id"))
        if event is not None:
            event.state = "enqueued"
            event.duration = recorder.clock() - event.at


def _before_run(
    *, task_id: Any = None, task: Any = None, args: Any = (), kwargs: Any = None, **_: Any
) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        facts: dict[str, Json] = {
            "by": "celery",
            "id": to_json(task_id),
            "arguments": _arguments(type(task).run, args, kwargs),
        }
        event = Handed(recorder, task.name, sys._getframe(1), facts)
        event.begun = event.at
        _hand_over(recorder, task_id, event)


def _after_run(*, task_id: Any = None, retval: Any = None, state: Any = None, **_: Any) -> None:
    recorder = _recording()
    if recorder is None:
        return
    with guard("record a task", recorder):
        event = _known(recorder, task_id)
        if event is not None:
            event.finish(recorder, state, retval)


def _arguments(task: Any, args: Any, kwargs: Any, left_out: int = 0) -> list[Json]:
    """Return each argument as its name, its type and its value, short; those without one by `*`."""
    function = function_of(task)
    names: tuple[str, ...] = ()
    if function is not None:
        code = function.__code__
        names = code.co_varnames[left_out : code.co_argcount]
        if names[:1] == ("self",):
            names = names[1:]
    given = [
        (names[at] if at < len(names) else "*", value)
        for at, value in enumerate(args if type(args) in (list, tuple) else ())
    ]
    if type(kwargs) is dict:
        given += [(str(to_json(name)), value) for name, value in kwargs.items()]
    return [
        [name, type(value).__qualname__, _short(name, value)]
        for name, value in given[:_MOST_ARGUMENTS]
    ]


def _short(name: str, value: Any) -> str:
    if _redaction.is_secret(name):
        return HIDDEN
    told = _redaction.redact(name, to_json(value, _MOST_VALUES))
    return cut(clean(str(told)), _LONGEST_VALUE)
