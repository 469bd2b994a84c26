"""Stage 4, the middleware: what each one did on the way in and on the way out.

`BaseHandler.load_middleware` builds the chain from the inside: our last middleware is made first,
and its `get_response` leads to the handler. `watch` shadows methods on that one handler instance,
so that for the rest of the build each middleware is given a timed `get_response`, and each
process_* hook is timed (see `_probes`). Other handlers are not touched. The same code runs in
Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _hops, exceptions, routing, view
from cycle_inspector.collectors._factories import Witness
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._layers import FIRST, LAST, Layer, Note
from cycle_inspector.collectors._probes import hook, probe
from cycle_inspector.records import Event, Json, Span, Stage

__all__ = ["Note", "Watch", "describe", "watch"]

logger = logging.getLogger("cycle_inspector")

_SHADOWED = (
    "adapt_method_mode",
    "resolve_request",
    "make_view_atomic",
    "process_exception_by_middleware",
)
_OUR_MODULES = (__name__, routing.__name__, view.__name__, exceptions.__name__)


class Watch:
    """Stands in for some methods of one handler while, and after, it builds its chain."""

    def __init__(self, handler: Any) -> None:
        for name in _SHADOWED:  # a handler that builds its chain anew is watched anew
            if getattr(handler.__dict__.get(name), "__module__", "") in _OUR_MODULES:
                del handler.__dict__[name]
        self.handler = handler
        self.not_used: list[dict[str, Json]] = []
        self.outside: list[str] = []  # entries of MIDDLEWARE before our first one
        self.layers: list[Layer] = []  # the outermost first, without our own
        self.hop: str | None = None  # on the way from the server to the outermost middleware
        self._adapt = handler.adapt_method_mode
        self._inner = Layer(LAST, is_async=False, knows="both")  # what the next probe leads to
        self._pending: tuple[Layer, Any] | None = None  # the middleware being made, what it got
        self._witness = Witness()
        with guard("listen to the factories of middleware"):
            self._witness.begin()
        handler.adapt_method_mode = self.adapt_method_mode
        handler.resolve_request = routing.watched(handler.resolve_request)
        handler.make_view_atomic = view.watched(handler.make_view_atomic)
        handler.process_exception_by_middleware = exceptions.watched(
            handler.process_exception_by_middleware
        )

    def adapt_method_mode(
        self,
        is_async: bool,  # noqa: FBT001 - Django's own signature, here and below
        method: Any,
        method_is_async: bool | None = None,  # noqa: FBT001
        debug: bool = False,  # noqa: FBT001, FBT002
        name: str | None = None,
    ) -> Any:
        """Adapt as the handler would, then time what comes out.

        `load_middleware` calls this in three ways: with a name for the `get_response` of a
        middleware, with neither name nor mode for a process_* hook, and at last with a mode alone.
        """
        adapted = self._adapt(is_async, method, method_is_async, debug, name)
        hop = None if adapted is method else _hops.INTO_THREAD if is_async else _hops.INTO_LOOP
        if name is not None:
            self._note_made(method)
            path = name.removeprefix("middleware ")
            layer = Layer(path, is_async=is_async, knows=self._witness.knows(path))
            self._pending = layer, method
            self._inner.hop = hop
            return probe(adapted, self._inner, self._note if path == FIRST else None)
        if method_is_async is None:
            return (
                adapted if self._pending is None else hook(adapted, method, self._pending[0], hop)
            )
        self._note_made(method)
        self._finish()
        if hop is None:
            return adapted
        self.hop = hop
        return _hops.timed_chain(method, lambda one: self._adapt(is_async, one, method_is_async))

    def _note_made(self, method: Any) -> None:
        # A middleware that raises MiddlewareNotUsed leaves the chain as it was: the one outside of
        # it is given the very same function.
        if self._pending is None:
            return
        layer, given = self._pending
        if method is given:
            self.not_used.insert(0, {"name": layer.name, **self._witness.reason(layer.name)})
            return
        self._inner = layer
        self.layers.insert(0, layer)

    def _finish(self) -> None:
        self._witness.end()
        del self.handler.adapt_method_mode
        names = [layer.name for layer in self.layers]
        if FIRST in names:
            at = names.index(FIRST)
            self.outside = names[:at]
            self.layers = [layer for layer in self.layers[at:] if not layer.is_ours]

    def _note(self) -> Note:
        note = Note()
        note.chain = self
        if self.hop is not None:
            note.hop_in_ns = _hops.hop_in_ns()
        return note


def watch(get_response: Any) -> Watch | None:
    """Watch the handler that `get_response`, which our last middleware was given, leads to.

    None, with the reason in the log, if our middleware is not the last one, or another tool has
    replaced the handler's own method: then the chain is not timed.
    """
    handler = getattr(getattr(get_response, "__wrapped__", None), "__self__", None)
    if handler is None or not hasattr(handler, "adapt_method_mode"):
        logger.warning(
            "The middleware, the routing and the view cannot be timed: "
            "cycle_inspector.middleware.LastMiddleware is not the last entry of MIDDLEWARE, or "
            "another tool has replaced the handler's methods."
        )
        return None
    return Watch(handler)


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the middlewares alone, hops included."""
    note: Note | None = recorded.notes.get(Stage.MIDDLEWARE)
    onion: dict[int, dict[str, Json]] = {}  # by the id of the span
    hooks: dict[str, list[dict[str, Json]]] = {}
    start_ns = duration_ns = 0
    outer: dict[str, Json] | None = None
    for span in recorded.of(Stage.MIDDLEWARE):
        given = span.attributes
        if "own_ns" in given:
            # Without a parent among them it runs beside the one outside of it, in a thread.
            outer = onion.get(span.parent or 0, outer)
            depth = 0 if outer is None else outer["depth"] + 1
            onion[span.id] = outer = {
                "name": span.name,
                "depth": depth,
                "total_ns": span.duration_ns,
                "short_circuit": False,
                "hooks": [],
                **given,
            }
            start_ns = start_ns or span.start_ns
            duration_ns += given["own_ns"]
        elif "hook" in given:
            # They run inside of the innermost middleware, so no own time has theirs in it.
            duration_ns += span.duration_ns
            told = {key: value for key, value in given.items() if key != "middleware"}
            told["duration_ns"] = span.duration_ns
            hooks.setdefault(given["middleware"], []).append(told)
    if hooks:
        for entry in onion.values():
            entry["hooks"] = hooks.pop(entry["name"], [])
    facts: dict[str, Json] = {"onion": list(onion.values()), "not_used": []}
    if recorded.events:
        duration_ns -= _add_exceptions(facts, onion, recorded)
    if note is not None and note.chain is not None:
        _add_chain(facts, onion, note, note.chain)
    elif not onion and recorded.notes.get(Stage.CLIENT) is not None:
        facts["untimed"] = _why_untimed()
    return Summed(start_ns=start_ns, duration_ns=duration_ns, count=len(onion), facts=facts)


