"""Which writes are commits of their own, on each server."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.databases.conftest import Database
from tests.shelf.models import Author

COUNT = 20


def test_each_write_of_a_loop_is_a_commit(database: Database) -> None:
    def work() -> None:
        for at in range(COUNT):
            database.run("INSERT INTO shelf_author (name) VALUES (%s)", [f"author {at}"])

    (finding,) = database.cycle(work).findings

    assert (finding.code, finding.count) == ("CI205", COUNT)


@pytest.mark.parametrize("is_open_before", [False, True])
def test_none_is_in_a_transaction(database: Database, *, is_open_before: bool) -> None:
    def work() -> None:
        with transaction.atomic(database.alias):
            for at in range(COUNT):
                database.run("INSERT INTO shelf_author (name) VALUES (%s)", [f"author {at}"])

    if is_open_before:
        with transaction.atomic(database.alias):
            cycle = database.cycle(work)
    else:
        cycle = database.cycle(work)

    assert cycle.findings == ()


def test_none_is_on_a_connection_without_autocommit(database: Database) -> None:
    def work() -> None:
        for at in range(COUNT):
            other.run("INSERT INTO shelf_author (name) VALUES (%s)", [f"author {at}"])
        other.connection.rollback()

    with database.other(AUTOCOMMIT=False) as other:
        cycle = other.cycle(work)

    assert cycle.findings == ()
    assert not database.of(Author).exists()
