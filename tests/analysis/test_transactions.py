"""Savepoints in a loop, and what went on after an error."""

from __future__ import annotations

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.transactions import find
from cycle_inspector.records import Finding
from tests.factories import MS, make_cycle, make_event, make_frame, make_query


def of_savepoints(count: int, *, is_project: bool = True) -> list[Finding]:
    frames = (make_frame(is_project=is_project),)
    queries = tuple(
        make_query(
            id=at, sql=f'{words} "s{at // 2}"', is_transaction=True, frames=frames, duration_ns=MS
        )
        for at, words in enumerate(["SAVEPOINT", "RELEASE SAVEPOINT"] * count)
    )
    return list(find(make_cycle(queries=queries), Thresholds()))


def test_finds_savepoints_in_a_loop() -> None:
    (finding,) = of_savepoints(20)
    assert (finding.code, finding.count, finding.cost_ns) == ("CI203", 20, 40 * MS)
    assert finding.evidence[:2] == (0, 2)


def test_does_not_find_some_savepoints_or_those_of_others() -> None:
    assert of_savepoints(19) == []
    assert of_savepoints(50, is_project=False) == []


def after_an_error(name: str, error: str | None) -> list[Finding]:
    queries = (make_query(id=1, error=error, start_ns=MS), make_query(id=2, start_ns=2 * MS))
    event = make_event(name=name, at_ns=3 * MS)
    return list(find(make_cycle(queries=queries, events=(event,)), Thresholds()))


def test_finds_the_query_that_broke_the_transaction() -> None:
    name = "django.db.transaction.TransactionManagementError"
    (finding,) = after_an_error(name, "IntegrityError")
    assert (finding.code, finding.evidence) == ("CI204", (1,))


def test_does_not_find_other_errors_or_a_block_without_one() -> None:
    assert after_an_error("django.db.utils.IntegrityError", "IntegrityError") == []
    assert after_an_error("django.db.transaction.TransactionManagementError", None) == []
