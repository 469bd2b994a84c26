"""The history: writes finished cycles beside the requests and reads them back."""

from __future__ import annotations

import logging

from cycle_inspector import analysis, conf
from cycle_inspector.records import Cycle

__all__ = ["judge"]

_logger = logging.getLogger("cycle_inspector")


def judge(cycle: Cycle) -> Cycle:
    """Return `cycle` with its findings; a rule that fails leaves it without and is logged."""
    try:
        return analysis.judge(cycle, conf.current().thresholds)
    except Exception:
        _logger.exception("Cycle %s could not be analysed.", cycle.id)
        return cycle
