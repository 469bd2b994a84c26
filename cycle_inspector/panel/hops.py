"""Hops between an event loop and threads, in words: where sync code meets async code.

They are told as `asgiref` calls them: "sync_to_async" is a hop into a thread, "async_to_sync" one
into an event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_OF_A_MIDDLEWARE = {
    "sync_to_async": "runs in a thread: sync middleware in an async chain",
    "async_to_sync": "runs in an event loop: async middleware in a sync chain",
}
_OF_A_HOOK = {"sync_to_async": "in a thread", "async_to_sync": "in an event loop"}

# By how the server's side hops into the chain: the hop back, what is to blame, what it costs.
_OF_THE_CHAIN = {
    "sync_to_async": ("async_to_sync", "sync", "in a thread, not in the server's event loop"),
    "async_to_sync": ("sync_to_async", "async", "in an event loop made for this request"),
}


def of_a_middleware(hop: Any) -> str:
    """Return how a middleware runs that is reached by `hop`; empty if there is none."""
    return _OF_A_MIDDLEWARE.get(str(hop), str(hop)) if hop else ""


def of_a_hook(hop: Any) -> str:
    """Return the same of a process_* hook, in fewer words."""
    return _OF_A_HOOK.get(str(hop), str(hop)) if hop else ""


def of_the_chain(hop: Any, onion: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence on the `hop` from the server to the outermost middleware, and its cause.

    Django makes each middleware as sync or async as the one inside it, where that knows both.
    """
    if hop not in _OF_THE_CHAIN:
        return ""
    back, mode, where = _OF_THE_CHAIN[hop]
    cause = _cause(back, onion)
    if cause is None:
        return f"The chain runs {where}: one of its middlewares knows {mode} only."
    name = str(cause.get("name")).rpartition(".")[2]
    if cause is onion[0]:
        return f"{name} knows {mode} only, so it runs {where}."
    return f"{name} knows {mode} only, so it and the middlewares outside it run {where}."


def _cause(back: str, onion: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the middleware that knows one mode only; None where it was not reached."""
    at = next((at for at, one in enumerate(onion) if one.get("hop") == back), None)
    if at is not None:
        return onion[at - 1] if at else None
    # None hops back before our own last one, which knows both: it is the one next to that.
    if onion and not any(one.get("short_circuit") for one in onion):
        return onion[-1]
    return None
