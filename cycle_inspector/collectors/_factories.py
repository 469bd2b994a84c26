"""What the factories of a chain's middlewares say while it is built: can they, and why not.

A factory that raises `MiddlewareNotUsed` is passed over, and what it raised is gone: Django logs it
below the level that anybody shows. So for the time of one build, in its own thread, the factories
that `django.core.handlers.base` imports are called through a function, which lets everything pass.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import wraps
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers import base

from cycle_inspector.collectors import _places
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._layers import FIRST, LAST
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.records import Json


class Witness:
    """Listens to the factories from `begin` on, until `end` or until the build fails."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._hooked = ExitStack()
        self._import: Any = base.import_string  # type: ignore[attr-defined]
        self._knows: dict[str, str] = {}
        self._reasons: dict[str, dict[str, Json]] = {}

    def begin(self) -> None:
        """Stand in for the import of factories."""
        self._hooked.enter_context(replaced(base, "import_string", self._import_string))

    def end(self) -> None:
        """Stand aside."""
        self._hooked.close()

    def knows(self, name: str) -> str:
        """Return in which modes the middleware `name` can run: "sync", "async" or "both"."""
        return self._knows.get(name, "both" if name in (FIRST, LAST) else "")

    def reason(self, name: str) -> dict[str, Json]:
        """Return why `name` is not used: `reason`, and `path`, `line` and `function`; if known."""
        return self._reasons.get(name, {})

    def _import_string(self, name: str) -> Any:
        if threading.get_ident() != self._thread:
            return self._import(name)
        try:
            factory = self._import(name)
        except BaseException:
            self.end()
            raise
        return factory if name in (FIRST, LAST) else self._heard(name, factory)

    def _heard(self, name: str, factory: Any) -> Any:
        @wraps(factory, updated=())
        def make(get_response: Any) -> Any:
            try:
                middleware = factory(get_response)
            except MiddlewareNotUsed as error:
                with guard("see why a middleware is not used"):
                    self._reasons[name] = _reason(error)
                raise
            except BaseException:
                self.end()
                raise
            if middleware is None:  # Django is about to complain
                self.end()
            return middleware

        # As `BaseHandler.load_middleware` reads them.
        is_sync = getattr(factory, "sync_capable", True)
        is_async = getattr(factory, "async_capable", False)
        make.sync_capable, make.async_capable = is_sync, is_async  # type: ignore[attr-defined]
        self._knows[name] = "both" if is_sync and is_async else "async" if is_async else "sync"
        return make


def _reason(error: MiddlewareNotUsed) -> dict[str, Json]:
    said: dict[str, Json] = {}
    if message := message_of(error):
        said["reason"] = message
    frame = next(iter(_places.of_traceback(error)), None)
    if frame is not None:
        said |= {"path": frame.path, "line": frame.line, "function": frame.function}
    return said
