"""The project's own collectors, of CYCLE_INSPECTOR["COLLECTORS"].

Each path names a function whose context manager is entered when the hooks are put in place, and
left when they are taken away. What one of them raises costs neither the others nor the page.
"""

from __future__ import annotations

import inspect
from types import CodeType
from typing import Any

from django.utils.module_loading import import_string

from cycle_inspector.collectors import _marks
from cycle_inspector.collectors._guard import guard


class Added:
    """The project's collectors that are in place."""

    def __init__(self) -> None:
        self._entered: list[tuple[str, Any]] = []
        self._paths: tuple[str, ...] = ()

    def put(self, paths: tuple[str, ...]) -> None:
        """Let the collectors at `paths` be those in place: enter new ones, leave the others."""
        if paths == self._paths:
            return
        # At once, as a project's module may record a block while it is imported.
        before, self._paths = self._paths, paths
        kept = [one for one in self._entered if one[0] in paths]
        gone = [one for one in self._entered if one[0] not in paths]
        self._entered = kept
        for path, collector in reversed(gone):
            with guard(f"leave the collector {path}"):
                collector.__exit__(None, None, None)
        for path in dict.fromkeys(paths):
            if path not in before:
                with guard(f"enter the collector {path}"):
                    function = import_string(path)
                    code = getattr(inspect.unwrap(function), "__code__", None)
                    if isinstance(code, CodeType):
                        _marks.look_past(code)
                    collector = function()
                    collector.__enter__()
                    self._entered.append((path, collector))
