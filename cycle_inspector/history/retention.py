"""How many cycles the history keeps, and for how long. Runs in the writer, never in a request.

Pinned cycles stay and are not counted. Rows go in small batches, each its own transaction, so that
no other process waits long for its turn.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from cycle_inspector.conf import ALIAS
from cycle_inspector.models import (
    BrowserTiming,
    Cycle,
    Fetch,
    Redirect,
    SettingsSnapshot,
    stored_time,
)

BATCH = 200

# More than this stands for no limit; what is far above neither a date nor a database can express.
_MOST_HOURS = 24 * 365 * 1000
_MOST_COUNT = 10**9

_MOST_BATCHES = 5  # in one go, so that the writer gets back to its queue

# How long what a browser sent may wait for its cycle before it counts as orphaned.
_ORPHAN_AGE = timedelta(minutes=10)


def prune(*, max_count: int, max_age_hours: int, now: datetime | None = None) -> bool:
    """Remove what is too much or too old; return whether some of it is left for another go."""
    now = datetime.now(UTC) if now is None else now
    unpinned = Cycle.objects.filter(pinned=False).order_by("-id")
    oldest = stored_time(now - timedelta(hours=min(max_age_hours, _MOST_HOURS)))
    max_count = min(max_count, _MOST_COUNT)
    left = _delete(unpinned.filter(started_at__lt=oldest))
    first_over = unpinned.values_list("id", flat=True)[max_count : max_count + 1]
    for last_id in list(first_over):
        left = _delete(unpinned.filter(id__lte=last_id)) or left
    of_row = Cycle.objects.filter(id=OuterRef("cycle_id")).order_by()
    early = stored_time(now - _ORPHAN_AGE)
    left = _delete(BrowserTiming.objects.filter(~Exists(of_row), received_at__lt=early)) or left
    left = _delete(Fetch.objects.filter(~Exists(of_row), received_at__lt=early)) or left
    left = _delete(Redirect.objects.filter(~Exists(of_row))) or left
    users = Cycle.objects.filter(settings_digest=OuterRef("digest")).order_by()
    return _delete(SettingsSnapshot.objects.filter(~Exists(users))) or left


def _delete(rows: QuerySet[Any]) -> bool:
    """Delete `rows` in batches, the oldest first; return whether some are left."""
    for _ in range(_MOST_BATCHES):
        # The ids first: MySQL deletes from no table that the same statement selects from.
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if ids:
            # Without signals: receivers of the project must not hear of the tool's own rows.
            rows.filter(pk__in=ids)._raw_delete(ALIAS)
        if len(ids) < BATCH:
            return False
    return True
