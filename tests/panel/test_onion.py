"""The onion: what each middleware did, the same in the picture and in the table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cycle_inspector.panel import onion, pages
from cycle_inspector.records import Stage
from tests.factories import MS, make_cycle, make_stage
from tests.panel.sample import full_facts


def layer(name: str, **given: Any) -> dict[str, Any]:
    usual = {"in_ns": MS, "out_ns": MS, "own_ns": 2 * MS, "hooks": [], "short_circuit": False}
    return {"name": f"shop.{name}", "depth": 0, **usual, **given}


def hook(name: str = "process_view", **given: Any) -> dict[str, Any]:
    return {"hook": name, "duration_ns": 3 * MS, "answered": False, **given}


def cycle_with(facts: dict[str, Any], **view: Any) -> Any:
    both = {
        Stage.MIDDLEWARE: make_stage(Stage.MIDDLEWARE, facts=facts),
        Stage.VIEW: make_stage(Stage.VIEW, facts=view),
    }
    return make_cycle(stages=both)


def context(*layers: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return onion.context(cycle_with({"onion": list(layers), **facts}))


def shown(*layers: dict[str, Any], **facts: Any) -> str:
    return str(pages.stage(cycle_with({"onion": list(layers), **facts}), Stage.MIDDLEWARE))


def picture(html: str) -> str:
    return html[html.index('class="onion') : html.index("<h3>")]


def table(html: str) -> str:
    return html[html.index('<table class="grid layers"') : html.index("</table>")]


RAISED = {"type": "shop.rates.Outdated", "handled_as": "500"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, []),
        ({"short_circuit": True}, ["answered here"]),
        ({"raised": RAISED}, ["raised Outdated, which became 500"]),
        ({"raised": {"type": "Http404", "handled_as": None}}, ["raised Http404"]),
        (
            {"left_by": "asyncio.exceptions.CancelledError", "short_circuit": True},
            ["left by CancelledError"],
        ),
        ({"returned": "NoneType"}, ["returned nothing, not a response"]),
        ({"returned": "shop.Answer"}, ["returned Answer, not a response"]),
        ({"carried": True}, ["went on in a thread of its own"]),
        ({"calls": 2}, ["called the next one twice"]),
        ({"calls": 3}, ["called the next one 3 times"]),
        ({"became": [404, 301], "replaced": True}, ["404 became 301"]),
        ({"replaced": True}, ["returned another response"]),
    ],
)
def test_what_a_middleware_did_is_told_in_the_picture_and_in_the_table(
    given: dict[str, Any], words: list[str]
) -> None:
    (one,) = context(layer("Rates", **given))["layers"]
    html = shown(layer("Rates", **given))

    assert [mark.text for mark in one.marks] == words
    for part in (picture(html), table(html)):
        assert "Rates" in part
        assert all(word in part for word in words)
        assert part.count("chip") == len(words)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (hook(), ""),
        (hook(answered=True, status=200), "answered 200"),
        (hook(answered=True, returned="str"), "returned str, not a response"),
        (hook(raised="LookupError"), "raised LookupError"),
        (
            hook("process_exception", answered=True, turned="ValueError", status=503),
            "turned ValueError into 503",
        ),
        (hook("process_template_response"), ""),
        (hook("process_template_response", replaced=True), "returned another response"),
        (
            hook("process_template_response", returned="NoneType"),
            "returned nothing, not a response",
        ),
    ],
)
def test_what_a_hook_did_is_told_in_the_picture_and_in_the_table(
    given: dict[str, Any], words: str
) -> None:
    html = shown(layer("Rates", hooks=[given]))

    if words:
        assert f"{given['hook']} {words}" in picture(html)
        assert words in table(html)
    else:
        assert "chip" not in html
        assert ("handed the response on" in html) is (given["hook"] == "process_template_response")
        assert ("returned nothing" in html) is (given["hook"] == "process_view")
    assert f"{given['hook']} 3.00 ms" in table(html)


def test_the_slowest_middleware_has_the_longest_bar() -> None:
    given = context(layer("A", own_ns=1 * MS), layer("B", own_ns=4 * MS), layer("C", own_ns=None))

    assert [one.bars[0].width for one in given["layers"]] == ["25.000%", "100.000%", "0.000%"]


def test_hops_are_a_part_of_the_bar_and_a_column_only_where_there_are_some() -> None:
    (one,) = context(layer("A", own_ns=4 * MS, hop_ns=3 * MS))["layers"]

    assert [(bar.x, bar.width) for bar in one.bars] == [
        ("0.000%", "25.000%"),
        ("25.000%", "75.000%"),
    ]
    assert "Of it hops" in shown(layer("A", hop_ns=MS), layer("B"))
    assert "⇄ 1.00 ms" in picture(shown(layer("A", hop_ns=MS), layer("B")))
    assert "Of it hops" not in shown(layer("A"))
    assert "⇄" not in shown(layer("A"))


@pytest.mark.parametrize(
    ("hop", "words"),
    [("sync_to_async", "runs in a thread"), ("async_to_sync", "runs in an event loop")],
)
def test_where_a_middleware_runs_is_told_where_a_hop_leads_to_it(hop: str, words: str) -> None:
    assert words in table(shown(layer("A", hop=hop)))
    assert words not in shown(layer("A"))


def test_a_layer_that_was_called_twice_is_drawn_once() -> None:
    html = shown(layer("A", calls=2), layer("B", depth=1), layer("B", depth=1))

    assert picture(html).count("shell-label") == 2
    assert table(html).count('scope="row"') == 2 + 1


def test_a_chain_of_twenty_is_drawn_closely() -> None:
    few, many = ([layer("A", depth=at) for at in range(count)] for count in (7, 20))

    assert 'class="onion many"' in shown(*many)
    assert 'class="onion"' in shown(*few)
    assert len(context(*many)["shells"]) == 20


def test_at_the_core_stands_the_view_and_what_it_raised() -> None:
    facts = {"onion": [layer("A")], "core": {"type": "shop.Sold", "handled_as": "500"}}
    html = picture(str(pages.stage(cycle_with(facts, name="shop.views.pick"), Stage.MIDDLEWARE)))

    assert "pick</span>" in html
    assert "raised Sold, which became 500" in html


def test_what_a_hook_made_of_an_exception_is_not_told_twice() -> None:
    html = shown(layer("A"), core={"type": "shop.Sold", "handled_as": "503, by a middleware"})

    assert "raised Sold</span>" in html


def test_without_a_view_the_core_says_so() -> None:
    assert "no view was called" in picture(shown(layer("A")))


def test_the_picture_is_for_the_eyes_and_the_table_for_all() -> None:
    html = shown(layer("A"))

    assert 'class="onion" aria-hidden="true"' in html
    assert table(html).count('scope="col"') == 6
    assert "<b>Own</b> is both together" in html


def test_who_is_not_used_is_told_with_the_reason_and_the_place() -> None:
    full = {"name": "shop.Beta", "reason": "BETA is off", "path": "/srv/shop/beta.py", "line": 4}
    html = shown(layer("A"), not_used=[full, {"name": "shop.Gamma"}])

    assert "BETA is off" in html
    assert "shop/beta.py:4" in html
    assert "Gamma</span></li>" in html
    assert "Not used" not in shown(layer("A"), not_used=[])


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a.B"], "it stands before FirstMiddleware: a.B."), (["a.B", "a.C"], "they stand before")],
)
def test_entries_outside_of_the_pair_are_told(names: list[str], words: str) -> None:
    assert words in shown(layer("A"), outside=names)
    assert "Not timed" not in shown(layer("A"))


def test_why_a_chain_is_untimed_is_told() -> None:
    html = shown(untimed="The chain was not seen: because.")

    assert "The chain was not seen: because." in html
    assert "No middleware was seen" not in html
    assert "No middleware was seen" in shown()


def test_hops_are_summed_up() -> None:
    one = {"at": "view", "of": "", "name": "", "hop": "sync_to_async", "hop_ns": MS}
    html = shown(layer("A"), hops=[one, {**one, "at": "render", "name": "T.render"}])

    assert '<span class="quiet">2, 2.00 ms</span>' in html
    assert html.count('scope="rowgroup"') == 0
    assert "Hops between" not in shown(layer("A"))


def test_a_chain_without_hops_says_nothing_of_threads() -> None:
    html = shown(layer("A", hooks=[hook()]))

    assert "thread" not in html
    assert "event loop" not in html
    assert "async" not in re.sub("<[^>]*>", "", html)


def test_facts_of_every_kind_are_shown() -> None:
    html = str(pages.stage(cycle_with(full_facts()[Stage.MIDDLEWARE]), Stage.MIDDLEWARE))

    assert "cannot be shown" not in html
    assert "Hops between sync and async" in html
    assert "OutermostMiddleware" in html


# The note


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"short_circuit": True}, "Rates answered by itself"),
        ({"raised": RAISED, "became": [1, 2]}, "Rates raised Outdated"),
        ({"returned": "NoneType"}, "Rates returned no response"),
        ({"became": [404, 301]}, "Rates made 404 a 301"),
        ({"hooks": [hook(answered=True, status=403)]}, "Rates answered 403"),
        (
            {"hooks": [hook("process_exception", answered=True, turned="E", status=503)]},
            "Rates turned E into 503",
        ),
    ],
)
def test_the_note_says_the_most_notable_thing(given: dict[str, Any], words: str) -> None:
    assert onion.note({"onion": [layer("Quiet"), layer("Rates", **given)]}) == words
