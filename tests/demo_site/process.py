"""The demo as a process of its own, as its settings cannot share one with those of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.server import served

_MANAGE = Path(__file__).resolve().parents[2] / "demo_site" / "manage.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo, writing its database and its history into `folder` only."""

    folder: Path

    @property
    def database(self) -> Path:
        """Where the bookshop keeps its rows."""
        return self.folder / "db.sqlite3"

    def run(self, *arguments: str) -> str:
        """Run a management command to its end and return what it printed."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environ(),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout

    def serve(self) -> AbstractContextManager[str]:
        """Serve the demo on a free port meanwhile; yield its address, without a final slash."""
        return served(self._command("runserver", "--noreload"), self.folder, self._environ())

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", str(_MANAGE), *arguments]

    def _environ(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "demo_site.config.settings",
            "DEMO_DATABASE": str(self.database),
            "DEMO_HISTORY": str(self.folder / "history.sqlite3"),
        }
