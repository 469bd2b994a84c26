"""The history: writes finished cycles beside the requests and reads them back."""

from __future__ import annotations

import logging
from dataclasses import replace

from cycle_inspector import conf
from cycle_inspector.analysis import Thresholds, analyse
from cycle_inspector.records import Cycle

__all__ = ["judge", "thresholds"]

_logger = logging.getLogger("cycle_inspector")


def thresholds() -> Thresholds:
    """Return the thresholds in force; faulty ones count as absent."""
    try:
        given = Thresholds(**conf.current().thresholds)
    except TypeError:
        return Thresholds()
    faulty = any(type(getattr(given, name)) is not int for name in Thresholds.__slots__)
    return Thresholds() if faulty else given


def judge(cycle: Cycle) -> Cycle:
    """Return `cycle` with its findings; a rule that fails leaves it without and is logged."""
    try:
        return replace(cycle, findings=analyse(cycle, thresholds()))
    except Exception:
        _logger.exception("Cycle %s could not be analysed.", cycle.id)
        return cycle
