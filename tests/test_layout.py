"""The house: where what stands, and how large it may grow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cycle_inspector.collectors import COLLECT, DESCRIBE
from cycle_inspector.records import Stage

PACKAGE = Path(__file__).parent.parent / "cycle_inspector"
TESTS = Path(__file__).parent
SOURCES = sorted(
    path.relative_to(PACKAGE)
    for path in PACKAGE.rglob("*.py")
    if "migrations" not in path.parts and path.name != "__init__.py"
)

MOST_LINES = 300


def lines_of(path: Path) -> int:
    return len((PACKAGE / path).read_text(encoding="utf-8").splitlines())


def test_every_stage_is_described_but_that_of_the_browser() -> None:
    # Its facts come with a beacon, after the cycle.
    assert set(DESCRIBE) == set(Stage) - {Stage.BROWSER}
    assert list(DESCRIBE) == [stage for stage in Stage if stage in DESCRIBE]


def test_every_collector_of_a_stage_is_named_after_it() -> None:
    for stage, describe in DESCRIBE.items():
        assert describe.__module__ == f"cycle_inspector.collectors.{stage}"
        assert describe.__name__ == "describe"


def test_every_hook_is_held_once() -> None:
    assert len(set(COLLECT)) == len(COLLECT)


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_module_has_a_test_file_that_mirrors_it(path: Path) -> None:
    mirror = TESTS / path.with_name(f"test_{path.name.lstrip('_')}")
    assert "def test_" in mirror.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_file_is_not_too_long(path: Path) -> None:
    assert lines_of(path) <= MOST_LINES


@pytest.mark.parametrize("module", ["records", "codec", "recorder", "assembly", "analysis"])
def test_module_knows_nothing_of_django(module: str) -> None:
    code = (
        f"import sys, cycle_inspector.{module}; "
        "print([name for name in sys.modules if name.partition('.')[0] in ('django', 'asgiref')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=TESTS.parent
    )
    assert told.stdout.strip() == "[]"
