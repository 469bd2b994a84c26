"""Queries in groups."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import grouping
from cycle_inspector.analysis.grouping import Group
from cycle_inspector.records import HIDDEN, Cycle, TemplateLine
from tests.factories import MS, make_cycle, make_frame, make_query

SELECT = "SELECT x FROM a WHERE y = %s"


def cycle(*given: dict[str, Any]) -> Cycle:
    return make_cycle(queries=tuple(make_query(id=at, **one) for at, one in enumerate(given)))


def told(groups: list[Group]) -> list[tuple[Any, list[int]]]:
    return [(one.key, [query.id for query in one.queries]) for one in groups]


def test_every_grouping_leaves_transaction_statements_out() -> None:
    begin = {"sql": "BEGIN", "params": None, "is_transaction": True}

    for group in grouping.GROUPINGS.values():
        assert group(cycle(begin, begin)) == []


# The very same


def test_finds_statements_with_equal_parameters() -> None:
    queries = cycle(
        {"sql": SELECT, "params": (1,)},
        {"sql": SELECT, "params": (2,)},
        {"sql": SELECT, "params": (1,)},
        {"sql": "SELECT 1", "params": None},
        {"sql": "SELECT 1", "params": None},
        {"sql": "SELECT %(a)s", "params": {"a": 1, "b": 2}},
        {"sql": "SELECT %(a)s", "params": {"b": 2, "a": 1}},
    )

    assert told(grouping.by_statement(queries)) == [
        (SELECT, [0, 2]),
        ("SELECT 1", [3, 4]),
        ("SELECT %(a)s", [5, 6]),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"params": (1,)}, {"params": (2,)}),
        ({"params": (1,)}, {"params": ("1",)}),
        ({"params": (1,), "alias": "other"}, {"params": (1,)}),
        ({"params": (HIDDEN,)}, {"params": (HIDDEN,)}),
        ({"params": None}, {"params": None}),
        ({"params": None, "executions": 3}, {"params": None, "executions": 3}),
    ],
)
def test_does_not_find_statements_that_differed_or_may_have(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    queries = cycle({"sql": SELECT, **one}, {"sql": SELECT, **other})

    assert grouping.by_statement(queries) == []


# The others


def test_queries_of_one_shape_are_a_group() -> None:
    queries = cycle(
        {"sql": "SELECT x FROM a WHERE y IN (%s)"},
        {"sql": "SELECT 1"},
        {"sql": "SELECT x  FROM a WHERE y IN (%s, %s)"},
    )

    assert told(grouping.by_shape(queries)) == [
        ("SELECT x FROM a WHERE y IN (...)", [0, 2]),
        ("SELECT %s", [1]),
    ]


def test_a_query_of_two_tables_is_in_both_groups() -> None:
    queries = cycle(
        {"sql": 'SELECT 1 FROM "a" INNER JOIN "b" ON ("a"."x" = "b"."y")', "duration_ns": 3 * MS},
        {"sql": 'SELECT 1 FROM "b"', "duration_ns": MS},
        {"sql": "SELECT 1"},
    )

    groups = grouping.by_table(queries)

    assert told(groups) == [("a", [0]), ("b", [0, 1]), (None, [2])]
    assert [one.duration_ns for one in groups[:2]] == [3 * MS, 4 * MS]
    assert [one.count for one in groups] == [1, 2, 1]


def test_a_name_is_read_as_its_database_reads_it() -> None:
    sql = 'SELECT "FROM x" FROM `b`'

    assert told(grouping.by_table(cycle({"sql": sql, "vendor": "mysql"}))) == [("b", [0])]


def test_queries_of_one_line_are_a_group() -> None:
    library = make_frame(path="/env/site-packages/lib.py", is_project=False)
    first, second = make_frame(line=1), make_frame(line=2)
    queries = cycle(
        {"frames": (library, first)},
        {"frames": (second, first)},
        {"frames": (first, second)},
        {"frames": (library,)},
    )

    assert told(grouping.by_caller(queries)) == [(first, [0, 2]), (second, [1]), (None, [3])]


def test_queries_of_one_template_line_are_a_group() -> None:
    line = TemplateLine(name="a.html", line=3)
    queries = cycle({"template": line}, {"template": None}, {"template": TemplateLine("a.html", 3)})

    assert told(grouping.by_template(queries)) == [(line, [0, 2]), (None, [1])]


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ({"params": (1,)}, True),
        ({"sql": "SELECT 1", "params": None}, True),
        ({"params": None}, False),
        ({"sql": "SELECT %(a)s", "params": None}, False),
        ({"params": None, "executions": 2}, False),
    ],
)
def test_a_record_is_whole_with_the_parameters_that_its_statement_took(
    given: dict[str, Any], whole: bool
) -> None:
    assert grouping.is_whole(make_query(**{"sql": SELECT, **given})) is whole
