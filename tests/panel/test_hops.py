"""Hops in words: each has a sentence on its cause, and on what to change."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import hops
from cycle_inspector.panel.hops import Group
from tests.factories import MS

INTO_THREAD = "sync_to_async"
INTO_LOOP = "async_to_sync"


def hop(at: str, of: str = "", name: str = "", kind: str = INTO_THREAD) -> dict[str, Any]:
    return {"at": at, "of": of and f"shop.{of}", "name": name, "hop": kind, "hop_ns": MS}


def modes(*layers: str) -> list[dict[str, Any]]:
    """Return layers from words: a name, its mode, and a "!" where it knows no other."""
    made = []
    for one in layers:
        name, mode = one.rstrip("!").split()
        made.append(
            {"name": f"shop.{name}", "mode": mode, "knows": mode if one.endswith("!") else "both"}
        )
    return made


def groups(*given: dict[str, Any], chain: tuple[str, ...] = (), **view: Any) -> tuple[Group, ...]:
    return hops.groups({"hops": list(given), "modes": modes(*chain)}, view)


def told(*given: dict[str, Any], chain: tuple[str, ...] = (), **view: Any) -> str:
    (group,) = groups(*given, chain=chain, **view)
    return group.sentence


@pytest.mark.parametrize(
    ("hop", "words"),
    [
        (INTO_THREAD, "in a thread"),
        (INTO_LOOP, "in an event loop"),
        (None, ""),
        ("", ""),
        ("sideways", "sideways"),
    ],
)
def test_where_a_hop_leads_is_told_in_words(hop: str | None, words: str) -> None:
    assert hops.where(hop) == words


def test_without_hops_there_is_nothing_to_say() -> None:
    assert hops.groups({}, {}) == ()
    assert hops.groups({"hops": []}, {}) == ()


# The chain


def test_one_that_knows_sync_only_is_named_with_those_it_draws_along() -> None:
    chain = ("Session sync", "Rates sync!", "Common async")

    (group,) = groups(hop("chain"), hop("middleware", "Common", kind=INTO_LOOP), chain=chain)

    assert group.sentence == (
        "Rates knows sync only, so it and 1 more next to it run in a thread: by one hop in and one "
        "back, however many stand together. Written for both modes (@sync_and_async_middleware, or "
        "sync_capable = async_capable = True) it needs no hop."
    )
    assert [(one.name, one.where, one.is_half) for one in group.hops] == [
        ("Session", "in a thread", True),
        ("Common", "in an event loop", False),
    ]


def test_several_that_know_sync_only_have_all_to_be_changed() -> None:
    chain = ("Session sync!", "Both sync", "Rates sync!", "Timer sync!")

    said = told(hop("chain"), hop("handler", kind=INTO_LOOP), chain=chain)

    assert said.startswith(
        "Session, Rates and Timer know sync only, so they and 1 more next to them run in a thread"
    )
    assert said.endswith("they need no hop.")


def test_one_that_stands_alone_draws_nobody_along() -> None:
    said = told(hop("chain"), chain=("Rates sync!", "Common async"))

    assert said.startswith("Rates knows sync only, so it runs in a thread:")


def test_one_that_knows_async_only_may_be_served_by_asgi() -> None:
    said = told(hop("chain", kind=INTO_LOOP), chain=("Rates async!", "Common sync"))

    assert said.startswith("Rates knows async only, so it runs in an event loop:")
    assert said.endswith("it needs no hop, or serve the project by ASGI.")


def test_what_djangos_own_do_once_the_cause_is_gone_is_told() -> None:
    facts = {"hops": [hop("chain")], "modes": modes("Rates sync!", "Common async")}
    facts["modes"].insert(0, {"name": "django.middleware.S", "mode": "sync", "knows": "both"})

    (group,) = hops.groups(facts, {})

    assert group.sentence.endswith("no hop. Django's own next to it hop by themselves then.")


def test_a_block_further_in_has_the_sentence_at_both_of_its_hops() -> None:
    chain = ("Outer async!", "Rates sync!", "Inner async!")

    (group,) = groups(
        hop("middleware", "Rates"), hop("middleware", "Inner", kind=INTO_LOOP), chain=chain
    )

    assert group.sentence.startswith("Rates knows sync only")
    assert [one.name for one in group.hops] == ["Rates", "Inner"]


def test_two_blocks_have_a_sentence_each() -> None:
    chain = ("A sync!", "B async!", "C sync!", "D async")

    found = groups(
        hop("chain"),
        hop("middleware", "B", kind=INTO_LOOP),
        hop("middleware", "C"),
        hop("middleware", "D", kind=INTO_LOOP),
        chain=chain,
    )

    assert [one.sentence.split()[0] for one in found] == ["A", "C"]
    assert [[hop.name for hop in one.hops] for one in found] == [["A", "B"], ["C", "D"]]


def test_the_hop_to_djangos_own_handler_belongs_to_the_innermost_block() -> None:
    (group,) = groups(hop("handler", kind=INTO_LOOP), chain=("A async", "Rates sync!"))

    assert group.sentence.startswith("Rates knows sync only")
    assert [one.name for one in group.hops] == ["Django's handler"]


def test_of_a_chain_that_is_not_known_no_cause_is_guessed() -> None:
    (group,) = groups(hop("chain"))

    assert group.sentence == "A middleware knows one mode only."
    assert group.hops[0].name == "FirstMiddleware"


# Middlewares and hooks


def test_the_hops_of_the_mixin_are_told_from_djangos_own() -> None:
    own = {**hop("own", name="X.process_request"), "of": "django.middleware.X"}
    (django,) = groups(own, {**own, "name": "X.process_response"})
    project = told(hop("own", "Rates", "Rates.process_request"))

    assert "nothing to change in the project" in django.sentence
    assert [(one.name, one.count, one.cost_ns) for one in django.hops] == [
        ("X: process_request, process_response", 2, 2 * MS)
    ]
    assert project.endswith("written with @sync_and_async_middleware, yours need none.")


def test_hops_on_the_way_in_and_on_the_way_out_are_one_row() -> None:
    (group,) = groups(
        hop("own", "A", "A.process_request"),
        hop("own", "B", "B.process_request"),
        hop("own", "B", "B.process_response"),
        hop("own", "A", "A.process_response"),
    )

    assert [(one.name, one.count) for one in group.hops] == [
        ("A: process_request, process_response", 2),
        ("B: process_request, process_response", 2),
    ]


def test_a_hop_of_a_middlewares_own_code_is_told_so() -> None:
    (group,) = groups(hop("own", "Rates", "Rates.look"))

    assert group.sentence == "Made by the code of the middleware itself."
    assert group.hops[0].name == "Rates: look"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (hop("hook", "Rates", "process_view"), "Write it with async def"),
        (
            {**hop("hook", "", "process_view"), "of": "django.middleware.csrf.Csrf"},
            "nothing to change in the project",
        ),
        (hop("hook", "Rates", "process_view", INTO_LOOP), "write it with def"),
        (hop("hook", "Rates", "process_exception", INTO_LOOP), "in any case: write it with def"),
    ],
)
def test_a_hook_has_the_sentence_of_its_mode(given: dict[str, Any], words: str) -> None:
    assert words in told(given)


# The view and what is around it


def test_a_sync_view_of_an_async_server_is_told_with_what_async_would_cost() -> None:
    (group,) = groups(hop("view"), name="shop.views.pick", is_async=False)

    assert "each query makes one then" in group.sentence
    assert (group.hops[0].name, group.hops[0].full_name) == ("pick", "shop.views.pick")


def test_an_async_view_of_a_sync_server_may_be_served_by_asgi() -> None:
    assert "serve the project by ASGI" in told(hop("view", kind=INTO_LOOP))


@pytest.mark.parametrize(
    ("is_async", "words"), [(False, "without this hop"), (True, "Leave it so")]
)
def test_what_to_do_about_a_late_render_is_up_to_the_view(is_async: bool, words: str) -> None:
    assert words in told(hop("render", name="T.render"), is_async=is_async)


def test_what_becomes_of_an_exception_is_told() -> None:
    (group,) = groups(hop("exception"), hop("exception"))

    assert "Without an exception there is no such hop" in group.sentence
    assert [one.count for one in group.hops] == [2]


def test_any_other_hop_is_named() -> None:
    (group,) = groups(hop("other", name="shop.look"))

    assert [one.name for one in group.hops] == ["look()"]
