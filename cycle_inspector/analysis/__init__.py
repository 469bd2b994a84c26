"""Judge a cycle: pure functions over records, one file a rule.

A rule is `find(cycle, thresholds) -> Iterable[Finding]`. Nothing here is stored: a cycle is judged
whenever it is read, so a change of thresholds or of a rule holds for old cycles too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cycle_inspector.analysis import duplicates, exception, n_plus_one, slow_query, write_loops
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding

__all__ = ["RULES", "Thresholds", "analyse", "judge"]

RULES = (exception, n_plus_one, duplicates, slow_query, write_loops)


def analyse(cycle: Cycle, thresholds: Thresholds) -> tuple[Finding, ...]:
    """Return the findings of `cycle`, the worst first."""
    found = [finding for rule in RULES for finding in rule.find(cycle, thresholds)]
    return tuple(sorted(found, key=lambda one: (-one.severity.rank, -one.cost_ns)))


def judge(cycle: Cycle, thresholds: Mapping[str, Any]) -> Cycle:
    """Return `cycle` with its findings, under thresholds as they stand in the settings."""
    return replace(cycle, findings=analyse(cycle, Thresholds.of(thresholds)))
