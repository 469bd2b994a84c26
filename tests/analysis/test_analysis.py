"""All rules together: their order, and what they cost."""

from __future__ import annotations

import gc
import sys
import time

import pytest

from cycle_inspector.analysis import RULES, Thresholds, analyse, judge
from cycle_inspector.records import Cycle
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_frame,
    make_query,
    with_repeated_queries,
)


def milliseconds_for(cycle: Cycle) -> float:
    """Return the least of some runs: the others waited for something else."""
    times = []
    gc.disable()
    try:
        for _ in range(7):
            start = time.thread_time()
            analyse(cycle, Thresholds())
            times.append(time.thread_time() - start)
    finally:
        gc.enable()
    return min(times) * 1_000


def is_traced() -> bool:
    coverage = sys.modules.get("coverage")
    return coverage is not None and coverage.Coverage.current() is not None


def page_with(count: int) -> Cycle:
    """Return a cycle with loops, duplicates, distinct statements and writes."""
    frames = tuple(make_frame(line=line) for line in range(12))
    return make_cycle(
        queries=tuple(
            make_query(
                id=at,
                sql=(
                    f'SELECT "a{at}" FROM "t" WHERE "id" = %s',
                    'SELECT "a" FROM "t" WHERE "id" = %s',
                    'UPDATE "t" SET "a" = %s',
                    'SELECT "b" FROM "t" WHERE "id" = %s',
                )[at % 4],
                params=(at % 100,),
                frames=frames,
                duration_ns=MS * (at % 150),
            )
            for at in range(count)
        )
    )


def test_rules_have_codes_of_their_own() -> None:
    codes = [rule.CODE for rule in RULES]
    assert len(set(codes)) == len(codes)


def test_findings_come_worst_first() -> None:
    cycle = with_repeated_queries(make_cycle(events=(make_event(),)), 5, duration_ns=MS)
    cycle = with_repeated_queries(cycle, 1, sql="SELECT 1", id=1, duration_ns=900 * MS)
    codes = [finding.code for finding in analyse(cycle, Thresholds())]
    assert codes == ["CI001", "CI103", "CI101"]


def test_clean_cycle_has_no_findings() -> None:
    assert analyse(make_cycle(queries=(make_query(),)), Thresholds()) == ()


def test_judging_leaves_the_rest_of_the_cycle_alone() -> None:
    cycle = with_repeated_queries(make_cycle(), 5)
    judged = judge(cycle, {"REPEATED_QUERIES": 5})
    assert [finding.code for finding in judged.findings] == ["CI101"]
    assert judge(judged, {"REPEATED_QUERIES": 6}).findings == ()
    assert judged.queries is cycle.queries


@pytest.mark.skipif("is_traced()", reason="coverage makes it several times slower")
def test_thousand_queries_are_judged_within_ten_milliseconds() -> None:
    assert milliseconds_for(page_with(1_000)) < 10


def test_time_grows_no_faster_than_the_queries() -> None:
    few, many = milliseconds_for(page_with(500)), milliseconds_for(page_with(4_000))
    assert many < few * 8 * 2.5
