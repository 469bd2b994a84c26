"""Runs pieces of Python in processes of their own, where a project is set up."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

_BEFORE = """
import os, sys
import tests.settings as project
from django.conf import settings

given = {key: value for key, value in vars(project).items() if key.isupper()}
given["CYCLE_INSPECTOR"] = {"HISTORY_PATH": sys.argv[1], "HISTORY_MAX_AGE_HOURS": 1_000_000}
settings.configure(**given)
import django
django.setup()

import cycle_inspector.analysis
from cycle_inspector.history import database, reader, writer
from cycle_inspector.models import Cycle
from tests.factories import make_cycle
from tests.history.processes import make_id

cycle_inspector.analysis.analyse = lambda cycle, thresholds, *_: ()

def put(number, **given):
    writer.put(lambda: make_cycle(id=make_id(number), **given))
"""


def make_id(number: int) -> str:
    return f"019aaa00-0000-7000-8000-{number:012d}"


def start(script: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `script` in a project whose history is at `path`."""
    whole = _BEFORE + textwrap.dedent(script)
    return subprocess.Popen(
        # With warnings as errors: an unclosed connection would show in stderr.
        [sys.executable, "-X", "dev", "-W", "error", "-c", whole, str(path), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for `process`, which must neither fail nor complain, and return what it printed."""
    with process:
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert (process.returncode, err) == (0, ""), out + err
    return out


def run(script: str, path: Path, *arguments: str) -> str:
    return finish(start(script, path, *arguments))


def read_line(process: subprocess.Popen[str]) -> str:
    stream: Any = process.stdout
    return str(stream.readline()).strip()
