"""What has changed in the settings since an earlier cycle: told apart by their snapshots.

As in the reader, every failure of the database is raised as `trouble.HistoryUnavailable`.
"""

from __future__ import annotations

import json
from dataclasses import replace

from django.utils import timezone

from cycle_inspector import records
from cycle_inspector.analysis._settings_changes import compare
from cycle_inspector.history import trouble
from cycle_inspector.models import Cycle, SettingsSnapshot
from cycle_inspector.records import Facts, Json, Stage


def with_changes(cycle: records.Cycle) -> records.Cycle:
    """Return `cycle` as the reader gives it, its settings compared with those before.

    That is with the newest earlier cycle that ran under others. Without one it stays as it is.
    """
    summary = cycle.stage(Stage.SETTINGS)
    if cycle.settings is None or "differs" not in summary.facts:
        return cycle
    with trouble.explained():
        since = _since(cycle.id, cycle.settings, summary.facts)
    if since is None:
        return cycle
    facts = {**summary.facts, "changed": since}
    stages = tuple(replace(one, facts=facts) if one is summary else one for one in cycle.stages)
    return replace(cycle, stages=stages)


def _since(cycle_id: str, digest: str, facts: Facts) -> Json:
    others = SettingsSnapshot.objects.exclude(pk=digest)
    # Nearly always there is none: then no cycle has to be looked at.
    if not others.exists():
        return None
    earlier = (
        Cycle.objects.filter(id__lt=cycle_id, settings_digest__in=others.values("pk"))
        .order_by("-id")
        .only("id", "method", "path", "started_at", "settings_digest")
        .first()
    )
    if earlier is None:
        return None
    document = SettingsSnapshot.objects.filter(pk=earlier.settings_digest)
    before = json.loads(document.values_list("document", flat=True).first() or "{}")
    started = earlier.started_at
    aware = timezone.make_aware(started) if timezone.is_naive(started) else started
    return {
        "since": earlier.id,
        "request": f"{earlier.method} {earlier.path}".strip(),
        "started_at": aware.isoformat(),
        "changes": compare(before, facts),
    }
