"""Hops between threads and event loops, in words: where, what they cost, and how to avoid them.

They are told as `asgiref` calls them: "sync_to_async" is a hop into a thread, "async_to_sync" one
into an event loop. What is said of Django is what `BaseHandler.load_middleware` and
`_get_response_async` do: a middleware that knows both modes runs in that of the one inside of it.
So there is a hop only where one knows a single mode, and all that run next to each other in one
mode share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

INTO_THREAD = "sync_to_async"

_WHERE = {INTO_THREAD: "in a thread", "async_to_sync": "in an event loop"}

_MIXIN = (
    "Built on MiddlewareMixin, which in an async chain runs process_request and process_response "
    "in a thread, by a hop each. "
)
_MIXIN_DJANGO = "Django's own are so: there is nothing to change in the project."
_MIXIN_PROJECT = "Without it, written with @sync_and_async_middleware, yours need none."
_VIEW_IN_THREAD = (
    "The view is sync and the server async, so Django runs it in a thread. As async def it needs "
    "no hop, but each query makes one then: that pays where it waits for something else."
)
_VIEW_IN_LOOP = (
    "The view is async and the server sync, so Django makes an event loop for it. Write it with "
    "def, or serve the project by ASGI."
)
_RENDER = "With an async server Django renders a TemplateResponse in a thread, after the view. "
_RENDER_SYNC = "render() in the view does it where the view runs, without this hop."
_RENDER_ASYNC = "Leave it so: render() in an async view would hold up the event loop."
_EXCEPTION = (
    "With an async server Django asks process_exception, and makes the page about an exception, "
    "in a thread. Without an exception there is no such hop."
)
_OWN_CODE = "Made by the code of the middleware itself."
_OTHER = "Made around the view."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What is called by hops: how many, where they lead, and what they cost together."""

    name: str
    full_name: str
    where: str
    count: int
    cost_ns: int
    is_half: bool  # the way back is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Hops of one cause, and a sentence on it and on how to avoid them."""

    sentence: str
    hops: tuple[Hop, ...]


def where(hop: Any) -> str:
    """Return where a hop leads, in words; empty if there is none."""
    return _WHERE.get(str(hop), str(hop)) if hop else ""


