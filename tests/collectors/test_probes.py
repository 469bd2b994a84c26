"""Probes: they return and raise what they stand around, and record it only in a cycle."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction

from cycle_inspector.collectors._layers import LAST, Layer, Note
from cycle_inspector.collectors._probes import hook, probe
from cycle_inspector.recorder import Recorder, current, enter, innermost, leave
from cycle_inspector.records import Span, Stage


def layer(name: str = "shop.Rates") -> Layer:
    return Layer(name, is_async=False, knows="both")


class Rates:
    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        if view == "raise":
            raise LookupError
        return view

    async def aprocess_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return self.process_view(request, view, args, kwargs)


def respond(request: Any) -> Any:
    if request == "raise":
        raise LookupError
    return request


async def arespond(request: Any) -> Any:
    return respond(request)


@pytest.fixture
def recorder() -> Any:
    recorder = Recorder()
    tokens = enter(recorder)
    yield recorder
    leave(tokens)


def run(call: Any, *args: Any) -> Any:
    return asyncio.run(call(*args)) if iscoroutinefunction(call) else call(*args)


def spans(recorder: Recorder) -> list[Span]:
    return [one.record(recorder) for one in recorder.spans]


BOTH = pytest.mark.parametrize("call", [respond, arespond])
HOOKS = pytest.mark.parametrize("method", [Rates().process_view, Rates().aprocess_view])


@BOTH
def test_a_probe_is_of_the_mode_of_what_it_stands_around(call: Any) -> None:
    assert iscoroutinefunction(probe(call, layer(), None)) is iscoroutinefunction(call)


@BOTH
def test_outside_of_a_cycle_it_lets_pass(call: Any) -> None:
    made = probe(call, layer(), None)

    assert run(made, "answer") == "answer"
    with pytest.raises(LookupError):
        run(made, "raise")


@BOTH
def test_in_a_cycle_it_records_the_call(call: Any, recorder: Recorder) -> None:
    made = probe(call, layer(), None)

    assert run(made, "answer") == "answer"

    (span,) = spans(recorder)
    assert (span.name, span.stage) == ("shop.Rates", Stage.MIDDLEWARE)
    assert innermost() is None


@BOTH
def test_what_is_raised_passes_and_is_named(call: Any, recorder: Recorder) -> None:
    with pytest.raises(LookupError):
        run(probe(call, layer(), None), "raise")

    (span,) = spans(recorder)
    assert span.attributes["left_by"] == "LookupError"
    assert innermost() is None


@BOTH
def test_our_last_one_has_no_span_but_knows_what_is_inside_of_it(
    call: Any, recorder: Recorder
) -> None:
    seen: list[bool] = []
    note = recorder.notes[Stage.MIDDLEWARE] = Note()

    def look(request: Any) -> Any:
        seen.append(note.is_inside)
        return request

    run(probe(look, layer(LAST), None), "answer")
    run(probe(call, layer(LAST), None), "answer")

    assert seen == [True]
    assert not note.is_inside
    assert spans(recorder) == []


def test_the_probe_of_our_first_one_makes_the_note(recorder: Recorder) -> None:
    note = Note()

    probe(respond, layer(), lambda: note)("answer")

    assert recorder.notes[Stage.MIDDLEWARE] is note


def test_one_inside_another_tells_it(recorder: Recorder) -> None:
    inner = probe(respond, layer("shop.Inner"), None)
    outer = probe(lambda request: inner(request), layer("shop.Outer"), None)

    outer("answer")

    by_name = {one.name: one for one in spans(recorder)}
    assert by_name["shop.Inner"].parent == by_name["shop.Outer"].id
    given = by_name["shop.Outer"].attributes
    assert given["own_ns"] == given["in_ns"] + given["out_ns"]
    assert "short_circuit" not in given
    assert by_name["shop.Inner"].attributes["short_circuit"]


# Hooks


@HOOKS
def test_a_hook_is_of_the_mode_of_its_method_and_bound_to_the_same_object(method: Any) -> None:
    made = hook(method, method, layer(), None)

    assert iscoroutinefunction(made) is iscoroutinefunction(method)
    assert made.__self__ is method.__self__


@HOOKS
def test_a_hook_outside_of_a_cycle_lets_pass(method: Any) -> None:
    made = hook(method, method, layer(), None)

    assert current() is None
    assert run(made, None, "answer", (), {}) == "answer"
    with pytest.raises(LookupError):
        run(made, None, "raise", (), {})


@HOOKS
def test_a_hook_in_a_cycle_is_recorded(method: Any, recorder: Recorder) -> None:
    made = hook(method, method, layer(), None)

    assert run(made, None, None, (), {}) is None
    with pytest.raises(LookupError):
        run(made, None, "raise", (), {})

    quiet, raised = spans(recorder)
    assert quiet.name == f"{method.__name__} shop.Rates"
    assert quiet.attributes["answered"] is False
    assert raised.attributes["raised"] == "LookupError"
    assert innermost() is None
