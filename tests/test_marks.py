"""`event` and `span`: what a project says of its own work, and that it costs it nothing else."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from cycle_inspector import current_cycle_id, event, record, span
from cycle_inspector.records import Cycle, Span, is_mark


class Refused(Exception):
    """Raised by marked work."""


def marked(cycle: Cycle) -> list[Span]:
    return [one for one in cycle.spans if is_mark(one)]


def names(cycle: Cycle) -> list[str]:
    return [one.name for one in marked(cycle)]


# Where nothing is recorded


def test_without_a_cycle_nothing_happens() -> None:
    event("charge", amount=3)
    with span("charge"):
        event("inside")

    assert current_cycle_id() is None


def test_a_project_may_import_it_anywhere_without_importing_django() -> None:
    code = (
        "import sys; from cycle_inspector import event, span\n"
        "with span('a'): event('b')\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'django'])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert told.stdout.strip() == "[]"


def test_after_the_cycle_nothing_is_recorded() -> None:
    with record() as recording, span("still open"):
        cycle_id = current_cycle_id()
        recording._recorder.stop()
        event("too late")
        with span("too late"):
            assert current_cycle_id() is None

    assert cycle_id == recording.cycle.id
    assert names(recording.cycle) == ["still open"]
    assert recording.cycle.events == ()


# A block


def test_a_block_is_a_span_with_its_attributes_and_its_caller() -> None:
    with record() as recording, span("charge", amount=3):
        pass

    (mark,) = marked(recording.cycle)
    assert mark.name == "charge"
    assert mark.attributes["given"] == {"amount": 3}
    assert mark.attributes["caller"]["path"] == __file__
    assert "ended" not in mark.attributes
    assert mark.duration_ns > 0


def test_an_async_block_is_a_span() -> None:
    async def work() -> Cycle:
        async with record() as recording, span("charge"):
            await asyncio.sleep(0)
        return recording.cycle

    (mark,) = marked(asyncio.run(work()))
    assert mark.attributes["caller"]["path"] == __file__


def test_what_is_inside_stands_inside_and_what_comes_after_does_not() -> None:
    with record() as recording:
        with span("outer"):
            event("first")
            with span("inner"):
                pass
        event("second")

    outer, inner = marked(recording.cycle)
    first, second = recording.cycle.events
    assert (outer.parent, inner.parent) == (None, outer.id)
    assert (first.parent, second.parent) == (outer.id, None)


def test_an_exception_passes_unchanged_and_is_told() -> None:
    error = Refused("no")
    with record() as recording, pytest.raises(Refused) as raised, span("charge"):
        raise error

    assert raised.value is error
    (mark,) = marked(recording.cycle)
    assert mark.attributes["raised"] == "Refused: no"


def test_one_span_may_be_entered_again_while_it_is_open() -> None:
    again = span("again")
    with record() as recording, again, again:
        event("deep")

    outer, inner = marked(recording.cycle)
    assert inner.parent == outer.id
    assert recording.cycle.events[0].parent == inner.id


def test_one_span_may_be_open_in_many_tasks_at_once() -> None:
    shared = span("shared")

    async def part() -> None:
        async with shared:
            await asyncio.sleep(0)

    async def work() -> Cycle:
        async with record() as recording:
            await asyncio.gather(part(), part(), part())
        return recording.cycle

    marks = marked(asyncio.run(work()))
    assert [one.parent for one in marks] == [None] * 3
    assert all("ended" not in one.attributes for one in marks)


def test_a_span_that_is_open_at_the_end_is_told_to_be() -> None:
    opened = span("left open")
    with record() as recording:
        opened.__enter__()
    opened.__exit__(None, None, None)

    (mark,) = marked(recording.cycle)
    assert mark.attributes["ended"] is False


# A decorator


@span("add")
def add(one: int, two: int = 2) -> int:
    """Add two numbers."""
    return one + two


def test_a_decorated_function_is_itself_and_each_call_a_span() -> None:
    assert add(1) == 3
    with record() as recording:
        assert add(1) == 3
        assert add(1, two=4) == 5

    assert names(recording.cycle) == ["add", "add"]
    assert (add.__name__, add.__doc__) == ("add", "Add two numbers.")
    assert str(inspect.signature(add)) == "(one: 'int', two: 'int' = 2) -> 'int'"


def test_a_decorated_function_may_call_itself() -> None:
    @span("down")
    def down(count: int) -> None:
        if count:
            down(count - 1)

    with record() as recording:
        down(2)

    first, second, third = marked(recording.cycle)
    assert [first.parent, second.parent, third.parent] == [None, first.id, second.id]


def test_what_a_decorated_function_raises_is_raised_on() -> None:
    @span("refuse")
    def refuse() -> None:
        raise Refused("no")

    with pytest.raises(Refused):
        refuse()
    with record() as recording, pytest.raises(Refused):
        refuse()

    assert marked(recording.cycle)[0].attributes["raised"] == "Refused: no"


def test_a_decorated_coroutine_function_is_one() -> None:
    @span("wait")
    async def wait(*, fail: bool) -> str:
        await asyncio.sleep(0)
        if fail:
            raise Refused("no")
        return "done"

    async def work() -> Cycle:
        assert await wait(fail=False) == "done"
        async with record() as recording:
            assert await wait(fail=False) == "done"
            with pytest.raises(Refused):
                await wait(fail=True)
        return recording.cycle

    assert inspect.iscoroutinefunction(wait)
    good, bad = marked(asyncio.run(work()))
    assert "raised" not in good.attributes
    assert bad.attributes["raised"] == "Refused: no"


def test_a_generator_lasts_until_its_last_step_and_nothing_is_said_to_be_inside() -> None:
    @span("parts")
    def parts() -> Iterator[Any]:
        got = yield 1
        try:
            yield got
        except Refused:
            yield "caught"
        return "end"

    with record() as recording:
        steps = parts()
        assert next(steps) == 1
        event("between")
        assert steps.send(2) == 2
        assert steps.throw(Refused()) == "caught"
        with pytest.raises(StopIteration, match="end"):
            next(steps)

    assert inspect.isgeneratorfunction(parts)
    (mark,) = marked(recording.cycle)
    (between,) = recording.cycle.events
    assert between.parent is None
    assert mark.start_ns < between.at_ns < mark.start_ns + mark.duration_ns
    assert mark.attributes.keys() == {"kind", "caller"}


def test_a_generator_that_is_given_up_has_not_failed() -> None:
    @span("parts")
    def parts() -> Iterator[int]:
        yield 1
        yield 2

    with record() as recording:
        steps = parts()
        next(steps)
        steps.close()

    (mark,) = marked(recording.cycle)
    assert mark.attributes.keys() == {"kind", "caller"}


def test_an_async_generator_works_as_without() -> None:
    closed = []

    @span("parts")
    async def parts() -> AsyncIterator[Any]:
        try:
            got = yield 1
            try:
                yield got
            except Refused:
                yield "caught"
            yield "last"
        finally:
            closed.append("closed")

    async def work() -> Cycle:
        async with record() as recording:
            steps: Any = parts()
            assert await anext(steps) == 1
            assert await steps.asend(2) == 2
            assert await steps.athrow(Refused()) == "caught"
            await steps.aclose()
            assert [one async for one in parts()] == [1, None, "last"]
        return recording.cycle

    assert inspect.isasyncgenfunction(parts)
    marks = marked(asyncio.run(work()))
    assert closed == ["closed"] * 2
    assert [one.name for one in marks] == ["parts"] * 2
    assert not any("raised" in one.attributes or "ended" in one.attributes for one in marks)


def test_the_id_of_the_cycle_is_known_inside_only() -> None:
    with record() as outer:
        first = current_cycle_id()
        with record() as inner:
            second = current_cycle_id()

    assert (first, second) == (outer.cycle.id, inner.cycle.id)
    assert current_cycle_id() is None
