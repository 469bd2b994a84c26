"""What axe-core, of npm, has to say of the panel against WCAG 2.2 AA and good practice."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

_SCRIPT = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = [
    *("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"),
    "best-practice",
]
_RUN = """async ([where, only]) => {
    const found = await axe.run(where, {runOnly: only, resultTypes: ["violations"]});
    return found.violations.flatMap(({id, nodes}) => nodes.map(
        ({target, failureSummary}) => `${id} at ${target.flat().join(" ")}: ${failureSummary}`));
}"""


@cache
def _source() -> str:
    if not _SCRIPT.exists():
        message = "There is no axe-core: npm install."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return _SCRIPT.read_text(encoding="utf-8")


def violations(page: Page, where: str, *rules: str) -> list[str]:
    """Return what is wrong with what a selector names, by all rules or some."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN, [where, list(rules or _TAGS)])
    return found
