"""Savepoints in a loop."""

from __future__ import annotations

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.savepoints import find
from cycle_inspector.records import Finding
from tests.factories import MS, make_cycle, make_frame, make_query


def of_savepoints(count: int, *, is_project: bool = True, others: int = 0) -> list[Finding]:
    frames = (make_frame(is_project=is_project),)
    queries = tuple(
        make_query(
            id=at, sql=f'{words} "s{at // 2}"', is_transaction=True, frames=frames, duration_ns=MS
        )
        for at, words in enumerate(["SAVEPOINT", "RELEASE SAVEPOINT"] * count)
    )
    elsewhere = tuple(
        make_query(id=1_000 + at, sql=f'RELEASE SAVEPOINT "t{at}"', is_transaction=True)
        for at in range(others)
    )
    return list(find(make_cycle(queries=queries + elsewhere), Thresholds()))


def test_finds_savepoints_in_a_loop() -> None:
    (finding,) = of_savepoints(20)
    assert (finding.code, finding.count, finding.cost_ns) == ("CI203", 20, 40 * MS)
    assert finding.evidence[:2] == (0, 2)


def test_does_not_find_some_savepoints_or_those_of_others() -> None:
    assert of_savepoints(19) == []
    assert of_savepoints(50, is_project=False) == []


def test_cost_has_the_releases_of_these_savepoints_alone() -> None:
    (finding,) = of_savepoints(20, others=50)
    assert finding.cost_ns == 40 * MS
