"""All rules together: their order, and what they cost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cycle_inspector.analysis import RULES, Ignore, Rule, Thresholds, analyse, judge
from cycle_inspector.records import Cycle, Finding, Severity
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    with_repeated_queries,
)


def page_with(count: int) -> Cycle:
    """Return a cycle with loops, duplicates, distinct statements and writes."""
    frames = tuple(make_frame(line=line) for line in range(12))
    return make_cycle(
        queries=tuple(
            make_query(
                id=at,
                sql=(
                    f'SELECT "a{at % 400}" FROM "t" WHERE "id" = %s',
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
    codes = [code.code for rule in RULES for code in rule.codes]
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


def calls_for(cycle: Cycle) -> int:
    """Return how many functions are called to judge `cycle`, those of C included."""
    counted = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    analyse(cycle, Thresholds())  # what is cached is so from now on
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        analyse(cycle, Thresholds())
    finally:
        sys.setprofile(before)
    return counted


def test_work_grows_no_faster_than_the_queries() -> None:
    few, some, many = (calls_for(page_with(count)) for count in (100, 1_000, 10_000))
    assert some < few * 10 * 1.2
    assert many < some * 10 * 1.2


def test_thousand_queries_take_few_calls() -> None:
    # 10 ms are some 100,000 calls; how long they take depends on the machine.
    assert calls_for(page_with(1_000)) < 60_000


# Rules of a project's own


def find_one(cycle: Cycle, thresholds: Thresholds) -> Iterator[Finding]:
    yield make_finding(code="SHOP1", severity=Severity.ERROR)


def fail(cycle: Cycle, thresholds: Thresholds) -> Iterator[Finding]:
    yield make_finding(code="SHOP2")
    raise ZeroDivisionError


def yield_text(cycle: Cycle, thresholds: Thresholds) -> Iterator[Any]:
    yield "no finding"


def test_findings_of_added_rules_stand_among_the_others() -> None:
    cycle = with_repeated_queries(make_cycle(), 5)
    judged = judge(cycle, {}, rules=[Rule(find_one, ())])
    assert [one.code for one in judged.findings] == ["SHOP1", "CI101"]
    assert judged.failed_rules == ()


@pytest.mark.parametrize("function", [fail, yield_text])
def test_a_rule_that_fails_is_named_and_costs_the_others_nothing(
    function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cycle = with_repeated_queries(make_cycle(), 5)
    judged = judge(cycle, {}, rules=[Rule(function, ()), Rule(find_one, ())])
    assert [one.code for one in judged.findings] == ["SHOP1", "CI101"]
    assert judged.failed_rules == (f"{__name__}.{function.__name__}",)
    assert f"The rule {__name__}.{function.__name__} failed on cycle" in caplog.text


def test_silenced_findings_are_counted() -> None:
    cycle = with_repeated_queries(make_cycle(), 5)
    judged = judge(cycle, {}, rules=[Rule(find_one, ())], ignore=[Ignore(code="CI101")])
    assert [one.code for one in judged.findings] == ["SHOP1"]
    assert judged.silenced_count == 1
