"""Rows of the history: what they are made of, and how a batch of them is inserted."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import DataError, IntegrityError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from cycle_inspector import records
from cycle_inspector.conf import ALIAS
from cycle_inspector.history import database, judge, redirects
from cycle_inspector.models import (
    BrowserTiming,
    Cycle,
    Fetch,
    Redirect,
    SettingsSnapshot,
    cycle_row,
    fit,
    stored_time,
)
from cycle_inspector.records import Facts

# Errors that a single row causes: it is lost, the others are not.
_ROW_ERRORS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)

# Fields whose values every database takes as they stand in a row of ours.
_AS_IT_IS = frozenset({models.CharField, models.IntegerField, models.BigIntegerField})

_logger = logging.getLogger("cycle_inspector")

Row = tuple[type[models.Model], dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """Something to write: first a way to make its rows, then the rows."""

    sequence: int
    make: Callable[[], list[Row]] | None
    rows: list[Row] = field(default_factory=list)

    def prepare(self) -> list[Row]:
        """Return the rows, made at the first call; none, and a line in the log, where it fails."""
        if self.make is not None:
            make, self.make = self.make, None
            try:
                self.rows = make()
            except Exception:
                _logger.exception("A cycle could not be finished and is not in the history.")
        return self.rows


def of_cycle(cycle: records.Cycle) -> list[Row]:
    """Return the row of `cycle`, judged, and of where it sends its client."""
    return [(Cycle, cycle_row(judge(cycle))), *_of_redirect(cycle)]


def _of_redirect(cycle: records.Cycle) -> list[Row]:
    try:
        target = redirects.target_of(cycle)
    except Exception:  # it must not cost the cycle
        _logger.exception("Where cycle %s sent its client cannot be told.", cycle.id)
        return []
    if target is None:
        return []
    sent = {
        "cycle_id": cycle.id,
        "target": target.digest,
        "path": fit("path", target.path),
        "method": fit("method", cycle.request.get("method")),
        "status": cycle.response["status"],
        "ended_at": stored_time(redirects.end_of(cycle)),
    }
    return [(Redirect, sent)]


def of_beacon(cycle_id: str, facts: Facts, fetched: Iterable[str] = ()) -> list[Row]:
    """Return the rows of what a browser sent about the page that a cycle made."""
    now = stored_time(datetime.now(UTC))
    timing = {"cycle_id": cycle_id, "received_at": now, "document": json.dumps(facts)}
    # Ids sort by time, and no page has fetched what began before it.
    told = dict.fromkeys(one for one in fetched if one > cycle_id)
    return [
        (BrowserTiming, timing),
        *((Fetch, {"cycle_id": one, "page_id": cycle_id, "received_at": now}) for one in told),
    ]


def write(rows: list[Row], snapshots: dict[str, Facts]) -> None:
    """Insert `rows`, and of `snapshots` those they name; a row that cannot be kept is logged."""
    connection = database.connection()
    # The thread never meets the end of a request, where Django lets go of dead connections.
    connection.close_if_unusable_or_obsolete()
    try:
        _insert(connection, rows, snapshots)
    except _ROW_ERRORS:
        for row in rows:
            _insert_one(connection, row, snapshots)


def _insert_one(connection: BaseDatabaseWrapper, row: Row, snapshots: dict[str, Facts]) -> None:
    try:
        _insert(connection, [row], snapshots)
    except _ROW_ERRORS:
        model, values = row
        # There already: the try before got through, and only its answer got lost.
        if not model._default_manager.filter(pk=values[model._meta.pk.attname]).exists():
            _logger.exception("A cycle could not be written and is not in the history.")


def _insert(connection: BaseDatabaseWrapper, rows: list[Row], snapshots: dict[str, Facts]) -> None:
    cycles = [values for model, values in rows if model is Cycle]
    # The last one about a cycle is the one that counts.
    timings = {values["cycle_id"]: values for model, values in rows if model is BrowserTiming}
    # The first page to tell of a fetch is the one that made it.
    fetches = {values["cycle_id"]: values for model, values in reversed(rows) if model is Fetch}
    with transaction.atomic(using=ALIAS):
        _insert_rows(connection, Cycle, cycles)
        _insert_rows(connection, Redirect, [values for model, values in rows if model is Redirect])
        _insert_rows(
            connection, SettingsSnapshot, _missing_snapshots(connection, cycles, snapshots)
        )
        if timings:
            BrowserTiming.objects.filter(pk__in=list(timings))._raw_delete(ALIAS)
            _insert_rows(connection, BrowserTiming, list(timings.values()))
        if fetches:
            known = Fetch.objects.filter(pk__in=list(fetches)).values_list("pk", flat=True)
            for one in known:
                del fetches[one]
            _insert_rows(connection, Fetch, list(fetches.values()))


def _kept_snapshots(connection: BaseDatabaseWrapper, digests: set[str]) -> set[str]:
    # By hand: for each cycle of a quiet site, a queryset would take longer than all the rest.
    quote = connection.ops.quote_name
    places = ", ".join(["%s"] * len(digests))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {quote('digest')} FROM {quote(SettingsSnapshot._meta.db_table)} "  # noqa: S608 - names of ours
            f"WHERE {quote('digest')} IN ({places})",
            list(digests),
        )
        return {digest for (digest,) in cursor.fetchall()}


def _missing_snapshots(
    connection: BaseDatabaseWrapper, cycles: list[dict[str, Any]], snapshots: dict[str, Facts]
) -> list[dict[str, Any]]:
    """Return the rows of snapshots that `cycles` name and the history lacks.

    Asked of the history each time, which may have been deleted or pruned since the last.
    """
    named = {one["settings_digest"] for one in cycles} & snapshots.keys()
    if not named:
        return []
    missing = []
    for digest in named - _kept_snapshots(connection, named):
        try:
            document = json.dumps(snapshots[digest])
        except (KeyError, TypeError, ValueError):
            snapshots.pop(digest, None)
            _logger.exception("The settings snapshot %s could not be written.", digest)
        else:
            missing.append({"digest": digest, "document": document})
    return missing


def _insert_rows(
    connection: BaseDatabaseWrapper, model: type[models.Model], rows: list[dict[str, Any]]
) -> None:
    """Insert `rows` by one statement, prepared field by field as Django's own INSERT does."""
    if not rows:
        return
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    prepared = [
        (field.attname, None if type(field) in _AS_IT_IS else field.get_db_prep_save)
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608 - names of ours
            [
                [
                    row[name] if prepare is None else prepare(row[name], connection)
                    for name, prepare in prepared
                ]
                for row in rows
            ],
        )
