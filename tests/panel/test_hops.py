from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import hops


def onion(*layers: Any) -> list[dict[str, Any]]:
    """Return layers from names; one with a "!" answers itself, a pair is a name and its hop."""
    made = []
    for layer in layers:
        name, hop = layer if isinstance(layer, tuple) else (layer, None)
        made.append(
            {"name": f"shop.{name.rstrip('!')}", "hop": hop, "short_circuit": name.endswith("!")}
        )
    return made


@pytest.mark.parametrize(
    ("hop", "middleware", "hook"),
    [
        ("sync_to_async", "runs in a thread: sync middleware in an async chain", "in a thread"),
        (
            "async_to_sync",
            "runs in an event loop: async middleware in a sync chain",
            "in an event loop",
        ),
        (None, "", ""),
        ("", "", ""),
    ],
)
def test_a_hop_is_told_in_words(hop: str | None, middleware: str, hook: str) -> None:
    assert hops.of_a_middleware(hop) == middleware
    assert hops.of_a_hook(hop) == hook


def test_a_hop_that_nobody_knows_is_told_as_it_is() -> None:
    assert hops.of_a_middleware("sideways") == hops.of_a_hook("sideways") == "sideways"


@pytest.mark.parametrize("hop", [None, "", "sideways", 7])
def test_without_a_hop_the_chain_needs_no_word(hop: Any) -> None:
    assert hops.of_the_chain(hop, onion("First")) == ""


def test_the_middleware_before_the_hop_back_is_the_cause() -> None:
    layers = onion("Session", "Rates", ("Common", "async_to_sync"), "Csrf")

    assert hops.of_the_chain("sync_to_async", layers) == (
        "Rates knows sync only, so it and the middlewares outside it run in a thread, not in the "
        "server's event loop."
    )


def test_without_a_hop_back_the_innermost_middleware_is_the_cause() -> None:
    assert "Rates knows sync only, so it and" in hops.of_the_chain(
        "sync_to_async", onion("Session", "Rates")
    )


def test_a_cause_with_nothing_outside_of_it_stands_alone() -> None:
    assert hops.of_the_chain("sync_to_async", onion("Rates", ("Common", "async_to_sync"))) == (
        "Rates knows sync only, so it runs in a thread, not in the server's event loop."
    )


def test_an_async_middleware_can_be_the_cause_too() -> None:
    layers = onion("Session", "Rates", ("Common", "sync_to_async"))

    assert "Rates knows async only" in hops.of_the_chain("async_to_sync", layers)
    assert "in an event loop made for this request." in hops.of_the_chain("async_to_sync", layers)


@pytest.mark.parametrize("layers", [onion(), onion("Session", "Cache!")])
def test_a_cause_that_was_not_reached_is_not_guessed(layers: Any) -> None:
    assert hops.of_the_chain("sync_to_async", layers) == (
        "The chain runs in a thread, not in the server's event loop: one of its middlewares knows "
        "sync only."
    )
