"""Errors in the log, mail inside of a transaction, keys that are never found."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.side_effects import find
from cycle_inspector.records import Event, Finding
from tests.factories import MS, make_cycle, make_event, make_query


def found(*events: Event, **given: Any) -> list[Finding]:
    return list(find(make_cycle(events=events, **given), Thresholds()))


def log(level: str, name: str = "shop.orders") -> Event:
    return make_event(kind="log", name=name, attributes={"level": level, "message": "no stock"})


@pytest.mark.parametrize("level", ["ERROR", "CRITICAL"])
def test_finds_an_error_in_the_log(level: str) -> None:
    (finding,) = found(log(level))
    assert (finding.code, finding.title) == ("CI601", "Logged as an error: no stock")
    assert finding.caller is not None


def test_does_not_find_lesser_records_or_what_an_exception_tells() -> None:
    assert found(log("WARNING"), log("INFO")) == []
    assert found(make_event(), log("ERROR", "django.request")) == []


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


def cache(name: str, key: str = "rates", **given: Any) -> Event:
    return make_event(kind="cache", name=name, attributes={"alias": "a", "keys": [key], **given})


def test_finds_a_key_that_is_never_found() -> None:
    (finding,) = found(*[cache("get", misses=1, hits=0)] * 3)
    assert (finding.code, finding.count) == ("CI701", 3)
    assert "'rates'" in finding.title


def test_does_not_find_a_key_that_is_set_or_seldom_asked_for() -> None:
    miss = cache("get", misses=1, hits=0)
    assert found(miss, miss) == []
    assert found(miss, miss, miss, cache("set")) == []
    assert found(miss, miss, cache("get", "other", misses=1), cache("get", hits=1, misses=0)) == []
