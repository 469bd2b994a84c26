"""A database on each server, as an alias of the project while a test runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import connections

from cycle_inspector import record
from cycle_inspector.records import Cycle, Query
from tests.databases.models import Parcel
from tests.databases.servers import SERVERS
from tests.shelf.models import Author, Board, Book, Cover, Tag

_TABLES = (Author, Book, Cover, Parcel, Tag, Board)


class Database:
    """An alias of a server."""

    def __init__(self, alias: str, settings: dict[str, Any]) -> None:
        self.alias = alias
        self.settings = settings

    @property
    def connection(self) -> Any:
        return connections[self.alias]

    @property
    def vendor(self) -> str:
        return str(self.connection.vendor)

    def of(self, model: Any) -> Any:
        """Return the objects of `model` in this database."""
        return model.objects.using(self.alias)

    def run(self, sql: Any, *params: Any) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, *params)

    def fetch(self, sql: Any, *params: Any) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, *params)
            return list(cursor.fetchall())

    def queries(self, work: Callable[[], Any]) -> tuple[Query, ...]:
        """Return what `work` is recorded to send, with BEGIN, COMMIT and the like."""
        self.connection.ensure_connection()  # what it sends by itself is not of the work
        return self.cycle(work).queries

    def empty(self) -> None:
        for model in reversed((*_TABLES, Board.tags.through)):
            self.of(model).all()._raw_delete(self.alias)

    @staticmethod
    def cycle(work: Callable[[], Any]) -> Cycle:
        with record() as recording:
            work()
        return recording.cycle

    @contextmanager
    def other(self, alias: str = "other", **settings: Any) -> Iterator[Database]:
        """Open the same database under another alias, with other settings."""
        with _opened(alias, {**self.settings, **settings}) as database:
            yield database


@contextmanager
def _opened(alias: str, settings: dict[str, Any]) -> Iterator[Database]:
    connections.settings[alias] = settings
    # ConnectionHandler.configure_settings fills in what is not said, for all aliases.
    connections.configure_settings(connections.settings)
    try:
        yield Database(alias, dict(settings))
    finally:
        connection = connections[alias]
        connection.close()
        if getattr(connection, "pool", None) is not None:
            connection.close_pool()
        del connections[alias]
        del connections.settings[alias]


class _Scratch:
    """The scratch databases of the whole run, made as they are asked for."""

    def __init__(self, stack: ExitStack, folder: Any) -> None:
        self._stack = stack
        self._folder = folder
        self._settings: dict[str, dict[str, Any]] = {}

    def settings(self, server: str) -> dict[str, Any]:
        if server not in self._settings:
            settings = self._stack.enter_context(SERVERS[server](self._folder))
            with (
                _opened("scratch", dict(settings)) as database,
                database.connection.schema_editor() as editor,
            ):
                for model in _TABLES:
                    editor.create_model(model)
            self._settings[server] = settings
        return dict(self._settings[server])


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[_Scratch]:
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield _Scratch(stack, tmp_path_factory.mktemp("databases"))


@contextmanager
def _database(server: str, scratch: _Scratch, blocker: Any) -> Iterator[Database]:
    with blocker.unblock(), _opened(server, scratch.settings(server)) as database:
        try:
            yield database
        finally:
            database.connection.close()
            database.empty()


@pytest.fixture(params=list(SERVERS))
def database(
    request: pytest.FixtureRequest, scratch: _Scratch, django_db_blocker: Any
) -> Iterator[Database]:
    """Give a database on SQLite, PostgreSQL and MariaDB in turn."""
    with _database(request.param, scratch, django_db_blocker) as database:
        yield database


@pytest.fixture
def postgresql(scratch: _Scratch, django_db_blocker: Any) -> Iterator[Database]:
    with _database("postgresql", scratch, django_db_blocker) as database:
        yield database


@pytest.fixture
def mariadb(scratch: _Scratch, django_db_blocker: Any) -> Iterator[Database]:
    with _database("mariadb", scratch, django_db_blocker) as database:
        yield database
