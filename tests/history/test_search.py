"""Finding cycles by what a person types, on real rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.history import search
from cycle_inspector.models import Cycle, cycle_row
from tests.factories import make_cycle
from tests.history.processes import make_id

MS = 1_000_000


def keep(number: int, *, status: int = 200, **request: Any) -> None:
    Cycle.objects.create(
        **cycle_row(
            make_cycle(
                id=make_id(number),
                request={**make_cycle().request, **request},
                response={**make_cycle().response, "status": status},
                duration_ns=number * 10 * MS,
            )
        )
    )


def found(words: str) -> list[str]:
    rows = Cycle.objects.filter(search.condition(words)).order_by("id")
    return list(rows.values_list("path", flat=True))


@pytest.fixture(autouse=True)
def rows(history: Path) -> None:
    keep(1, method="GET", path="/books/")
    keep(2, method="POST", path="/orders/new/", status=302)
    keep(3, method="GET", path="/orders/404-things/", user="ada")
    keep(4, method="GET", path="/nowhere/", status=404)


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ("", ["/books/", "/orders/new/", "/orders/404-things/", "/nowhere/"]),
        ("BOOKS", ["/books/"]),
        ("orders", ["/orders/new/", "/orders/404-things/"]),
        ("orders post", ["/orders/new/"]),
        ("ada", ["/orders/404-things/"]),
        ("404", ["/orders/404-things/", "/nowhere/"]),
        ("302 orders", ["/orders/new/"]),
        ("time:>25", ["/orders/404-things/", "/nowhere/"]),
        ("time:<10.5", ["/books/"]),
        ("time:>15 time:<35 get", ["/orders/404-things/"]),
    ],
)
def test_rows_with_all_words_are_found(words: str, paths: list[str]) -> None:
    assert found(words) == paths


@pytest.mark.parametrize(
    "words",
    ["elsewhere", "books orders", "%", "_ooks", "\0", "time:>", "time:>x", "500", "x" * 60_000],
)
def test_what_no_row_has_is_not_found(words: str) -> None:
    assert found(words) == []
