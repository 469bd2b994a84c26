"""Long IN lists."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.long_in_list import find
from cycle_inspector.records import Finding, Stage
from tests.factories import make_cycle, make_query, make_stage


def found(*statements: str) -> list[Finding]:
    queries = tuple(make_query(id=10 + at, sql=sql) for at, sql in enumerate(statements))
    return list(find(make_cycle(queries=queries), Thresholds()))


def in_list(count: int, mark: str = "%s") -> str:
    return f'SELECT "a" FROM "t" WHERE "t"."id" IN ({", ".join([mark] * count)})'


@pytest.mark.parametrize("mark", ["%s", "?"])
def test_finds_a_long_list_once_for_a_line(mark: str) -> None:
    (finding,) = found(in_list(1_000, mark), in_list(1_200, mark))
    assert (finding.code, finding.count, finding.evidence) == ("CI201", 2, (10, 11))
    assert finding.title == "A list of 1200 values in one statement"


def test_does_not_find_a_shorter_list_or_many_columns() -> None:
    columns = ", ".join(f'"t"."column_{at}"' for at in range(1_000))
    assert found(in_list(999), f"SELECT {columns} FROM t WHERE id IN (%s, %s)") == []


def test_does_not_find_the_list_of_a_prefetch_or_of_a_write() -> None:
    prefetch = make_stage(Stage.MODELS, facts={"prefetches": [{"queries": [10]}]})
    queries = tuple(make_query(id=at, sql=in_list(1_000)) for at in (10, 11))
    cycle = make_cycle(queries=queries, stages={Stage.MODELS: prefetch})
    assert list(find(cycle, Thresholds())) == []
    assert found(in_list(1_000).replace('SELECT "a"', "DELETE")) == []
