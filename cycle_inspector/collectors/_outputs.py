"""Renders of one place that wrote the very same: work that was done again.

Of what a render wrote only its hash is kept, as the interpreter makes it, until the cycle is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cycle_inspector.collectors._renders import OpenRender
from cycle_inspector.records import Json, Render

_MOST = 20  # that are told
_MOST_IDS = 100  # of each
_LEAST = 3  # renders with one output

Outputs = dict[tuple[str, int, int], list[int]]
"""Ids of renders: by the template's name, the node that asked, and the hash of what was written."""


def note(outputs: Outputs, opened: OpenRender, written: Any) -> None:
    """Remember what `opened`, one that a node has asked for, has written."""
    if opened.node is not None and opened.how != "folded" and issubclass(type(written), str):
        # Of str itself: a project's own text may count as another. Its name is one of Django's.
        key = (getattr(opened.rendered, "name", None) or "", id(opened.node), str.__hash__(written))
        outputs.setdefault(key, []).append(opened.id)


def told(outputs: Outputs, renders: Iterable[Render]) -> list[Json]:
    """Return what was written three times or more, that which took longest first."""
    many = [ids for ids in outputs.values() if len(ids) >= _LEAST]
    if not many:
        return []
    known = {one.id: one for one in renders}
    found: list[tuple[int, list[int]]] = []
    for ids in many:
        kept = [one for one in ids if one in known]
        if len(kept) >= _LEAST:
            # All but the first could have been left undone.
            found.append((sum(known[one].duration_ns for one in kept[1:]), kept))
    found.sort(reverse=True)
    return [
        {"count": len(ids), "repeated_ns": spent, "renders": ids[:_MOST_IDS]}
        for spent, ids in found[:_MOST]
    ]
