from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.history.links import Links
from cycle_inspector.panel import related
from tests.factories import make_cycle
from tests.panel.sample import make_row

ONE, OTHER = make_row(id="one"), make_row(id="other")


def told(links: Links, **given: Any) -> list[tuple[str, list[str]]]:
    ways = related.ways(make_cycle(**given), links)
    return [(way["words"], [row.id for row in way["rows"]]) for way in ways]


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"outer": ONE}, "Ran inside"),
        ({"page": ONE}, "Fetched by"),
        ({"before": (ONE,)}, "Redirected here from"),
        ({"after": (ONE,)}, "Led to"),
    ],
)
def test_each_way_has_its_words(links: dict[str, Any], words: str) -> None:
    assert told(Links(**links)) == [(words, ["one"])]


def test_a_chain_of_redirects_is_told_as_a_whole() -> None:
    assert told(Links(before=(ONE, OTHER))) == [("Redirected here from", ["one", "other"])]


def test_a_cycle_by_itself_has_nothing_to_tell() -> None:
    assert told(Links()) == []
    assert list(related.groups(Links())) == []


@pytest.mark.parametrize("cause", ["inside", "fetch", "redirect"])
def test_a_cause_that_is_no_longer_kept_is_said_to_be_gone(cause: str) -> None:
    ((words, rows),) = told(Links(), parent="gone", cause=cause)

    assert words.endswith("that is no longer kept.")
    assert rows == []


def test_a_cause_that_is_kept_is_not_said_to_be_gone() -> None:
    assert told(Links(page=ONE), parent="one", cause="fetch") == [("Fetched by", ["one"])]


def test_the_parent_is_found_among_those_that_may_be_it() -> None:
    links = Links(page=ONE, before=(OTHER,))

    assert related.parent_of(make_cycle(parent="other", cause="redirect"), links) is OTHER
    assert related.parent_of(make_cycle(parent="one", cause="fetch"), links) is ONE
    assert related.parent_of(make_cycle(), links) is None


def test_what_a_cycle_has_caused_is_grouped() -> None:
    links = Links(inside=(ONE,), fetched=(OTHER,), fetched_count=3)

    inside, fetched = related.groups(links)

    assert (inside["title"], inside["rows"]) == ("Cycles inside this one", (ONE,))
    assert (fetched["title"], fetched["rows"]) == ("Fetched by this page", (OTHER,))
    assert fetched["left_out"] == 2


def test_every_cause_has_its_words() -> None:
    assert related.LINKS.keys() == related.NOTES.keys() == {"inside", "redirect", "fetch"}
