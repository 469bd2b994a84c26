"""The stages around Django itself: client, gateway and settings, as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cycle_inspector.panel import pages, surroundings
from cycle_inspector.panel.filters import moment
from cycle_inspector.records import Cycle, Stage
from tests.factories import make_cycle, make_stage
from tests.panel.sample import full_facts


def cycle_with(stage: Stage, facts: dict[str, Any]) -> Cycle:
    return make_cycle(stages={stage: make_stage(stage, facts=facts)})


def shown(stage: Stage, facts: dict[str, Any]) -> str:
    return str(pages.stage(cycle_with(stage, facts), stage))


@pytest.mark.parametrize(("keys", "is_said"), [([], True), (["basket"], False), (None, False)])
def test_an_empty_session_is_told_from_one_nobody_loaded(keys: Any, is_said: bool) -> None:
    facts = {} if keys is None else {"session_keys": keys}

    assert ("loaded, and empty" in shown(Stage.CLIENT, facts)) is is_said
    assert ("Session keys" in shown(Stage.CLIENT, facts)) is bool(keys)


@pytest.mark.parametrize("value", [None, False, 0, "", [], {"a": 1}])
def test_a_json_body_is_shown_whatever_it_is(value: Any) -> None:
    assert "JSON body" in shown(Stage.CLIENT, {"json": value})


def test_without_json_no_body_is_shown() -> None:
    assert "JSON body" not in shown(Stage.CLIENT, {"body": "none"})


def test_of_a_body_read_in_part_it_is_told_how_much() -> None:
    facts = {"body": "read in part", "body_bytes": 2048, "body_read_bytes": 512}

    assert "of which 512 B were read" in shown(Stage.CLIENT, facts)


def test_why_a_body_could_not_be_read_is_told_first() -> None:
    html = shown(Stage.CLIENT, {"method": "POST", "body_problem": "MultiPartParserError: no end"})

    assert html.index("could not be read. MultiPartParserError: no end") < html.index("Method")


def test_several_values_of_a_name_are_a_list() -> None:
    html = shown(Stage.CLIENT, {"query": [["a", ["1", "2"]], ["b", "3"]]})

    assert "[&quot;1&quot;, &quot;2&quot;]" in html
    assert "<td>3</td>" in html


def test_the_way_through_the_proxies_is_drawn_but_not_vouched_for() -> None:
    html = shown(Stage.CLIENT, {"address": "10.0.0.2", "chain": ["203.0.113.9", "10.0.0.2"]})

    assert '203.0.113.9 <span class="quiet">→</span> 10.0.0.2' in html
    assert "a client may have made it up" in html
    assert "Came through" not in shown(Stage.CLIENT, {"address": "10.0.0.2"})


def test_an_address_of_the_projects_own_is_told_from_that_of_the_connection() -> None:
    html = shown(Stage.CLIENT, {"address": "203.0.113.9", "connected_from": "10.0.0.2 port 7"})

    assert "put there by the project" in html
    assert "10.0.0.2 port 7" in html


def test_a_cookie_sent_twice_is_counted() -> None:
    given = surroundings.client(
        cycle_with(Stage.CLIENT, {"cookies": [["a", "•"], ["b", "•"], ["a", "•"]]})
    )

    assert given["cookies"] == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(("extensions", "is_said"), [(["http.response.push"], True), ([], False)])
def test_the_extensions_of_the_server_are_named(extensions: list[str], is_said: bool) -> None:
    html = shown(Stage.GATEWAY, {"interface": "ASGI", "extensions": extensions})

    assert ("<dt>Extensions</dt>" in html) is is_said


def test_a_server_that_does_not_name_itself_is_not_guessed() -> None:
    assert "<dd>not known</dd>" in shown(Stage.GATEWAY, {"interface": "ASGI", "server": ""})
    assert "<dt>Server</dt>" not in shown(Stage.GATEWAY, {})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"interface": "ASGI", "event_loop": "uvloop"}, "the event loop's, 77 to the system"),
        ({"interface": "ASGI"}, "not the event loop's, 77 to the system"),
        ({"interface": "WSGI"}, "77 to the system"),
    ],
)
def test_the_thread_of_the_event_loop_is_told_from_others(facts: Any, said: str) -> None:
    given = surroundings.gateway(cycle_with(Stage.GATEWAY, {**facts, "thread_id": 77}))

    assert given["thread"] == said


def test_what_has_changed_in_the_settings_is_shown_with_how_it_was() -> None:
    facts = full_facts()[Stage.SETTINGS]

    html = shown(Stage.SETTINGS, facts)
    at = moment(datetime.fromisoformat(facts["changed"]["started_at"]))
    assert f"GET /books/ at {at}" in html
    rows = surroundings.settings(cycle_with(Stage.SETTINGS, facts))["changes"]
    assert [(one["name"], one["before"], one["after"]) for one in rows] == [
        ("DEBUG", False, True),
        ("psycopg", "not there", "3.2.3"),
        ("reviews", "installed", "not there"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (["a", "b", "c"], ["a", "c"], (["b"], "")),
        (["a"], ["a", "d"], ("", ["d"])),
        (["a", "b"], ["b", "a"], (["a", "b"], ["b", "a"])),
        (["a"], "a", (["a"], "a")),
    ],
)
def test_of_lists_only_what_one_of_them_has_is_shown(before: Any, after: Any, shown: Any) -> None:
    change = {"what": "setting", "name": "MIDDLEWARE", "before": before, "after": after}
    (told,) = surroundings.settings(cycle_with(Stage.SETTINGS, {"changed": {"changes": [change]}}))[
        "changes"
    ]

    assert (told["before"], told["after"]) == shown


def test_settings_that_have_not_changed_say_nothing_of_it() -> None:
    facts = full_facts()[Stage.SETTINGS]
    del facts["changed"]

    assert "Changed since" not in shown(Stage.SETTINGS, facts)


@pytest.mark.parametrize("started_at", ["yesterday", None])
def test_a_moment_that_cannot_be_read_costs_nothing_else(started_at: Any) -> None:
    changed = {"started_at": started_at, "changes": [{"what": "setting", "name": "DEBUG"}]}

    assert "DEBUG" in shown(Stage.SETTINGS, {"changed": changed})


def test_engines_are_shown_with_their_options() -> None:
    html = shown(Stage.SETTINGS, full_facts()[Stage.SETTINGS])

    assert "conn max age: 60" in html
    assert "location: shop" in html
