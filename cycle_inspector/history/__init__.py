"""The history: writes finished cycles beside the requests and reads them back."""

from __future__ import annotations

import logging
from functools import lru_cache

from django.utils.module_loading import import_string

from cycle_inspector import analysis, conf
from cycle_inspector.records import Cycle

__all__ = ["judge"]

_logger = logging.getLogger("cycle_inspector")


def judge(cycle: Cycle) -> Cycle:
    """Return `cycle` with its findings, as the settings have it."""
    try:
        config = conf.current()
        ignore = filter(None, map(analysis.Ignore.of, config.ignore))
        return analysis.judge(cycle, config.thresholds, added_rules(config.rules), ignore)
    except Exception:
        _logger.exception("Cycle %s could not be analysed.", cycle.id)
        return cycle


@lru_cache(maxsize=10)
def added_rules(paths: tuple[str, ...]) -> tuple[analysis.Rule, ...]:
    """Return the project's own rules at `paths`; one that cannot be had is logged once."""
    found = []
    for path in dict.fromkeys(paths):
        try:
            rule = import_string(path)
        except Exception:  # a module may raise anything while it is imported
            _logger.exception("The rule %s cannot be imported.", path)
        else:
            if isinstance(rule, analysis.Rule):
                found.append(rule)
            else:
                _logger.error("The rule %s is no cycle_inspector.analysis.Rule.", path)
    return tuple(found)
