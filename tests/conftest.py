"""What most tests need: a project with the tool switched on, and a history of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.history import database, writer
from tests.site import SERVERS, Site

PAIR = (
    "cycle_inspector.middleware.FirstMiddleware",
    "cycle_inspector.middleware.LastMiddleware",
)


@pytest.fixture
def switched_on(
    settings: Any, tmp_path: Path, transactional_db: None
) -> Iterator[Callable[..., None]]:
    """Switch the tool on as for development; call it to set keys of CYCLE_INSPECTOR."""

    def configure(**keys: Any) -> None:
        settings.CYCLE_INSPECTOR = {
            "ENABLED": True,
            "HISTORY_PATH": tmp_path / "history.sqlite3",
            **keys,
        }

    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.MIDDLEWARE = [PAIR[0], *settings.MIDDLEWARE, PAIR[1]]
    configure()
    yield configure
    writer.stop(10)
    database.close()


@pytest.fixture(params=SERVERS)
def site(request: pytest.FixtureRequest, switched_on: Any) -> Site:
    """Give the project behind a WSGI and an ASGI handler in turn."""
    return Site(request.param)


@pytest.fixture
def wsgi_site(switched_on: Any) -> Site:
    return Site("wsgi")


@pytest.fixture
def asgi_site(switched_on: Any) -> Site:
    return Site("asgi")
