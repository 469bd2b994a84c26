"""Reads cycles back: complete with what arrived late, tied together, judged by today's rules.

Every failure of the database is raised as `trouble.HistoryUnavailable`. The functions are
synchronous; looking opens the history, and so makes an empty one where there was none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from cycle_inspector import codec, records
from cycle_inspector.history import judge, links, lookup, trouble, writer
from cycle_inspector.history.links import Cause, Links
from cycle_inspector.models import BrowserTiming, Cycle, SettingsSnapshot, fit
from cycle_inspector.records import Facts, Stage

# How long a reader waits for what this process has not written yet.
_FLUSH_SECONDS = 0.5

_ID = re.compile(r"[0-9A-Za-z-]{1,36}")


def get(cycle_id: str) -> records.Cycle | None:
    """Return the cycle, or None; raise `codec.UnreadableCycle` if it cannot be decoded."""
    if not _is_id(cycle_id):
        return None
    with trouble.explained():
        document = _document(cycle_id)
        if document is None and _flush():
            document = _document(cycle_id)
        if document is None:
            return None
        cycle = _with_cause(codec.decode(document))
        cycle = _merge(cycle, Stage.SETTINGS, _settings(cycle.settings))
        return judge(_merge(cycle, Stage.BROWSER, _timings(cycle_id)))


def latest(path: str | None = None) -> str | None:
    """Return the id of the newest cycle, of the newest of `path`.

    Never of one inside another, nor of one that a page has fetched; the page is what was asked for.
    """
    with trouble.explained():
        _flush()
        found = links.without_fetched(Cycle.objects.filter(parent="")).order_by("-id")
        if path is not None:
            found = found.filter(path=fit("path", path))
        return found.values_list("id", flat=True).first()


def recent(limit: int, before: str | None = None) -> list[Cycle]:
    """Return at most `limit` rows, the newest first, without their documents.

    `before` is the id of a cycle: only older ones are returned.
    """
    if before is not None and not _is_id(before):
        return []
    with trouble.explained():
        _flush()
        found = _rows()
        if before is not None:
            found = found.filter(id__lt=before)
        return list(found[:limit])


def find(text: str, limit: int) -> list[Cycle]:
    """Return at most `limit` rows that a search finds, the newest first.

    Raises `analysis.search.BadSearch`.
    """
    with trouble.explained():
        _flush()
        return list(lookup.look_up(_rows(), text).rows[:limit])


def rows_of(ids: Iterable[str]) -> list[Cycle]:
    """Return the rows with these ids, as far as they are kept, the newest first."""
    with trouble.explained():
        _flush()
        return list(_rows().filter(pk__in=[one for one in ids if _is_id(one)]))


def links_of(cycle: records.Cycle) -> Links:
    """Return the cycles that `cycle` belongs together with."""
    with trouble.explained():
        _flush()
        return links.links_of(cycle)


def causes_of(rows: Iterable[Cycle]) -> dict[str, Cause]:
    """Return what caused each of the cycles in a list, by their ids; most have no cause."""
    with trouble.explained():
        return links.causes_of(rows)


def _rows() -> QuerySet[Cycle]:
    return Cycle.objects.defer("document").order_by("-id")


def _is_id(given: Any) -> bool:
    return isinstance(given, str) and _ID.fullmatch(given) is not None


def _flush() -> bool:
    """Let this process write what waits; return whether there was something.

    Not while the history is in trouble: a page would wait for each of its reads, in vain.
    """
    if not writer.is_waiting() or writer.problem() is not None:
        return False
    writer.flush(_FLUSH_SECONDS)
    return True


def _document(cycle_id: str) -> bytes | None:
    found = Cycle.objects.filter(pk=cycle_id).values_list("document", flat=True).first()
    return None if found is None else bytes(found)  # psycopg gives a memoryview


def _with_cause(cycle: records.Cycle) -> records.Cycle:
    cause = links.cause_of(cycle)
    return cycle if cause is None else replace(cycle, parent=cause.parent, cause=cause.kind)


def _settings(digest: str | None) -> Facts:
    if digest is None:
        return {}
    snapshots = SettingsSnapshot.objects.filter(pk=digest)
    return _facts(snapshots.values_list("document", flat=True).first())


def _timings(cycle_id: str) -> Facts:
    timings = BrowserTiming.objects.filter(pk=cycle_id)
    return _facts(timings.values_list("document", flat=True).first())


def _facts(document: str | None) -> Facts:
    found = {} if document is None else json.loads(document)
    return found if isinstance(found, dict) else {}


def _merge(cycle: records.Cycle, stage: Stage, facts: Facts) -> records.Cycle:
    """Return `cycle` with `facts` added to those of `stage`."""
    stages = tuple(
        replace(one, facts={**one.facts, **facts}) if one.stage is stage else one
        for one in cycle.stages
    )
    return replace(cycle, stages=stages) if facts else cycle
