"""What several rules ask of a query."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._queries import key_of_params, place_of, reads
from cycle_inspector.records import HIDDEN, TemplateLine
from tests.factories import make_frame, make_query


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1", "\n ((select 1))", "/* a */ -- b\n SELECT 1", "WITH x AS (SELECT 1) SELECT 1"],
)
def test_statement_reads(sql: str) -> None:
    assert reads(make_query(sql=sql))


@pytest.mark.parametrize(
    "sql",
    ["", "UPDATE t", "SELECTED", "/* SELECT", "-- SELECT", "with x as (delete from t) select"],
)
def test_statement_does_not_only_read(sql: str) -> None:
    assert not reads(make_query(sql=sql))


@pytest.mark.parametrize(
    "params", [None, (), (1, "x", None, [1]), {"a": 1}, ("<",), ("a < b > c",), ("****",)]
)
def test_parameters_have_a_key(params: Any) -> None:
    assert key_of_params(params) is not None


@pytest.mark.parametrize(
    "params",
    [
        (1, HIDDEN),
        {"a": HIDDEN},
        ("<shop.models.Range>",),
        ([1, "<shop.models.Range>"],),
        ("x… (5 more characters)",),
        ("b'x'… (900 bytes)",),
    ],
)
def test_parameters_that_are_not_shown_have_none(params: Any) -> None:
    assert key_of_params(params) is None


def test_equal_stacks_and_template_lines_are_one_place() -> None:
    place = place_of()
    one, same = (make_query(frames=(make_frame(),)) for _ in range(2))
    assert one.frames is not same.frames
    assert place(one) == place(same)
    assert place(one) != place(make_query(frames=(make_frame(line=9),)))
    assert place(one) != place(make_query(template=TemplateLine(name="a.html", line=1)))
    assert place(one) != place(make_query(template=None))
