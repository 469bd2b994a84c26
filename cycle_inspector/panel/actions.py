"""What can be done with a cycle, as the head of its report offers it: plain values.

Nothing is sent again that may change something: a request that was no GET or HEAD can only be
copied.
"""

from __future__ import annotations

from dataclasses import dataclass

from cycle_inspector.exporters._sent import is_cut
from cycle_inspector.history.links import Links
from cycle_inspector.panel import exports
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.exports import Export
from cycle_inspector.records import HIDDEN, Cycle, Stage

_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """How the request can be made again: by its address, or why not."""

    url: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What the head offers; an address that is None is not offered."""

    page: str | None  # of the cycle, to be copied as a link
    pin: str | None
    is_pinned: bool
    files: tuple[tuple[Export, str], ...]
    texts: tuple[tuple[Export, str], ...]
    repeat: Repeat | None


def of(cycle: Cycle, urls: Urls, links: Links) -> Actions:
    """Return what can be done with `cycle` where it is shown."""
    files, texts = (
        tuple(
            (one, address)
            for one in given
            if (one.is_of_blocks or cycle.kind != "block")
            and (address := urls.export(cycle.id, one.name)) is not None
        )
        for given in (exports.FILES, exports.TEXTS)
    )
    return Actions(
        page=urls.link(cycle.id),
        pin=urls.pin(cycle.id),
        is_pinned=links.is_pinned,
        files=files,
        texts=texts,
        repeat=repeat(cycle),
    )


def repeat(cycle: Cycle) -> Repeat | None:
    """Return how the request of `cycle` can be made again; None if there was none."""
    facts = cycle.stage(Stage.CLIENT).facts
    method = str(facts.get("method") or cycle.request.get("method") or "")
    if cycle.kind == "block" or not method:
        return None
    if method not in _SAFE:
        return Repeat(url=None, sentence=f"{method} is not sent again from here. Copy it as curl.")
    url = str(facts.get("url") or "")
    if HIDDEN in url or is_cut(url):
        return Repeat(url=None, sentence="A part of its address is hidden or cut. Copy it as curl.")
    if not url.startswith(("http://", "https://")):
        return Repeat(url=None, sentence="Its address is not known.")
    return Repeat(url=url, sentence="Opens its address in a new tab.")
