"""A block that goes on after an error, on a database that minds and on one that does not."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError, connections, transaction

from cycle_inspector import record
from tests.proof.models import Book


def test_the_query_that_broke_the_transaction_is_found_where_the_next_one_is_refused(
    shop: str,
) -> None:
    with suppress(DatabaseError), record() as recording, transaction.atomic(using=shop):
        with suppress(DatabaseError), connections[shop].cursor() as cursor:
            cursor.execute("SELECT nothing_of_the_kind FROM proof_book")
        Book.objects.count()

    cycle = recording.cycle
    broken = [one for one in cycle.findings if one.code == "CI204"]
    assert len(broken) == (shop == "postgresql")
    for finding in broken:
        (query,) = [one for one in cycle.queries if one.id in finding.evidence]
        assert "nothing_of_the_kind" in query.sql


def test_a_statement_with_a_block_of_its_own_is_not_found(shop: str) -> None:
    with record() as recording, transaction.atomic(using=shop):
        with suppress(DatabaseError), transaction.atomic(using=shop):
            connections[shop].cursor().execute("SELECT nothing_of_the_kind FROM proof_book")
        Book.objects.count()

    assert [one.code for one in recording.cycle.findings] == []
