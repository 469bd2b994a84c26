"""The panel's JavaScript: its pure functions under Node, its types under TypeScript.

Without Node, or without TypeScript (`npm install` brings it), these are skipped on a developer's
machine; in continuous integration that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(tool: str | None, *arguments: str, missing: str) -> None:
    if tool is None or not Path(tool).exists():
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    done = subprocess.run([tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pure_functions_do_what_their_tests_say() -> None:
    tests = [str(path) for path in sorted((ROOT / "tests" / "js").glob("*.test.js"))]
    assert tests
    run(shutil.which("node"), "--test", *tests, missing="There is no Node.")


def test_the_types_hold() -> None:
    compiler = ROOT / "node_modules" / ".bin" / "tsc"
    run(str(compiler), "--project", "jsconfig.json", missing="There is no TypeScript: npm install.")
