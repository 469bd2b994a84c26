"""Thresholds as they stand in the settings."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds


def test_upper_case_names_set_thresholds() -> None:
    given = {"SLOW_QUERY_MS": 5, "REPEATED_QUERIES": 9, "DUPLICATE_QUERIES": 0}
    assert Thresholds.of(given) == Thresholds(
        slow_query_ms=5, repeated_queries=9, duplicate_queries=0
    )


@pytest.mark.parametrize("value", [-1, 1.5, "5", None, True, [5]])
def test_what_is_no_count_is_left_out(value: Any) -> None:
    assert Thresholds.of({"SLOW_QUERY_MS": value, "REPEATED_QUERIES": 9}) == Thresholds(
        repeated_queries=9
    )


@pytest.mark.parametrize("name", ["SLOW", "slow_query_ms", "", 7])
def test_unknown_name_is_left_out(name: Any) -> None:
    assert Thresholds.of({name: 5}) == Thresholds()
