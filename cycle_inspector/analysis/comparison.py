"""Two cycles side by side: what of the one is gone, new or changed in the other.

Pure functions of two cycles, the earlier one first. Queries are told apart by their shape, findings
by what they are about: lines move and numbers change when something is mended.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cycle_inspector.analysis._settings_changes import Change
from cycle_inspector.analysis._settings_changes import compare as compare_settings
from cycle_inspector.analysis.grouping import by_shape
from cycle_inspector.records import Cycle, Finding, Query, Stage

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """How long one stage took in both."""

    stage: Stage
    before_ns: int
    after_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often something ran in both, and for how long."""

    name: str  # the shape of a statement, or a template
    before: int
    after: int
    before_ns: int
    after_ns: int
    query: Query | None = None  # one of them, the later one if there is one

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A finding that is in both."""

    before: Finding
    after: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is different; `queries` and `templates` have the changed ones first."""

    stages: tuple[StageTimes, ...]  # those in which either took time, in their order
    queries: tuple[Counted, ...]
    templates: tuple[Counted, ...]
    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    kept: tuple[Kept, ...]
    settings: tuple[Change, ...] | None  # None: those of one of them were not recorded


def compare(before: Cycle, after: Cycle) -> Comparison:
    """Return what is different in `after`."""
    gone, new, kept = _findings(before, after)
    return Comparison(
        stages=tuple(_stages(before, after)),
        queries=_queries(before, after),
        templates=_templates(before, after),
        gone=gone,
        new=new,
        kept=kept,
        settings=_settings(before, after),
    )


def _stages(before: Cycle, after: Cycle) -> Iterable[StageTimes]:
    for old, new in zip(before.stages, after.stages, strict=True):
        if old.duration_ns or new.duration_ns:
            yield StageTimes(stage=old.stage, before_ns=old.duration_ns, after_ns=new.duration_ns)


def _queries(before: Cycle, after: Cycle) -> tuple[Counted, ...]:
    old, new = ({group.key: group for group in by_shape(one)} for one in (before, after))
    found = []
    for key in dict.fromkeys((*old, *new)):
        was, is_now = old.get(key), new.get(key)
        some = is_now or was
        found.append(
            Counted(
                name=str(key),
                before=was.count if was else 0,
                after=is_now.count if is_now else 0,
                before_ns=was.duration_ns if was else 0,
                after_ns=is_now.duration_ns if is_now else 0,
                query=some.queries[0] if some else None,
            )
        )
    return _sorted(found)


def _templates(before: Cycle, after: Cycle) -> tuple[Counted, ...]:
    counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    times: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for cycle, count, time in zip((before, after), counts, times, strict=True):
        for render in cycle.renders:
            count[render.name] += render.count
            time[render.name] += render.own_ns
    return _sorted(
        Counted(
            name=name,
            before=counts[0][name],
            after=counts[1][name],
            before_ns=times[0][name],
            after_ns=times[1][name],
        )
        for name in dict.fromkeys((*counts[0], *counts[1]))
    )


def _sorted(found: Iterable[Counted]) -> tuple[Counted, ...]:
    """Return what has changed most first."""
    return tuple(sorted(found, key=lambda one: -abs(one.after - one.before)))


def _findings(
    before: Cycle, after: Cycle
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Kept, ...]]:
    old: dict[Hashable, list[Finding]] = {}
    for finding in before.findings:
        old.setdefault(_about(finding), []).append(finding)
    new, kept = [], []
    for finding in after.findings:
        same = old.get(_about(finding))
        if same:
            kept.append(Kept(before=same.pop(0), after=finding))
        else:
            new.append(finding)
    left = {id(finding) for same in old.values() for finding in same}
    gone = tuple(finding for finding in before.findings if id(finding) in left)
    return gone, tuple(new), tuple(kept)


def _about(finding: Finding) -> Hashable:
    """Return what tells a finding from others of its kind, whatever its numbers are."""
    caller, template = finding.caller, finding.template
    return (
        finding.code,
        finding.model_field or _NUMBER.sub("#", finding.title),
        (caller.path, caller.function) if caller is not None else None,
        template.name if template is not None else None,
    )


def _settings(before: Cycle, after: Cycle) -> tuple[Change, ...] | None:
    old, new = before.stage(Stage.SETTINGS).facts, after.stage(Stage.SETTINGS).facts
    if "differs" not in old or "differs" not in new:
        return None
    return tuple(compare_settings(old, new))
