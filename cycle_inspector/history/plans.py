"""Keeps what a plan says with its cycle, for the rules to judge: the one late fact inside of it.

A plan is asked for by a person, long after the request. As in the reader, every failure of the
database is raised as `trouble.HistoryUnavailable`.
"""

from __future__ import annotations

from cycle_inspector import codec
from cycle_inspector.analysis import full_scan
from cycle_inspector.history import judge, trouble
from cycle_inspector.models import Cycle, cycle_row
from cycle_inspector.records import Facts

_COLUMNS = ("document", "finding_codes", "severity")


def keep(cycle_id: str, plan: Facts) -> bool:
    """Put `plan` into the cycle, in the place of an earlier one; return whether that changed it.

    A plan that reads no table in full is worth nothing, but where it takes back what was said.
    """
    with trouble.explained():
        kept = Cycle.objects.filter(pk=cycle_id)
        document = kept.values_list("document", flat=True).first()
        if document is None:
            return False
        cycle = codec.decode(bytes(document))  # psycopg gives a memoryview
        changed = full_scan.with_plans(cycle, [plan])
        if changed is cycle:
            return False
        row = cycle_row(judge(changed))
        return kept.update(**{name: row[name] for name in _COLUMNS}) > 0
