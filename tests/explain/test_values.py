"""The parameters that a query is explained with, and those with which it is not."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pytest

from cycle_inspector.collectors._statements import params_of
from cycle_inspector.explain import values
from cycle_inspector.explain.statements import Refused
from cycle_inspector.records import HIDDEN
from tests.factories import make_query


def given(*params: Any, **more: Any) -> Any:
    return values.given(make_query(params=params_of(params, frozenset()), **more))


def test_values_of_json_and_texts_of_standard_types_are_given_as_they_were_kept() -> None:
    day, number = datetime.date(2026, 2, 3), uuid.UUID(int=7)

    kept = given(1, None, True, 1.5, "it's <b>", day, decimal.Decimal("1.50"), number)

    assert kept == (1, None, True, 1.5, "it's <b>", "2026-02-03", "1.50", str(number))


def test_parameters_by_name_keep_their_names_and_none_stay_none() -> None:
    assert values.given(make_query(params={"a": 7})) == {"a": 7}
    assert values.given(make_query(sql="SELECT 1", params=None)) is None
    assert values.given(make_query(params=())) == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (HIDDEN, "secret"),
        ('{"password": "x"}', "secret"),
        ("x" * 2_001, "too long"),
        (object(), "only its type"),
        (b"\xff", "bytes"),
        (b"x" * 1_000, "too long"),
        (2**60, "53 bits"),
        (-(2**60), "53 bits"),
        (list(range(101)), "too long"),
        ({"a": ["x" * 2_001]}, "too long"),
        ([HIDDEN], "secret"),
    ],
)
def test_what_was_not_kept_whole_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        given(value, vendor="postgresql")


def test_a_collection_is_given_to_postgresql_alone() -> None:
    assert given([1, 2], {"a": 1}, vendor="postgresql") == ([1, 2], '{"a": 1}')
    with pytest.raises(Refused, match="collection"):
        given([1, 2], vendor="sqlite")


def test_a_query_over_the_soft_limit_is_refused() -> None:
    with pytest.raises(Refused, match="were not kept"):
        values.given(make_query(params=None))


def test_of_several_sets_of_parameters_none_is_taken() -> None:
    with pytest.raises(Refused, match="several sets"):
        given(1, executions=2)
