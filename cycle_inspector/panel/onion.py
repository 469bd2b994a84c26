"""The middlewares as an onion: what each one did, in a few words, for the picture and the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cycle_inspector.panel import hops
from cycle_inspector.panel.layout import Axis, Bar
from cycle_inspector.records import Cycle, Stage

_MANY = 8  # layers; more are drawn closer together

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A few words on something that a middleware did; `look` is a class of the stylesheet."""

    text: str
    look: str = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The call of a process_* hook."""

    name: str
    duration_ns: int | None
    where: str
    marks: tuple[Mark, ...]

    @property
    def did(self) -> str:
        """What it did where that is nothing to mark."""
        if self.marks:
            return ""
        handed_on = self.name == "process_template_response"
        return "handed the response on" if handed_on else "returned nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The call of a middleware."""

    name: str
    depth: int
    in_ns: int | None
    out_ns: int | None
    own_ns: int
    hop_ns: int
    total_ns: int | None
    where: str
    marks: tuple[Mark, ...]
    hooks: tuple[Hook, ...]
    bars: tuple[Bar, ...]

    @property
    def drawn(self) -> tuple[Mark, ...]:
        """What the picture says: what the hooks did has no line of its own there."""
        of_hooks = (
            Mark(text=f"{hook.name} {mark.text}", look=mark.look)
            for hook in self.hooks
            for mark in hook.marks
        )
        return (*self.marks, *of_hooks)


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template of the middleware stage is filled with."""
    facts = cycle.stage(Stage.MIDDLEWARE).facts
    view = cycle.stage(Stage.VIEW)
    onion = facts.get("onion") or []
    axis = Axis(max((one.get("own_ns") or 0 for one in onion), default=0))
    layers = [_layer(one, axis) for one in onion]
    groups = hops.groups(facts, view.facts)
    made = [hop for group in groups for hop in group.hops]
    return {
        "layers": layers,
        # A layer that was called twice is drawn once.
        "shells": list({layer.depth: layer for layer in reversed(layers)}.values())[::-1],
        "is_many": len(onion) > _MANY,
        "has_hops": any(layer.hop_ns for layer in layers),
        "core": view.facts.get("name"),
        "core_ns": view.duration_ns,
        "core_marks": _core_marks(facts.get("core")),
        "hop_groups": groups,
        "hop_count": sum(hop.count for hop in made),
        "hop_ns": sum(hop.cost_ns for hop in made),
    }


def note(facts: Facts) -> str:
    """Return the most notable thing that happened in the chain; empty if nothing did."""
    found: dict[str, str] = {}
    for one in facts.get("onion") or []:
        name = _last(one.get("name"))
        if one.get("raised"):
            found.setdefault("raised", f"{name} raised {_last(one['raised'].get('type'))}")
        if one.get("returned"):
            found.setdefault("returned", f"{name} returned no response")
        for hook in one.get("hooks") or []:
            for mark in _hook_marks(hook):
                found.setdefault("hook", f"{name} {mark.text}")
        if one.get("short_circuit"):
            found.setdefault("cut", f"{name} answered by itself")
        if one.get("became"):
            found.setdefault("became", f"{name} made {' a '.join(map(str, one['became']))}")
    return next((found[key] for key in _NOTABLE if key in found), "")


_NOTABLE = ("raised", "returned", "hook", "cut", "became")


def _layer(one: Facts, axis: Axis) -> Layer:
    own, hop = one.get("own_ns") or 0, one.get("hop_ns") or 0
    return Layer(
        name=str(one.get("name")),
        depth=int(one.get("depth") or 0),
        in_ns=one.get("in_ns"),
        out_ns=one.get("out_ns"),
        own_ns=own,
        hop_ns=hop,
        total_ns=one.get("total_ns"),
        where=hops.where(one.get("hop")),
        marks=tuple(_marks(one)),
        hooks=tuple(
            Hook(
                name=str(hook.get("hook")),
                duration_ns=hook.get("duration_ns"),
                where=hops.where(hook.get("hop")),
                marks=tuple(_hook_marks(hook)),
            )
            for hook in one.get("hooks") or ()
        ),
        bars=(axis.bar(0, own - hop, "work"), axis.bar(own - hop, hop, "hop")),
    )


def _marks(one: Facts) -> Iterator[Mark]:
    if raised := one.get("raised"):
        became = f", which became {raised['handled_as']}" if raised.get("handled_as") else ""
        yield Mark(text=f"raised {_last(raised.get('type'))}{became}", look="bad")
    if one.get("left_by"):
        yield Mark(text=f"left by {_last(one['left_by'])}", look="bad")
    if one.get("returned"):
        yield Mark(text=_no_response(one["returned"]), look="bad")
    if one.get("short_circuit") and not one.get("left_by"):
        yield Mark(text="answered here")
    if one.get("carried"):
        yield Mark(text="went on in a thread of its own")
    if one.get("calls"):
        times = "twice" if one["calls"] == 2 else f"{one['calls']} times"
        yield Mark(text=f"called the next one {times}")
    if one.get("became"):
        yield Mark(text=" became ".join(map(str, one["became"])))
    elif one.get("replaced"):
        yield Mark(text="returned another response")


def _hook_marks(hook: Facts) -> Iterator[Mark]:
    if hook.get("raised"):
        yield Mark(text=f"raised {_last(hook['raised'])}", look="bad")
    elif hook.get("returned"):
        yield Mark(text=_no_response(hook["returned"]), look="bad")
    elif hook.get("turned"):
        yield Mark(text=f"turned {_last(hook['turned'])} into {hook.get('status')}")
    elif hook.get("answered"):
        yield Mark(text=f"answered {hook.get('status') or ''}".rstrip())
    elif hook.get("replaced"):
        yield Mark(text="returned another response")


def _core_marks(raised: Facts | None) -> Iterator[Mark]:
    if raised:
        handled_as = str(raised.get("handled_as") or "")
        # What a process_exception made of it stands at its middleware.
        became = f", which became {handled_as}" if handled_as.isdigit() else ""
        yield Mark(text=f"raised {_last(raised.get('type'))}{became}", look="bad")


def _no_response(kind: Any) -> str:
    if kind == "NoneType":
        return "returned nothing, not a response"
    return f"returned {_last(kind)}, not a response"


def _last(dotted: Any) -> str:
    return str(dotted or "").rpartition(".")[2]
