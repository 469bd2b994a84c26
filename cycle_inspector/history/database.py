"""Where the history is kept: a database of its own, under an alias that is not listed.

A project that lists `cycle_inspector` in DATABASES gets ordinary Django behaviour: its backend, its
`migrate --database cycle_inspector`. Otherwise the history is an embedded SQLite file, whose
connection is put per thread into `django.db.connections` without being in their settings, so that
test runners, `migrate` and `dumpdata` never meet it, and which makes and migrates itself when it
is opened.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from django.core.signals import request_finished
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionRouter

from cycle_inspector import conf
from cycle_inspector.conf import ALIAS, APP_LABEL
from cycle_inspector.history.embedded import EmbeddedWrapper
from cycle_inspector.history.trouble import is_configured

# This thread's own connection, beside `connections`: an `asgiref.Local` is too slow to ask at the
# end of every request.
_local = threading.local()


def connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the history; it opens, and makes the file, when used."""
    if is_configured():
        return connections[ALIAS]
    path = conf.current().history_path
    found: EmbeddedWrapper | None = getattr(_local, "connection", None)
    if found is not None and found.pid != os.getpid():
        found.abandon()
        found = None
    if found is not None and found.path != path and not found.in_atomic_block:
        found.close()
        found = None
    if found is None:
        found = _local.connection = EmbeddedWrapper(path)
        # From now on; as long as nobody looks at the history, nothing is connected.
        request_finished.connect(_close_after_request, dispatch_uid="cycle_inspector.history")
    found.leave_deleted_file()
    connections[ALIAS] = found
    return found


def close() -> None:
    """Close this thread's connection to the history, of either kind, unless in a transaction."""
    if is_configured() and not connections[ALIAS].in_atomic_block:
        connections[ALIAS].close()
    close_embedded()


def close_embedded() -> None:
    """Close this thread's embedded connection, if it is open and in no transaction."""
    found: EmbeddedWrapper | None = getattr(_local, "connection", None)
    if found is None or found.connection is None or found.in_atomic_block:
        return
    if found.pid == os.getpid():
        found.leave_deleted_file()
        found.close()
    else:
        found.abandon()


class Router:
    """Lead the app's models to the history, and nothing else."""

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return self._alias(model)

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return self._alias(model)

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool | None:
        labels = {one._meta.app_label, other._meta.app_label}
        return labels == {APP_LABEL} if APP_LABEL in labels else None

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        if app_label == APP_LABEL:
            return db == ALIAS
        return False if db == ALIAS else None

    def _alias(self, model: Any) -> str | None:
        if model._meta.app_label != APP_LABEL:
            return None
        connection()  # `connections[ALIAS]` must be there before the ORM looks for it
        return ALIAS


_ROUTER = Router()


class _RouterList(ConnectionRouter):
    """Django's `router`, whose list keeps ours in front.

    Its class is changed, rather than its list: `override_settings(DATABASE_ROUTERS=...)` replaces
    the list, in a receiver of `setting_changed` (django/test/signals.py) that is connected after
    any receiver of ours and so would have the last word.
    """

    @property
    def routers(self) -> list[Any]:
        if "routers" not in self.__dict__:
            self.routers = ConnectionRouter(self._routers).routers  # type: ignore[attr-defined]
        found: list[Any] = self.__dict__["routers"]
        return found

    @routers.setter
    def routers(self, given: list[Any]) -> None:
        self.__dict__["routers"] = [_ROUTER, *(one for one in given if one is not _ROUTER)]


def install_router() -> None:
    """Put the router in front of the project's."""
    if not isinstance(router, _RouterList):
        found = router.__dict__.pop("routers", None)  # there if somebody has routed already
        router.__class__ = _RouterList
        if found is not None:
            router.routers = found


def _close_after_request(**_: Any) -> None:
    # django.db.close_old_connections() only meets connections that are listed.
    close_embedded()
