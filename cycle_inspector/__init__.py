"""Cycle Inspector: the whole request-response cycle of a Django request, seen and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cycle_inspector.marks import current_cycle_id, event, span

if TYPE_CHECKING:
    from cycle_inspector.lifecycle import record

__version__ = "0.1.0"

__all__ = ["__version__", "current_cycle_id", "event", "record", "span"]


def __getattr__(name: str) -> Any:
    # Django imports this package to read its app, when no model may be imported yet.
    if name == "record":
        from cycle_inspector.lifecycle import record

        return record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
