"""A project for each test file, and its history to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cycle_inspector.history import database
from tests.servers.project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"))
    made.prepare()
    return made


@pytest.fixture(autouse=True)
def _its_history(project: Project, settings: Any, django_db_blocker: Any) -> Iterator[None]:
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": project.history}
    with django_db_blocker.unblock():
        yield
        database.close()
