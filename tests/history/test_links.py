"""What caused a cycle, of rows in any order; what merely looks alike is not tied together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector import codec, records
from cycle_inspector.history import links, reader, writer
from cycle_inspector.history.links import Cause
from cycle_inspector.models import Cycle
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_request, make_stage
from tests.history import processes
from tests.history.processes import make_id
from tests.history.steps import ids

START = make_cycle().started_at


def make(number: int, method: str, url: str, at: float, **given: Any) -> records.Cycle:
    """Return a request that begins `at` seconds; it takes 40 ms."""
    return make_request(
        method, url, id=make_id(number), started_at=START + timedelta(seconds=at), **given
    )


def put(*cycles: records.Cycle) -> None:
    for cycle in cycles:
        writer.put(lambda cycle=cycle: cycle)  # type: ignore[misc]
    assert writer.flush(10)


def parent_of(number: int) -> tuple[int, str] | None:
    """Return the number of the cycle that caused this one, and how."""
    cycle = reader.get(make_id(number))
    assert cycle is not None
    return None if cycle.parent is None else (int(cycle.parent[-12:]), str(cycle.cause))


def around(number: int) -> dict[str, list[int]]:
    """Return the numbers of the cycles that this one belongs together with, by how."""
    cycle = reader.get(make_id(number))
    assert cycle is not None
    found = reader.links_of(cycle)
    given = {
        "outer": [found.outer],
        "page": [found.page],
        "before": found.before,
        "after": found.after,
        "inside": found.inside,
        "fetched": found.fetched,
    }
    numbers = {
        name: [int(one.id[-12:]) for one in rows if one is not None] for name, rows in given.items()
    }
    return {name: found for name, found in numbers.items() if found}


def order(number: int = 1, at: float = 0, **given: Any) -> records.Cycle:
    values = {"status": 302, "location": "/thanks/", **given}
    return make(number, "POST", "/order/", at, **values)


def thanks(number: int = 2, at: float = 0.1, **given: Any) -> records.Cycle:
    return make(number, "GET", "/thanks/", at, **given)


# Redirects


def test_a_redirect_and_what_came_of_it_are_tied_together(history: Path) -> None:
    put(order(), thanks())
    assert parent_of(2) == (1, "redirect")
    assert parent_of(1) is None
    assert around(2) == {"before": [1]}
    assert around(1) == {"after": [2]}


def test_the_rows_may_be_written_in_either_order(history: Path) -> None:
    put(thanks())
    assert parent_of(2) is None
    put(order())
    assert parent_of(2) == (1, "redirect")


def test_the_rows_may_be_written_by_two_processes(history: Path) -> None:
    processes.run(
        """
        from tests.history.test_links import order
        writer.put(order)
        assert writer.flush(10)
        """,
        history,
    )
    put(thanks())
    assert parent_of(2) == (1, "redirect")


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize(("at", "is_tied"), [(0.0, True), (0.04, True), (10, True), (10.1, False)])
def test_a_redirect_is_followed_within_ten_seconds(
    history: Path, settings: Any, use_tz: bool, at: float, is_tied: bool
) -> None:
    settings.USE_TZ = use_tz
    put(order(), thanks(at=at))
    assert (parent_of(2) == (1, "redirect")) is is_tied
    assert ("after" in around(1)) is is_tied


def test_the_ten_seconds_begin_when_the_redirect_leaves(history: Path) -> None:
    put(order(duration_ns=30 * 10**9), thanks(at=39), thanks(3, at=39.5))
    assert parent_of(2) == (1, "redirect")
    assert parent_of(3) is None


def test_what_was_asked_for_while_the_redirect_was_made_did_not_come_of_it(history: Path) -> None:
    put(order(duration_ns=10**9), thanks(2, at=0.5), thanks(3, at=1.1))
    assert parent_of(2) is None
    assert parent_of(3) == (1, "redirect")


def test_who_loads_the_final_page_again_was_not_redirected_again(history: Path) -> None:
    put(order(), thanks(2), thanks(3, at=1), thanks(4, at=2))
    assert [parent_of(number) for number in (2, 3, 4)] == [(1, "redirect"), None, None]
    assert around(1) == {"after": [2]}
    assert around(3) == {}


def test_each_of_two_redirects_is_taken_once(history: Path) -> None:
    put(order(1), thanks(2, at=0.1), order(3, at=1), thanks(4, at=1.1), thanks(5, at=1.2))
    assert [parent_of(number) for number in (2, 4, 5)] == [(1, "redirect"), (3, "redirect"), None]


def test_a_form_that_was_sent_twice_led_to_the_page_once(history: Path) -> None:
    put(order(1), order(2, at=0.05), thanks(3, at=0.2))
    assert parent_of(3) == (2, "redirect")
    assert around(1) == {}


def test_two_that_are_open_are_taken_by_two(history: Path) -> None:
    put(order(1), order(2, at=0.05), thanks(3, at=0.2), thanks(4, at=0.2))
    assert {parent_of(3), parent_of(4)} == {(1, "redirect"), (2, "redirect")}
    assert around(1) == {"after": [4]}
    assert around(2) == {"after": [3]}


@pytest.mark.parametrize(
    "other", [{"address": "10.0.0.9 port 1"}, {"headers": {"User-Agent": "Another/1"}}]
)
def test_two_clients_at_once_are_not_mixed(history: Path, other: dict[str, Any]) -> None:
    put(order(1), order(2, **other), thanks(3), thanks(4, **other), thanks(5, **other))
    assert [parent_of(number) for number in (3, 4, 5)] == [(1, "redirect"), (2, "redirect"), None]
    assert around(1) == {"after": [3]}


def test_another_address_and_another_method_did_not_come_of_it(history: Path) -> None:
    put(order(), make(2, "GET", "/thanks/?again=1", 0.1), make(3, "POST", "/thanks/", 0.1))
    assert parent_of(2) is None
    assert parent_of(3) is None
    assert around(1) == {}


def test_a_chain_of_redirects_is_told_as_a_whole(history: Path) -> None:
    put(
        make(1, "POST", "/a/", 0, status=303, location="/b/"),
        make(2, "GET", "/b/", 0.1, status=302, location="/c/"),
        make(3, "GET", "/c/", 0.2, status=301, location="/d/"),
        make(4, "GET", "/d/", 0.3),
    )
    assert around(4) == {"before": [1, 2, 3]}
    assert around(2) == {"before": [1], "after": [3, 4]}
    assert around(1) == {"after": [2, 3, 4]}
    assert parent_of(3) == (2, "redirect")


def test_a_page_that_redirects_to_itself_is_no_endless_chain(history: Path) -> None:
    loop = {"status": 302, "location": "/a/"}
    put(*(make(number, "GET", "/a/", number / 10, **loop) for number in range(1, 31)))
    assert parent_of(1) is None
    assert [parent_of(number) for number in (2, 30)] == [(1, "redirect"), (29, "redirect")]
    assert len(around(30)["before"]) == 20
    assert len(around(1)["after"]) == 20


def test_a_redirect_that_is_no_longer_kept_caused_nothing(history: Path) -> None:
    put(order(), thanks())
    Cycle.objects.filter(pk=make_id(1)).delete()
    assert parent_of(2) is None
    assert around(2) == {}


def test_a_cycle_that_cannot_be_read_takes_no_redirect(history: Path) -> None:
    put(order(), thanks(2), thanks(3, at=0.2))
    Cycle.objects.filter(pk=make_id(2)).update(document=b"damaged")
    assert parent_of(3) == (1, "redirect")
    with pytest.raises(codec.UnreadableCycle):
        reader.get(make_id(2))


# Fetches


def fetch(page: int, *numbers: int) -> None:
    writer.put_beacon(make_id(page), {"load_ns": 1}, tuple(ids(*numbers)))
    assert writer.flush(10)


def test_a_fetch_has_its_page_for_a_parent(history: Path) -> None:
    put(make(1, "GET", "/page/", 0), make(2, "GET", "/api/", 1), make(3, "GET", "/api/", 2))
    fetch(1, 3, 2)
    assert parent_of(2) == parent_of(3) == (1, "fetch")
    assert parent_of(1) is None
    assert around(1) == {"fetched": [2, 3]}
    assert around(2) == {"page": [1]}


def test_a_fetch_may_be_told_before_its_cycle_is_kept(history: Path) -> None:
    fetch(1, 2)
    put(make(2, "GET", "/api/", 1))
    assert parent_of(2) == (1, "fetch")
    assert around(2) == {}
    put(make(1, "GET", "/page/", 0))
    assert around(2) == {"page": [1]}


def test_a_cycle_inside_another_cannot_be_claimed_by_a_page(history: Path) -> None:
    put(make(1, "GET", "/page/", 0), make(2, "GET", "/outer/", 1))
    put(make(3, "GET", "/inner/", 1, parent=make_id(2), cause="inside"))
    fetch(1, 3)
    assert parent_of(3) == (2, "inside")
    assert around(1) == {}
    assert around(2) == {"inside": [3]}
    assert reader.latest() == make_id(2)


def test_a_fetch_that_was_redirected_has_both(history: Path) -> None:
    """The browser knows the last one of the chain only."""
    put(make(1, "GET", "/page/", 0), order(2, at=1), thanks(3, at=1.1))
    fetch(1, 3)
    assert parent_of(3) == (2, "redirect")
    assert parent_of(2) == (1, "fetch")
    assert around(3) == {"page": [1], "before": [2]}
    assert around(2) == {"page": [1], "after": [3]}


def test_many_fetches_are_listed_up_to_a_limit(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_MOST_FETCHED", 2)
    put(*(make(number, "GET", "/page/", 0) for number in range(1, 6)))
    fetch(1, 2, 3, 4, 5)
    found = reader.links_of(make(1, "GET", "/page/", 0))
    assert (len(found.fetched), found.fetched_count) == (2, 4)


# Lists


def test_the_causes_of_a_list_are_those_of_its_cycles(history: Path) -> None:
    put(order(), thanks(), make(3, "GET", "/api/", 1), make(4, "GET", "/alone/", 2))
    put(make(5, "GET", "/inner/", 3, parent=make_id(4), cause="inside"))
    fetch(2, 3, 5)
    found = reader.causes_of(reader.recent(10))
    assert found == {
        make_id(2): Cause(kind="redirect", parent=make_id(1)),
        make_id(3): Cause(kind="fetch", parent=make_id(2)),
        make_id(5): Cause(kind="inside", parent=make_id(4)),
    }


def test_the_cause_may_stand_outside_of_the_list(history: Path) -> None:
    put(order(), thanks())
    assert reader.causes_of(reader.recent(1))[make_id(2)].parent == make_id(1)


def test_an_empty_list_has_no_causes(history: Path) -> None:
    assert reader.causes_of([]) == {}


def test_times_without_a_zone_are_compared_as_they_are_kept(history: Path, settings: Any) -> None:
    settings.USE_TZ = False
    put(order(), thanks())
    row = Cycle.objects.get(pk=make_id(2))
    assert isinstance(row.started_at, datetime)
    assert row.started_at.tzinfo is None
    assert reader.causes_of([row])[make_id(2)].kind == "redirect"


# The one before, to compare with


def seen_by(number: int, view: str, method: str = "GET", path: str = "/books/") -> records.Cycle:
    cycle = make(number, method, path, at=number)
    facts = {"name": view} if view else {}
    stages = tuple(
        make_stage(Stage.VIEW, facts=facts) if one.stage is Stage.VIEW else one
        for one in cycle.stages
    )
    return replace(cycle, stages=stages)


def earlier_of(number: int) -> int | None:
    cycle = reader.get(make_id(number))
    assert cycle is not None
    earlier = reader.links_of(cycle).earlier
    return None if earlier is None else int(earlier.id[-12:])


def test_cycle_before_is_the_newest_of_the_same_view_and_method(history: Path) -> None:
    put(
        seen_by(1, "shop.views.book", path="/books/1/"),
        seen_by(2, "shop.views.book", path="/books/2/"),
        seen_by(3, "shop.views.book", "POST"),
        seen_by(4, "shop.views.author"),
        seen_by(5, "shop.views.book", path="/books/3/"),
        seen_by(6, "shop.views.book"),
    )

    assert earlier_of(5) == 2


def test_first_cycle_of_a_view_has_none_before(history: Path) -> None:
    put(seen_by(1, "shop.views.author"), seen_by(2, "shop.views.book"))

    assert earlier_of(2) is None


def test_without_a_view_it_is_the_path_that_counts(history: Path) -> None:
    put(seen_by(1, "", path="/no/"), seen_by(2, "", path="/nor/"), seen_by(3, "", path="/no/"))

    assert earlier_of(3) == 1


def test_pin_is_known(history: Path) -> None:
    put(seen_by(1, "shop.views.book"))
    cycle = reader.get(make_id(1))
    assert cycle is not None

    assert reader.links_of(cycle).is_pinned is False
    Cycle.objects.update(pinned=True)
    assert reader.links_of(cycle).is_pinned is True