def groups(facts: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[Group, ...]:
    """Return the hops of a chain by their causes, in the order in which a request meets them.

    `facts` are those of the middleware stage, `view` those of the view.
    """
    blocks = _blocks(facts)
    made: dict[str, dict[tuple[Any, ...], Hop]] = {}
    for one in facts.get("hops") or ():
        sentence = _sentence(one, blocks, is_view_async=bool(view.get("is_async")))
        found = made.setdefault(sentence, {})
        key = one.get("at"), one.get("of"), one.get("hop")
        hop = _hop(one, facts, str(view.get("name") or "the view"))
        if key in found:
            before = found[key]
            names = dict.fromkeys([*before.name.split(", "), _last(one.get("name"))])
            hop = replace(
                before,
                name=before.name if one.get("at") != "own" else ", ".join(names),
                count=before.count + 1,
                cost_ns=before.cost_ns + hop.cost_ns,
            )
        found[key] = hop
    return tuple(
        Group(sentence=sentence, hops=tuple(hops.values())) for sentence, hops in made.items()
    )


def _hop(one: Mapping[str, Any], facts: Mapping[str, Any], view: str) -> Hop:
    at, of = one.get("at"), str(one.get("of") or "")
    name, full_name = _last(one.get("name")), of
    if at == "chain":
        outermost = (facts.get("modes") or [{}])[0].get("name") or "FirstMiddleware"
        name, full_name = _last(outermost), str(outermost)
    elif at == "middleware":
        name = _last(of)
    elif at in ("own", "hook"):
        name = f"{_last(of)}: {name}"
    elif at == "view":
        name, full_name = _last(view), view
    else:
        known = {"handler": "Django's handler", "exception": "what becomes of the exception"}
        name = known.get(str(at), f"{name}()")
    return Hop(
        name=name,
        full_name=full_name,
        where=where(one.get("hop")),
        count=1,
        cost_ns=int(one.get("hop_ns") or 0),
        is_half=at == "chain",
    )


def _sentence(one: Mapping[str, Any], blocks: dict[str, str], *, is_view_async: bool) -> str:
    at, of = str(one.get("at")), str(one.get("of") or "")
    if at in ("chain", "middleware", "handler"):
        return blocks.get(of if at == "middleware" else at, "A middleware knows one mode only.")
    if at == "own":
        if _last(one.get("name")) not in ("process_request", "process_response"):
            return _OWN_CODE
        return _MIXIN + (_MIXIN_DJANGO if of.startswith("django.") else _MIXIN_PROJECT)
    if at == "hook":
        return _of_hook(str(one.get("name")), of, is_in_thread=one.get("hop") == INTO_THREAD)
    if at == "view":
        return _VIEW_IN_THREAD if one.get("hop") == INTO_THREAD else _VIEW_IN_LOOP
    if at == "render":
        return _RENDER + (_RENDER_ASYNC if is_view_async else _RENDER_SYNC)
    return _EXCEPTION if at == "exception" else _OTHER


def _of_hook(hook: str, middleware: str, *, is_in_thread: bool) -> str:
    if hook == "process_exception":
        return "Django calls process_exception from sync code in any case: write it with def."
    if not is_in_thread:
        return f"With a sync server {hook} needs a hop if it is async: write it with def."
    said = f"With an async server Django calls each {hook} in a thread, unless it is async. "
    if middleware.startswith("django."):
        return said + "This is Django's own: there is nothing to change in the project."
    return said + "Write it with async def, if the project is served by ASGI only."


def _blocks(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the sentence on each hop through the chain, by the middleware it leads to.

    That on the hop from the server is under "chain", that on the one to Django's own handler under
    "handler". A block is a run of middlewares that are not of the server's mode: it is entered by
    one hop and left by another.
    """
    layers = [one for one in facts.get("modes") or () if one.get("name")]
    is_entered = any(one.get("at") == "chain" for one in facts.get("hops") or ())
    if not layers:
        return {}
    outer = layers[0].get("mode")
    server = {"sync": "async", "async": "sync"}.get(str(outer)) if is_entered else outer
    said, at = {}, 0
    for mode, run in groupby(layers, key=lambda one: one.get("mode")):
        block = list(run)
        after = at + len(block)
        if mode != server:
            sentence = _of_block(str(mode), block)
            said["chain" if at == 0 else str(block[0]["name"])] = sentence
            said["handler" if after == len(layers) else str(layers[after]["name"])] = sentence
        at = after
    return said


def _of_block(mode: str, block: list[Mapping[str, Any]]) -> str:
    causes = [_last(one["name"]) for one in block if one.get("knows") == mode]
    many = len(causes) > 1
    they, rest = ("they" if many else "it"), len(block) - len(causes)
    drawn = f" and {rest} more next to {'them' if many else 'it'}" if rest else ""
    runs = "run" if many or rest else "runs"
    place = "in a thread" if mode == "sync" else "in an event loop"
    served = "" if mode == "sync" else ", or serve the project by ASGI"
    # They are built on MiddlewareMixin, and run in sync code as long as this one makes them.
    djangos = any(str(one["name"]).startswith("django.") for one in block)
    then = " Django's own next to it hop by themselves then." if djangos and mode == "sync" else ""
    return (
        f"{_listed(causes) or 'A middleware'} {'know' if many else 'knows'} {mode} only, so {they}"
        f"{drawn} {runs} {place}: by one hop in and one back, however many stand together. Written "
        f"for both modes (@sync_and_async_middleware, or sync_capable = async_capable = True) "
        f"{they} {'need' if many else 'needs'} no hop{served}.{then}"
    )


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _last(dotted: Any) -> str:
    return str(dotted or "").rpartition(".")[2]
