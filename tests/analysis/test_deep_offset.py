"""Deep OFFSETs."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.deep_offset import find
from cycle_inspector.records import Finding
from tests.factories import make_cycle, make_query


def found(*statements: str) -> list[Finding]:
    queries = tuple(make_query(id=10 + at, sql=sql) for at, sql in enumerate(statements))
    return list(find(make_cycle(queries=queries), Thresholds()))


def test_finds_a_deep_offset() -> None:
    (finding,) = found('SELECT "a" FROM "t" LIMIT 20 OFFSET 10000')
    assert finding.code == "CI202"
    assert finding.title.startswith("OFFSET 10000: ")


@pytest.mark.parametrize("sql", ["SELECT a FROM t LIMIT 20 OFFSET 9999", "SELECT a AS b_OFFSET"])
def test_does_not_find_a_near_offset(sql: str) -> None:
    assert found(sql) == []
