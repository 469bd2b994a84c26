"""Collectors: one module a stage, one a side event; each feeds the recorder.

A collector that has to hook Django for the whole process has a context manager `collect()`, entered
once: before it yields it hooks, afterwards it unhooks. In between, its hooks ask for the current
recorder and do nothing where there is none. A stage's collector has `describe(recorded)`, which
sums the stage up after the cycle. A project's own collectors are entered after ours.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from django.core.signals import setting_changed

from cycle_inspector import conf
from cycle_inspector.assembly import Describe
from cycle_inspector.collectors import (
    _frames,
    _hops,
    background,
    cache,
    caught,
    client,
    database,
    exceptions,
    forms,
    gateway,
    logs,
    mail,
    middleware,
    models,
    outgoing,
    permissions,
    response,
    routing,
    settings,
    signals,
    static_files,
    storage,
    tasks,
    templates,
    threads,
    user_messages,
    view,
    warned,
)
from cycle_inspector.collectors._added import Added
from cycle_inspector.collectors._guard import guard
from cycle_inspector.records import Stage

COLLECT: tuple[Callable[[], AbstractContextManager[None]], ...] = (
    # These before `_frames`, which wraps the same method and looks at who has called.
    tasks.collect,
    _hops.collect,
    _frames.collect,
    gateway.collect,
    settings.collect,
    exceptions.collect,
    logs.collect,
    cache.collect,
    mail.collect,
    warned.collect,
    caught.collect,
    signals.collect,
    background.collect,
    outgoing.collect,
    storage.collect,
    static_files.collect,
    user_messages.collect,
    forms.collect,
    permissions.collect,
    models.collect,
    database.collect,
    templates.collect,
    threads.collect,
)

DESCRIBE: Mapping[Stage, Describe] = {
    Stage.CLIENT: client.describe,
    Stage.GATEWAY: gateway.describe,
    Stage.SETTINGS: settings.describe,
    Stage.MIDDLEWARE: middleware.describe,
    Stage.ROUTING: routing.describe,
    Stage.VIEW: view.describe,
    Stage.MODELS: models.describe,
    Stage.DATABASE: database.describe,
    Stage.TEMPLATES: templates.describe,
    Stage.RESPONSE: response.describe,
}


class Hooks:
    """The collectors' hooks: in place while somebody holds them."""

    def __init__(self) -> None:
        # A project's collector may record a block as it is imported.
        self._lock = threading.RLock()
        self._held = 0
        self._stack = ExitStack()
        self._added = Added()
        # Left to the end of the interpreter, the collectors would find their modules gone.
        atexit.register(self._take_away)

    def hold(self) -> None:
        """Put the hooks in place, unless they are."""
        with self._lock:
            self._held += 1
            if self._held == 1:
                for collect in COLLECT:
                    # One that does not fit this version of Django must not cost the others.
                    with guard(f"hook in {collect.__module__}"):
                        self._stack.enter_context(collect())
            self.renew()

    def release(self) -> None:
        """Take them away, unless somebody else holds them."""
        with self._lock:
            self._held -= 1
            if self._held == 0:
                self._take_away()

    def renew(self) -> None:
        """Let the project's collectors in place be those that the settings name now."""
        with self._lock:
            if self._held > 0:
                self._added.put(conf.current().collectors)

    def _take_away(self) -> None:
        self._added.put(())  # they came last
        self._stack.close()


hooks = Hooks()


def _renew(*, setting: str, **_: Any) -> None:
    if setting == conf.SETTING:
        hooks.renew()


# After conf's own receiver, which was connected as it was imported: that forgets the old value.
setting_changed.connect(_renew, dispatch_uid="cycle_inspector.collectors")
