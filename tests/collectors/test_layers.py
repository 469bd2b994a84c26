"""What the spans of middlewares and hooks say, compared in the request and told after it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from cycle_inspector.collectors._layers import (
    FIRST,
    LAST,
    NOTHING,
    HookSpan,
    Layer,
    MiddlewareSpan,
    Note,
    name_of,
)
from cycle_inspector.middleware import FirstMiddleware, LastMiddleware
from cycle_inspector.recorder import Recorder
from cycle_inspector.records import Stage


def layer(name: str = "shop.Rates") -> Layer:
    return Layer(name, is_async=False, knows="sync")


def facts(span: Any, recorder: Recorder) -> dict[str, Any]:
    recorder.close_span(span)
    return dict(span.record(recorder).attributes)


class Middleware:
    """A middleware's span, as the probe handles it."""

    def __init__(self, given: Layer | None = None) -> None:
        self.recorder = Recorder()
        self.span = MiddlewareSpan(self.recorder, given or layer())

    def sees(self, response: Any) -> Middleware:
        now = self.recorder.clock()
        self.span.saw_next(now, now, response, getattr(response, "status_code", None))
        return self

    def returns(self, response: Any) -> dict[str, Any]:
        self.span.leave(response, getattr(response, "status_code", None))
        found = facts(self.span, self.recorder)
        return {key: value for key, value in found.items() if not key.endswith("_ns")}


def test_the_pair_is_known_by_its_names() -> None:
    for kind, name in ((FirstMiddleware, FIRST), (LastMiddleware, LAST)):
        assert f"{kind.__module__}.{kind.__qualname__}" == name
        assert layer(name).is_ours
    assert layer(LAST).is_last
    assert not layer(FIRST).is_last
    assert not layer().is_ours


def test_of_a_middleware_that_hands_the_response_on_there_is_nothing_to_say() -> None:
    response = HttpResponse()

    assert Middleware().sees(response).returns(response) == {}


@pytest.mark.parametrize(
    ("seen", "returned", "said"),
    [
        ([200], 200, {"replaced": True}),
        ([404], 301, {"replaced": True, "became": [404, 301]}),
        # Which of the two it returned is not known.
        ([200, 200], 200, {"calls": 2}),
        ([200, 404], 200, {"calls": 2, "became": [404, 200]}),
        ([], 200, {"short_circuit": True}),
    ],
)
def test_another_response_is_told_from_that_of_the_next_one(
    seen: list[int], returned: int, said: dict[str, Any]
) -> None:
    one = Middleware()
    for status in seen:
        one.sees(HttpResponse(status=status))

    assert one.returns(HttpResponse(status=returned)) == said


@pytest.mark.parametrize(
    ("response", "kind"), [(None, "NoneType"), ("text", "str"), (Middleware, "type")]
)
def test_what_is_no_response_is_told_by_its_type(response: Any, kind: str) -> None:
    assert Middleware().sees(HttpResponse()).returns(response) == {"returned": kind}


def test_a_status_that_is_no_number_is_not_compared() -> None:
    class Odd:
        status_code = "fine"

    assert Middleware().sees(HttpResponse()).returns(Odd()) == {"replaced": True}


def test_what_ends_a_call_without_a_response_is_named() -> None:
    one = Middleware().sees(HttpResponse())
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        found = one.returns(NOTHING)

    assert found == {"left_by": "KeyboardInterrupt"}


def test_no_response_is_kept_once_the_middleware_is_left() -> None:
    one = Middleware().sees(HttpResponse())
    one.returns(HttpResponse())

    assert one.span._answer is NOTHING


def test_one_that_was_passed_without_being_seen_has_carried_the_request_elsewhere() -> None:
    one = Middleware()
    note = one.recorder.notes[Stage.MIDDLEWARE] = Note()
    note.is_through = True

    assert one.returns(HttpResponse()) == {"carried": True}


def test_its_hop_is_told() -> None:
    given = layer()
    given.hop = "sync_to_async"

    assert Middleware(given).returns(HttpResponse())["hop"] == "sync_to_async"


def test_times_add_up() -> None:
    ticks = iter(range(100, 10_000, 100))
    recorder = Recorder(clock=lambda: next(ticks), start=0)
    span = MiddlewareSpan(recorder, layer())  # starts at the next tick
    span.saw_next(span.start + 30, span.start + 70, None, None)

    found = facts(span, recorder)

    total = span.end - span.start
    assert (found["in_ns"], found["out_ns"]) == (30, total - 70)
    assert found["own_ns"] == total - 40


def test_calls_at_once_leave_no_negative_own_time() -> None:
    one = Middleware()
    for _ in range(2):
        one.span.saw_next(one.span.start, one.span.start + 10**12, None, None)

    assert facts(one.span, one.recorder)["own_ns"] == 0


# Hooks


def hook(name: str, response: Any, given: Any = None) -> dict[str, Any]:
    recorder = Recorder()
    span = HookSpan(recorder, layer(), name, None)
    span.settle(response, given)
    found = facts(span, recorder)
    assert (found.pop("hook"), found.pop("middleware")) == (name, "shop.Rates")
    return found


_SAME = HttpResponse()


@pytest.mark.parametrize(
    ("name", "response", "given", "said"),
    [
        ("process_view", None, {}, {"answered": False}),
        ("process_view", _SAME, {}, {"answered": True, "status": 200}),
        ("process_view", "text", {}, {"answered": True, "returned": "str"}),
        ("process_exception", None, ValueError(), {"answered": False}),
        (
            "process_exception",
            HttpResponse(status=503),
            ValueError(),
            {"answered": True, "status": 503, "turned": "ValueError"},
        ),
        ("process_template_response", _SAME, _SAME, {"answered": False}),
        (
            "process_template_response",
            HttpResponse(),
            _SAME,
            {"answered": False, "replaced": True},
        ),
        (
            "process_template_response",
            None,
            _SAME,
            {"answered": False, "returned": "NoneType"},
        ),
    ],
)
def test_what_came_of_a_hook_is_told(
    name: str, response: Any, given: Any, said: dict[str, Any]
) -> None:
    assert hook(name, response, given) == said


def test_what_a_hook_raised_is_named() -> None:
    try:
        raise LookupError
    except LookupError:
        found = hook("process_view", NOTHING)

    assert found == {"answered": False, "raised": "LookupError"}


def test_the_hop_to_a_hook_is_told() -> None:
    recorder = Recorder()
    span = HookSpan(recorder, layer(), "process_view", "sync_to_async")

    assert facts(span, recorder)["hop"] == "sync_to_async"


@pytest.mark.parametrize(("kind", "name"), [(ValueError, "ValueError"), (Layer, None)])
def test_a_builtin_class_has_no_module_before_its_name(kind: type, name: str | None) -> None:
    assert name_of(kind) == (name or f"{Layer.__module__}.Layer")
