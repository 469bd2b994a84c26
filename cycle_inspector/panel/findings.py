"""The findings as the overview shows them: each with what it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from cycle_inspector.analysis import codes_of
from cycle_inspector.panel import finding_pages
from cycle_inspector.records import Cycle, Finding, Stage

_DJANGO = {name: code.django_url for name, code in codes_of().items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding, where its evidence is shown, and what to read about it."""

    finding: Finding
    stage: str  # empty: nothing of its evidence is listed
    nouns: str
    django_url: str | None
    page: str | None  # our own, below the static files

    @property
    def is_mended_elsewhere(self) -> bool:
        """Whether the line to be changed is another than the one that triggers it."""
        mend = self.finding.mend
        return mend is not None and mend != self.finding.caller


def lay_out(cycle: Cycle) -> list[Shown]:
    """Return the findings of `cycle` in their order."""
    queries, renders = ({one.id for one in many} for many in (cycle.queries, cycle.renders))
    shown = []
    for finding in cycle.findings:
        stage, nouns = "", ""
        if queries.intersection(finding.evidence):
            stage, nouns = Stage.DATABASE.value, "query,queries"
        elif renders.intersection(finding.evidence):
            stage, nouns = Stage.TEMPLATES.value, "template,templates"
        page = finding_pages.name_of(finding.code)
        shown.append(Shown(finding, stage, nouns, _DJANGO.get(finding.code), page))
    return shown
