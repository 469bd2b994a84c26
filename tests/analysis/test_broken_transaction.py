"""What went on after an error."""

from __future__ import annotations

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.broken_transaction import find
from cycle_inspector.records import Finding
from tests.factories import MS, make_cycle, make_event, make_query


def after_an_error(name: str, error: str | None, then: str | None = None) -> list[Finding]:
    queries = (
        make_query(id=1, error=error, start_ns=MS),
        make_query(id=2, error=then, start_ns=2 * MS),
    )
    event = make_event(name=name, at_ns=3 * MS)
    return list(find(make_cycle(queries=queries, events=(event,)), Thresholds()))


def test_finds_the_query_that_broke_the_transaction() -> None:
    name = "django.db.transaction.TransactionManagementError"
    (finding,) = after_an_error(name, "IntegrityError")
    assert (finding.code, finding.evidence) == ("CI204", (1,))


def test_finds_it_rather_than_the_query_that_was_refused() -> None:
    refused = "TransactionManagementError: An error occurred in the current transaction."
    (finding,) = after_an_error(
        "django.db.transaction.TransactionManagementError", "IntegrityError: UNIQUE", refused
    )
    assert finding.evidence == (1,)


def test_finds_what_a_database_refuses_in_its_own_words() -> None:
    refused = "InternalError: current transaction is aborted"
    (finding,) = after_an_error("django.db.utils.InternalError", "ProgrammingError: x", refused)
    assert finding.evidence == (1,)


def test_does_not_find_an_internal_error_of_another_kind() -> None:
    assert after_an_error("django.db.utils.InternalError", "ProgrammingError: x") == []


def test_does_not_find_other_errors_or_a_block_without_one() -> None:
    assert after_an_error("django.db.utils.IntegrityError", "IntegrityError") == []
    assert after_an_error("django.db.transaction.TransactionManagementError", None) == []
