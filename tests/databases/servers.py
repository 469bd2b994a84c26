"""The database servers that the tests speak to, and a scratch database on each.

Where they are is said by CYCLE_TEST_POSTGRES and CYCLE_TEST_MARIADB, as in
`postgresql://user:password@host:5432/database`; the database named is only used to make another.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql
import pytest

# Django asks for mysqlclient, which needs a compiler; PyMySQL stands in for it.
pymysql.install_as_MySQLdb()  # type: ignore[no-untyped-call]

POSTGRES = os.environ.get("CYCLE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("CYCLE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/test")


def _name() -> str:
    # Several runs and their workers may share a server, and one may ask for several databases.
    return f"cycle_inspector_{os.getpid()}_{secrets.token_hex(4)}"


def _place(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


def _missing(what: str, variable: str, error: Exception) -> None:
    """End the test: with a failure where all servers are to be there, else by leaving it out."""
    say = pytest.fail if os.environ.get("CI") else pytest.skip
    say(f"No {what} ({error}). {variable} says where it is.")


@contextmanager
def sqlite(folder: Path) -> Iterator[dict[str, Any]]:
    yield {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "scratch.sqlite3")}


@contextmanager
def postgresql(folder: Path) -> Iterator[dict[str, Any]]:
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        _missing("PostgreSQL", "CYCLE_TEST_POSTGRES", error)
        raise
    name = _name()
    with server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield {"ENGINE": "django.db.backends.postgresql", "NAME": name, **_place(POSTGRES)}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def mariadb(folder: Path) -> Iterator[dict[str, Any]]:
    place = _place(MARIADB)
    try:
        server = pymysql.connect(
            user=place["USER"],
            password=place["PASSWORD"],
            host=place["HOST"],
            port=int(place["PORT"] or 3306),
            connect_timeout=5,
        )
    except pymysql.err.OperationalError as error:
        _missing("MariaDB", "CYCLE_TEST_MARIADB", error)
        raise
    name = _name()
    with server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield {"ENGINE": "django.db.backends.mysql", "NAME": name, **place}
        finally:
            cursor.execute(f"DROP DATABASE {name}")


SERVERS: dict[str, Callable[[Path], Any]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mariadb": mariadb,
}