def _add_exceptions(
    facts: dict[str, Json], onion: dict[int, dict[str, Json]], recorded: Recorded
) -> int:
    """Say who raised; return how long Django took to make responses of what middlewares raised."""
    spans = {one.id: one for one in recorded.of(Stage.MIDDLEWARE) if one.id in onion}
    took_ns = 0
    for event in recorded.events:
        if event.kind not in ("exception", "not_found"):
            continue
        span = spans.get(event.parent or 0)
        if span is not None and _is_own(span, event):
            took_ns += _add_raised(onion[span.id], span, event, recorded)
        elif event.attributes.get("handled_as") is not None:
            facts.setdefault("core", _raised(event))
    return took_ns


def _is_own(span: Span, event: Event) -> bool:
    """Whether a middleware raised itself: it was at work then, not the next one."""
    next_start = span.start_ns + span.attributes["in_ns"]
    next_end = span.start_ns + span.duration_ns - span.attributes["out_ns"]
    return event.stage is Stage.MIDDLEWARE and not next_start < event.at_ns < next_end


def _raised(event: Event) -> dict[str, Json]:
    return {"type": event.name, "handled_as": event.attributes.get("handled_as")}


def _add_raised(entry: dict[str, Json], span: Span, event: Event, recorded: Recorded) -> int:
    """Say what a middleware raised; return how long Django took to make a response of it.

    That is done where the middleware is called, so it is in its times until it is taken out here.
    """
    entry["raised"] = _raised(event)
    entry["short_circuit"] = False
    for key in ("replaced", "became"):  # the response is the one that Django made
        entry.pop(key, None)
    took_ns = sum(
        one.duration_ns
        for one in recorded.of(Stage.RESPONSE)
        if one.parent == span.id and one.start_ns >= event.at_ns
    )
    way = "in_ns" if event.at_ns <= span.start_ns + entry["in_ns"] else "out_ns"
    entry[way] -= took_ns
    entry["own_ns"] -= took_ns
    entry["raised"]["response_ns"] = took_ns
    return took_ns


def _add_chain(
    facts: dict[str, Json], onion: dict[int, dict[str, Json]], note: Note, chain: Watch
) -> None:
    """Say what is known from the build of the chain, and the hops through it."""
    facts["not_used"] = chain.not_used
    if chain.outside:
        facts["outside"] = chain.outside
    hops = [hop.facts() for hop in note.hops]
    if chain.hop is not None:
        first = {"at": "chain", "of": "", "name": "", "hop": chain.hop, "hop_ns": note.hop_in_ns}
        hops.insert(0, first)
    if not hops:
        return
    facts["hops"] = hops
    facts["modes"] = [
        {"name": one.name, "mode": "async" if one.is_async else "sync", "knows": one.knows}
        for one in chain.layers
    ]
    for hop in note.hops:
        if hop.parent in onion:
            entry = onion[hop.parent]
            entry["hop_ns"] = entry.get("hop_ns", 0) + hop.cost_ns


def _why_untimed() -> str:
    listed = [str(one) for one in settings.MIDDLEWARE or ()]
    after = listed[len(listed) - listed[::-1].index(LAST) :] if LAST in listed else []
    if not after:
        return "The chain was not seen: LastMiddleware is not the last entry of MIDDLEWARE."
    return (
        "The chain was not seen: LastMiddleware is not the last entry of MIDDLEWARE. After it "
        f"comes {', '.join(after)}."
    )
