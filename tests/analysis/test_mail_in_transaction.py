"""A mail before the commit."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.mail_in_transaction import find
from cycle_inspector.records import Event, Finding
from tests.factories import MS, make_cycle, make_event, make_query, make_span


def found(*events: Event, **given: Any) -> list[Finding]:
    return list(find(make_cycle(events=events, **given), Thresholds()))


def mail(at_ns: int) -> Event:
    attributes = {"subject": "Thanks", "duration_ns": 5 * MS}
    return make_event(kind="mail", name="Thanks", at_ns=at_ns, attributes=attributes)


def transaction(end: str = "COMMIT") -> tuple[Any, ...]:
    return tuple(
        make_query(id=at, sql=sql, is_transaction=True, start_ns=at * 10 * MS)
        for at, sql in enumerate(("BEGIN", 'SAVEPOINT "a"', 'ROLLBACK TO SAVEPOINT "a"', end))
    )


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_finds_a_mail_before_the_end_of_the_transaction(end: str) -> None:
    (finding,) = found(mail(25 * MS), queries=transaction(end))
    assert (finding.code, finding.cost_ns) == ("CI602", 5 * MS)


def test_does_not_find_a_mail_after_the_commit_or_without_one() -> None:
    assert found(mail(31 * MS), queries=transaction()) == []
    assert found(mail(25 * MS)) == []


def test_does_not_find_a_mail_of_another_thread() -> None:
    beside = make_span(id=4, thread="Thread-1")
    assert found(mail(25 * MS), queries=transaction(), spans=(beside,)) == []
    within = make_span(id=4)
    assert len(found(mail(25 * MS), queries=transaction(), spans=(within,))) == 1
