"""Finding cycles of the history: by their columns, and by what is inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.analysis.search import BadSearch
from cycle_inspector.history import lookup
from cycle_inspector.models import Cycle, cycle_row
from tests.factories import MS, make_cycle, make_finding, make_query
from tests.history.processes import make_id


def keep(number: int, **given: Any) -> None:
    cycle = make_cycle(**{"queries": (), "events": (), "findings": (), **given}, id=make_id(number))
    Cycle.objects.create(**cycle_row(cycle))


def found(text: str) -> list[int]:
    rows = lookup.look_up(Cycle.objects.all(), text).rows
    numbers = {make_id(number): number for number in range(1, 10)}
    return sorted(numbers[row.id] for row in rows)


@pytest.fixture
def three(history: Path) -> None:
    request, response = make_cycle().request, make_cycle().response
    keep(1, request={**request, "path": "/books/"}, duration_ns=20 * MS)
    keep(
        2,
        request={**request, "path": "/orders/", "method": "POST"},
        response={**response, "status": 503},
        findings=(make_finding(code="CI103"),),
        duration_ns=200 * MS,
    )
    keep(
        3,
        request={**request, "path": "/books/7/"},
        response={**response, "status": 404},
        queries=(
            make_query(id=1, sql='SELECT "id" FROM "shop_book"', duration_ns=12 * MS),
            make_query(id=2, sql='INSERT INTO "shop_order" VALUES (1)', duration_ns=1 * MS),
        ),
        duration_ns=50 * MS,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3]),
        ("BOOKS", [1, 3]),
        ("path:orders", [2]),
        ("method:post", [2]),
        ("books get", [1, 3]),
        ("404", [3]),
        ("503 orders", [2]),
        ("%", []),
        ("_ooks", []),
        ("\0", []),
        ("500", []),
        ("time:>30 time:<100", [3]),
        ("status:404", [3]),
        ("status:5xx", [2]),
        ("status:>=400", [2, 3]),
        ("code:ci103", [2]),
        ("ci103", [2]),
        ("time:>100", [2]),
        ("time:<50", [1]),
        ("time:<999999999s", [1, 2, 3]),
        ("books status:404", [3]),
        ("sql:insert", [3]),
        ("table:shop_book", [3]),
        ("stage:database", [3]),
        ("file:nowhere.py", []),
    ],
)
def test_each_key_finds_its_own(three: None, text: str, expected: list[int]) -> None:
    assert found(text) == expected


def test_beside_what_is_inside_a_time_is_that_of_the_same_thing(three: None) -> None:
    assert found("sql:select time:>10") == [3]
    assert found("sql:insert time:>10") == []


def test_a_status_that_is_none_is_said(history: Path) -> None:
    with pytest.raises(BadSearch, match="status:5x is no status"):
        lookup.look_up(Cycle.objects.all(), "status:5x")


def test_only_the_newest_are_read(three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MOST_READ", 3)
    assert not lookup.look_up(Cycle.objects.all(), "sql:insert").is_cut
    monkeypatch.setattr(lookup, "MOST_READ", 2)
    assert lookup.look_up(Cycle.objects.all(), "sql:insert").is_cut
    assert not lookup.look_up(Cycle.objects.all(), "books").is_cut


def test_a_document_that_cannot_be_read_is_passed_over(three: None) -> None:
    Cycle.objects.filter(id=make_id(1)).update(document=b"torn")

    assert found("sql:insert") == [3]
