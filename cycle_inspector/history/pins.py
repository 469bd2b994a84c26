"""Pins: cycles that retention leaves alone.

As in the reader, every failure of the database is raised as `trouble.HistoryUnavailable`.
"""

from __future__ import annotations

from cycle_inspector.history import trouble
from cycle_inspector.models import Cycle


def pin(cycle_id: str, *, pinned: bool) -> bool:
    """Pin a cycle, or let it go; return whether it is kept at all."""
    with trouble.explained():
        return Cycle.objects.filter(pk=cycle_id).update(pinned=pinned) > 0
