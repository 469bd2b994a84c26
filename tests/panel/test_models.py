"""The models stage in the panel: what its tables say."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import models, pages
from cycle_inspector.records import Cycle, Stage
from tests.factories import make_cycle, make_query, make_stage
from tests.panel.sample import HOSTILE

CALLER = {"path": "/srv/shop/views.py", "line": 22, "function": "books", "is_project": True}
LOAD = {"model": "shop.Book", "kind": "objects", "rows": 30, "times": 1, "queries": [11]}
PREFETCH = {
    "model": "shop.Author",
    "lookup": "books",
    "times": 1,
    "parents": 10,
    "children": 40,
    "duration_ns": 1_000_000,
    "queries": [12],
    "own_queryset": False,
    "used": True,
    "bypassed": 0,
}
CHANGE = {
    "what": "save",
    "model": "shop.Order",
    "times": 1,
    "rows": 1,
    "queries": [13],
    "query_count": 1,
    "query_ns": 1,
    "duration_ns": 1_000_000,
}


def cycle_of(**facts: Any) -> Cycle:
    queries = tuple(make_query(id=number, is_transaction=number == 10) for number in range(10, 20))
    return make_cycle(queries=queries, stages={Stage.MODELS: make_stage(Stage.MODELS, facts=facts)})


def shown(**facts: Any) -> str:
    return pages.stage(cycle_of(**facts), Stage.MODELS)


def context(**facts: Any) -> dict[str, Any]:
    return models.context(cycle_of(**facts))


def words_of_load(**given: Any) -> list[str]:
    [line] = context(loads=[{**LOAD, "ways": ["iter"], **given}])["loads"]
    return list(line.words)


@pytest.mark.parametrize(
    ("ids", "count", "said"),
    [
        ([11], 1, "#1"),
        ([11, 12, 13], 3, "#1, #2, #3"),
        ([11, 12, 13, 14], 4, "#1 and 3 more"),
        ([11, 12], 500, "#1 and 499 more"),
        ([99], 1, ""),
        ([], 0, ""),
    ],
)
def test_queries_go_by_their_numbers_in_the_list(ids: list[int], count: int, said: str) -> None:
    # The first of these, a BEGIN, has none.
    numbers = {one.id: number for number, one in enumerate(cycle_of().statements, start=1)}

    assert models.numbered(ids, count, numbers) == said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ways": ["iter", "len"], "taken": 30}, ["asked for by a loop and its length"]),
        ({"ways": ["len"], "taken": 0}, ["asked for by its length", "no row was looked at"]),
        ({"limited": True}, ["asked for by a loop", "with a limit, as a slice has"]),
        ({"limited": True, "ways": ["get"]}, ["asked for by get()"]),
        ({"taken": 5}, ["asked for by a loop", "5 of 30 were looked at"]),
        ({"ways": [], "for": "prefetch"}, ["for a prefetch"]),
        ({"ways": ["get"], "for": "lazy"}, ["for a field that was loaded late"]),
        ({"ways": ["bool"], "for": "delete"}, ["for delete()"]),
        ({"ways": [], "kind": "raw"}, ["by raw()"]),
        ({"ways": ["bool", "exists"]}, ["asked for by an if and exists()"]),
        (
            {"asked": [["count", 12]]},
            ["asked for by a loop", "count() of the same queryset before, #2"],
        ),
        (
            {"related": [["author", "shop.Author", 12], ["cover", "shop.Cover", None]]},
            ["asked for by a loop", "with author: 12 shop.Author", "with cover: shop.Cover"],
        ),
        ({"deferred": ["blurb", "isbn"]}, ["asked for by a loop", "without blurb, isbn"]),
    ],
)
def test_a_load_is_told_in_words(given: dict[str, Any], words: list[str]) -> None:
    assert words_of_load(**given) == words


def test_a_load_shows_its_line_and_its_query() -> None:
    html = shown(loads=[{**LOAD, "ways": ["iter"], "caller": CALLER}])

    assert "srv/shop/views.py:22" in html
    assert "query #1 · " in html
    assert "rows without objects" not in html
    assert "rows without objects" in shown(loads=[{**LOAD, "ways": [], "kind": "values"}])


def test_a_lazy_load_names_the_lines_and_what_deferred_it() -> None:
    lazy = {
        "field": "shop.Book.blurb",
        "kind": "column",
        "count": 40,
        "duration_ns": 1,
        "queries": [12, 13],
        "places": [
            {"template": {"name": "list.html", "line": 7}, "count": 38},
            {"caller": CALLER, "count": 2},
        ],
        "deferred_by": [11],
    }

    html = shown(lazy=[["shop.Book.blurb", 40]], lazy_loads=[lazy])

    assert "left out by only() or defer() of #1" in html
    assert "list.html:7</span> × 38" in html
    assert "× 2" in html
    assert html.count("Loaded lazily, when first asked for") == 1


def test_cycles_of_before_show_their_lazy_loads_as_they_did() -> None:
    assert "shop.Book.author" in shown(lazy=[["shop.Book.author", 4]])


@pytest.mark.parametrize(
    ("used", "said"),
    [(True, "<td>yes</td>"), (False, "by nobody"), (None, "not known")],
)
def test_a_prefetch_says_whether_it_was_read(used: bool | None, said: str) -> None:
    html = shown(prefetches=[{**PREFETCH, "used": used}])

    assert "shop.Author.books" in html
    assert [one in html for one in ("<td>yes</td>", "by nobody", "not known")].count(True) == 1
    assert said in html


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ()),
        (
            {"own_queryset": True, "to_attr": "recent"},
            ("with a queryset of its own", "into recent"),
        ),
        (
            {"bypassed": 10, "bypassed_by": [13, 14, 15, 16]},
            ("10 queries asked for the same relation again: #3 and 9 more",),
        ),
        ({"bypassed": None}, ()),
        ({"peers": True}, ("by FETCH_PEERS, when one of them was asked for",)),
    ],
)
def test_a_prefetch_is_told_in_words(given: dict[str, Any], words: tuple[str, ...]) -> None:
    [line] = context(prefetches=[{**PREFETCH, **given}])["prefetches"]

    assert line.words == words


@pytest.mark.parametrize(
    ("given", "title", "chips"),
    [
        ({"created": True}, "shop.Order created", ()),
        ({"created": False}, "shop.Order updated", ()),
        ({"failed": 1}, "shop.Order not saved", ("failed",)),
        ({"created": True, "times": 3, "failed": 1}, "shop.Order created", ("1 failed",)),
        ({"created": True, "fixture": True}, "shop.Order created", ("fixture",)),
        ({"what": "get_or_create", "created": True}, "shop.Order get_or_create()", ("created",)),
        ({"what": "get_or_create", "created": False}, "shop.Order get_or_create()", ("found",)),
        ({"what": "bulk_create"}, "shop.Order bulk_create()", ()),
        ({"what": "add", "relation": "shop.Book.genres"}, "shop.Book.genres.add()", ()),
    ],
)
def test_a_change_is_named_with_its_outcome(
    given: dict[str, Any], title: str, chips: tuple[str, ...]
) -> None:
    [line] = context(changes=[{**CHANGE, **given}])["changes"]

    assert (line.title, line.chips) == (title, chips)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fields": ["name", "price"]}, ("of name, price",)),
        ({"given": 3}, ("3 given, some of which may have been left out",)),
        (
            {
                "what": "delete",
                "deleted": [["shop.Order", 1, "collected"], ["shop.Line", 4, "one statement"]],
                "set_fields": ["shop.Bill.order"],
                "by_database": [["shop.Hint.order", "CASCADE"]],
            },
            (
                "1 shop.Order",
                "4 shop.Line by one statement, not loaded",
                "shop.Bill.order set",
                "shop.Hint.order: CASCADE by the database itself, not counted",
            ),
        ),
    ],
)
def test_a_change_is_told_in_words(given: dict[str, Any], words: tuple[str, ...]) -> None:
    [line] = context(changes=[{**CHANGE, **given}])["changes"]

    assert line.words == words


def test_what_a_change_caused_stands_below_it() -> None:
    changes = [
        {**CHANGE, "created": True},
        {**CHANGE, "what": "update"},
        {**CHANGE, "model": "shop.Log", "created": True, "inside": 0},
        {**CHANGE, "model": "shop.Mail", "created": True, "inside": 2},
    ]

    lines = context(changes=changes)["changes"]

    assert [(one.title, one.depth) for one in lines] == [
        ("shop.Order created", 0),
        ("shop.Log created", 1),
        ("shop.Mail created", 2),
        ("shop.Order update()", 0),
    ]


def test_a_stage_without_anything_says_so_quietly() -> None:
    assert "No object was loaded, saved or deleted." in shown()
    assert "No object was loaded" not in shown(rows=[["shop.Book", 3]])


def test_changes_that_were_only_counted_are_told() -> None:
    cycle = make_cycle(dropped={"changes": 3})

    assert "3 more changes were only counted" in pages.stage(cycle, Stage.MODELS)


def test_names_are_text() -> None:
    html = shown(
        loads=[{**LOAD, "model": HOSTILE, "ways": [HOSTILE], "deferred": [HOSTILE]}],
        prefetches=[{**PREFETCH, "lookup": HOSTILE, "to_attr": HOSTILE}],
        changes=[{**CHANGE, "model": HOSTILE, "fields": [HOSTILE]}],
    )

    assert "<script>alert" not in html
    assert "<img" not in html
