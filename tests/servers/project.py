"""A project in a folder of its own, behind the servers that serve it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cycle_inspector.conf import HISTORY_PATH
from cycle_inspector.history import reader
from cycle_inspector.records import Cycle, Stage
from tests.server import Answer, Server, Visitor, free_address

_ROOT = Path(__file__).resolve().parents[2]
_COMES_WITHIN_SECONDS = 10

# Every warning is an error, but for Django's that a stream is of the other kind.
_WARNINGS = "error,ignore:StreamingHttpResponse must consume"


@dataclass(frozen=True, slots=True)
class Project:
    """Settings, a database and a history, all in `folder`."""

    folder: Path

    @property
    def source(self) -> Path:
        """A source file of the project."""
        return self.folder / "project.py"

    @property
    def history(self) -> Path:
        """Where the tool keeps its history if nothing else is said."""
        return self.folder / HISTORY_PATH

    @property
    def environ(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "project",
            "HOME": str(self.folder),  # where gunicorn puts its control socket
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(_ROOT)]),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": _WARNINGS,
            "SERVERS_FOLDER": str(self.folder),
        }

    def prepare(self) -> None:
        """Write the settings, and make the tables."""
        self.source.write_text("from tests.servers.settings import *\n")
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"],
            cwd=self.folder,
            env=self.environ,
            check=True,
        )

    @contextmanager
    def served_by(self, *command: str) -> Iterator[Served]:
        """Run `python -m` with `command`, `{}` in it being a free address, until the block ends."""
        address = free_address()
        host, _, port = address.partition(":")
        filled = [one.format(address, host=host, port=port) for one in command]
        server = Server([sys.executable, "-m", *filled], self.folder, self.environ, address)
        try:
            # Never recorded: it is the tool's own.
            server.wait_until_served("/__cycle__/panel.js")
            yield Served(self, server)
        finally:
            server.kill()


@dataclass(frozen=True, slots=True)
class Served:
    """The project behind a server that is running."""

    project: Project
    server: Server

    def get(self, path: str) -> Answer:
        return Visitor(self.server.url).get(path)

    def get_all(self, paths: list[str], threads: int) -> list[Answer]:
        """Ask for all of `paths`, from several threads at once."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.get, paths))

    def cycles(self, answers: list[Answer]) -> list[Cycle]:
        """Return the cycles of `answers` from the history, once they have been written there."""
        return [self.wait_for(lambda one=one: reader.get(id_of(one))) for one in answers]

    def cycle(self, answer: Answer) -> Cycle:
        return self.cycles([answer])[0]

    def newest(self, path: str) -> Cycle:
        """Return the newest cycle of `path`, once there is one."""
        return self.wait_for(lambda: reader.get(self.wait_for(lambda: reader.latest(path))))

    def ids(self) -> set[str]:
        """Return the ids of all cycles that the history has now."""
        return {row.id for row in reader.recent(10_000)}

    def wait_for(self, find: Callable[[], Any]) -> Any:
        """Return what `find` gives, as soon as that is something."""
        deadline = time.monotonic() + _COMES_WITHIN_SECONDS
        while not (found := find()):
            assert time.monotonic() < deadline, f"it did not come:\n{self.server.printed}"
            time.sleep(0.02)
        return found


def id_of(answer: Answer) -> str:
    """Return the id that the response names its cycle by."""
    return answer.headers["Server-Timing"].removeprefix('cycle;desc="').removesuffix('"')


def process_of(cycle: Cycle) -> Any:
    """Return the id of the process that has served the cycle."""
    return cycle.stage(Stage.GATEWAY).facts["process_id"]
