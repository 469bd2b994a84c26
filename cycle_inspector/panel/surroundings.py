"""What the templates of client, gateway and settings need beside the facts of their stages."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from cycle_inspector.panel.filters import moment, size
from cycle_inspector.records import Cycle, Stage


def client(cycle: Cycle) -> dict[str, Any]:
    """Return it for the client."""
    facts = cycle.stage(Stage.CLIENT).facts
    read = facts.get("body_read_bytes")
    return {
        "is_session_empty": facts.get("session_keys") == [],
        "has_json": "json" in facts,  # which may be null, or nothing else that counts as true
        "read_in_part": f"of which {size(read)} were read" if read is not None else "",
        "cookies": list(Counter(str(one[0]) for one in facts.get("cookies") or ()).items()),
    }


def gateway(cycle: Cycle) -> dict[str, Any]:
    """Return it for the gateway."""
    facts = cycle.stage(Stage.GATEWAY).facts
    is_loops = "event_loop" in facts
    # A middleware that knows sync only has the whole chain called in a thread.
    said = ["the event loop's" if is_loops else "not the event loop's"]
    if facts.get("interface") != "ASGI":
        said = []
    if facts.get("thread_id"):
        said.append(f"{facts['thread_id']} to the system")
    parent = facts.get("parent_id")
    return {"thread": ", ".join(said), "parent": f"a child of {parent}" if parent else ""}


def settings(cycle: Cycle) -> dict[str, Any]:
    """Return it for the settings."""
    changed = cycle.stage(Stage.SETTINGS).facts.get("changed")
    if not isinstance(changed, dict):
        return {}
    try:
        changed_at = moment(datetime.fromisoformat(str(changed.get("started_at"))))
    except ValueError:
        changed_at = "some moment"
    return {
        "changed_at": changed_at,
        "changes": [_told(one) for one in changed.get("changes") or ()],
    }


def _told(change: dict[str, Any]) -> dict[str, Any]:
    what, name = str(change.get("what")), str(change.get("name") or "")
    absent = "not set" if what == "setting" else "not there"
    before, after = change.get("before", absent), change.get("after", absent)
    if isinstance(before, list) and isinstance(after, list):
        before, after = _parted(before, after)
    return {
        "name": name or what,
        "what": what if name and what != "setting" else "",
        "before": before,
        "after": after,
        "is_added": "before" not in change,
        "is_removed": "after" not in change,
    }


def _parted(before: list[Any], after: list[Any]) -> tuple[Any, Any]:
    """Return what only one of two lists has, as they tend to be long; both, if that is nothing."""
    gone = [one for one in before if one not in after]
    new = [one for one in after if one not in before]
    return (gone or "", new or "") if gone or new else (before, after)
