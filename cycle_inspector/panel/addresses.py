"""Where the pages of cycles stand, for whoever writes links to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cycle_inspector.records import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where the pages of cycles and the static files of the package stand.

    Both end in a slash. Without `root` (in the admin, say) `cycle` gives the address of another
    cycle; without that, too, a report has no links to other pages.
    """

    assets: str
    root: str | None = None
    cycle: Callable[[str], str] | None = None
    # The addresses below which the queries and the exports of a cycle stand.
    queries: Callable[[str], str] | None = None
    exports: Callable[[str], str] | None = None

    def page(self, cycle_id: str) -> str:
        """Return the address of the stand-alone page of a cycle."""
        return f"{self.root}{cycle_id}/"

    def link(self, cycle_id: str) -> str | None:
        """Return the address of another cycle, as it is linked to from a report."""
        if self.root is not None:
            return self.page(cycle_id)
        return None if self.cycle is None else self.cycle(cycle_id)

    def export(self, cycle_id: str, name: str) -> str | None:
        """Return the address of a cycle as the exporter of this name has it."""
        if self.exports is not None:
            return f"{self.exports(cycle_id)}{name}"
        if self.root is None:
            return None
        below = f"{self.root}{cycle_id}"
        return f"{below}.json" if name == "json" else f"{below}/exports/{name}"

    def pin(self, cycle_id: str) -> str | None:
        """Return the address at which a cycle is pinned."""
        return None if self.root is None else f"{self.root}{cycle_id}/pin"

    def stage(self, cycle_id: str, stage: Stage) -> str:
        """Return the address of one stage of a cycle as a fragment."""
        return f"{self.root}{cycle_id}/stages/{stage.value}"

    def events(self, cycle_id: str) -> str:
        """Return the address of the side events of a cycle as a fragment."""
        return f"{self.root}{cycle_id}/events"

    def comparison(self, before: str, after: str) -> str | None:
        """Return the address at which two cycles are compared."""
        return None if self.root is None else f"{self.root}{before}/compare/{after}"
