"""The one guard around everything of ours that runs while a page is served."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from cycle_inspector.recorder import Recorder

logger = logging.getLogger("cycle_inspector")


class guard:  # noqa: N801 - read as a verb: `with guard("do this"):`
    """Log the first failure of its kind, mark the cycle, and go on with the page."""

    __slots__ = ("_recorder", "_what")

    _told: ClassVar[set[tuple[str, type]]] = set()

    def __init__(self, what: str, recorder: Recorder | None = None) -> None:
        self._what = what
        self._recorder = recorder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False
        if (self._what, kind) not in self._told:
            self._told.add((self._what, kind))
            logger.error(
                "Cycle Inspector failed to %s; the page is not affected.",
                self._what,
                exc_info=error,
            )
        if self._recorder is not None:
            faults = self._recorder.dropped
            faults[self._what] = faults.get(self._what, 0) + 1
        return True
