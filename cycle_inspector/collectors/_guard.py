"""The one guard around everything of ours that runs while a page is served."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from cycle_inspector.recorder import Recorder

logger = logging.getLogger("cycle_inspector")


def failed(what: str, recorder: Recorder | None, error: Exception) -> None:
    """Log that we failed to do `what`, the first time, and mark the cycle.

    For code that runs so often that it has a `try` of its own rather than a `guard`.
    """
    kind = type(error)
    if (what, kind) not in guard._told:
        guard._told.add((what, kind))
        logger.error(
            "Cycle Inspector failed to %s; the page is not affected.", what, exc_info=error
        )
    if recorder is not None:
        recorder.count_dropped(what)


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
        failed(self._what, self._recorder, error)
        return True
