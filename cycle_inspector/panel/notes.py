"""What a stage did, in a few words: beside its name in the timeline and in the rail."""

from __future__ import annotations

from typing import Any

from cycle_inspector.panel import onion
from cycle_inspector.panel.filters import counted, ms, size
from cycle_inspector.records import Cycle, Stage, StageSummary

_BROWSER_ENDS = ("load_ns", "lcp_ns", "dom_content_loaded_ns", "response_end_ns", "first_byte_ns")


def note(cycle: Cycle, summary: StageSummary) -> str:
    """Return the few words about `summary`; empty where there is nothing to say."""
    try:
        return _NOTES[summary.stage](cycle, dict(summary.facts))
    except (AttributeError, LookupError, TypeError, ValueError):
        return ""  # facts of another shape, of an older version perhaps: the stage says more


def stage_count(cycle: Cycle, summary: StageSummary) -> int | None:
    """Return the number that stands beside a stage's name; None for stages that count nothing."""
    if summary.stage is Stage.DATABASE:
        return query_count(cycle) or None
    if summary.stage is Stage.TEMPLATES:
        return render_count(cycle) or None
    if summary.stage in (Stage.MIDDLEWARE, Stage.MODELS):
        return summary.count or None
    return None


def query_count(cycle: Cycle) -> int:
    """Return how many statements a person counts, dropped ones included."""
    return len(cycle.statements) + cycle.dropped.get("queries", 0)


def render_count(cycle: Cycle) -> int:
    """Return how many templates were rendered, folded and dropped ones included."""
    return sum(one.count for one in cycle.renders) + cycle.dropped.get("renders", 0)


def browser_end_ns(cycle: Cycle) -> int | None:
    """Return when the browser was done with the page, from the start of the navigation."""
    facts = cycle.stage(Stage.BROWSER).facts
    return next((facts[key] for key in _BROWSER_ENDS if isinstance(facts.get(key), int)), None)


def _client(cycle: Cycle, facts: dict[str, Any]) -> str:
    method = facts.get("method") or cycle.request.get("method")
    path = facts.get("path") or cycle.request.get("path")
    if not method:
        return ""
    address = facts.get("address")
    unread = " · body unread" if facts.get("body") == "unread" else ""
    return f"{method} {path}" + (f" from {address}" if address else "") + unread


def _gateway(_: Cycle, facts: dict[str, Any]) -> str:
    return " · ".join(str(facts[key]) for key in ("interface", "server") if facts.get(key))


def _settings(_: Cycle, facts: dict[str, Any]) -> str:
    words = [str(facts["module"])] if facts.get("module") else []
    if facts.get("changed"):
        words.append(counted(len(facts["changed"]["changes"]), "change,changes"))
    return " · ".join(words)


def _middleware(_: Cycle, facts: dict[str, Any]) -> str:
    return onion.note(facts)


def _routing(_: Cycle, facts: dict[str, Any]) -> str:
    if facts.get("error"):
        return f"raised {facts['error']['type'].rpartition('.')[2]}"
    if facts.get("redirect"):
        return f"redirected to {facts['redirect']['to']}"
    if facts.get("not_found"):
        near = facts.get("near")
        return "no pattern matched" + (f", but nearly {near[0]['pattern']}" if near else "")
    return str(facts.get("view_name") or facts.get("route") or "")


def _view(_: Cycle, facts: dict[str, Any]) -> str:
    exception = facts.get("exception")
    if exception:
        return f"raised {str(exception.get('type')).rpartition('.')[2]}"
    # The end of a dotted name tells most: what is cut is its end.
    return ".".join(str(facts.get("name") or "").split(".")[-2:])


def _models(_: Cycle, facts: dict[str, Any]) -> str:
    said = []
    loaded = sum(count for _, count in facts.get("instances") or [])
    if loaded:
        said.append(f"{counted(loaded, 'object,objects')} loaded")
    lazy = sum(count for _, count in facts.get("lazy") or [])
    if lazy:
        said.append(f"{lazy} lazily")
    saved = sum(sum(one[1:]) for one in facts.get("saved") or [])
    if saved:
        said.append(f"{saved} saved")
    deleted = sum(count for _, count in facts.get("deleted") or [])
    if deleted:
        said.append(f"{deleted} deleted")
    return ", ".join(said)


def _database(cycle: Cycle, _: dict[str, Any]) -> str:
    count = query_count(cycle)
    said = [counted(count, "query,queries")] if count else []
    failed = sum(1 for one in cycle.queries if one.error)
    if failed:
        said.append(f"{failed} failed")
    return ", ".join(said)


def _templates(cycle: Cycle, facts: dict[str, Any]) -> str:
    missing = facts.get("missing") or []
    if missing:
        return f"{missing[0].get('name')} is missing"
    return cycle.renders[0].name if cycle.renders else ""


def _response(cycle: Cycle, facts: dict[str, Any]) -> str:
    if facts.get("missing"):
        return "none was made"
    given = {**cycle.response, **facts}
    words = [str(given["status"])] if given.get("status") else []
    if given.get("content_type"):
        words.append(str(given["content_type"]).partition(";")[0])
    if isinstance(given.get("size_bytes"), int):
        words.append(size(given["size_bytes"]))
    if given.get("streaming"):
        is_cut = given.get("ended") in ("raised", "cancelled", "closed")
        words.append("stream cut off" if is_cut else "streamed")
    return " · ".join(words)


def _browser(cycle: Cycle, _: dict[str, Any]) -> str:
    end = browser_end_ns(cycle)
    return f"done after {ms(end)}" if end is not None else ""


_NOTES = {
    Stage.CLIENT: _client,
    Stage.GATEWAY: _gateway,
    Stage.SETTINGS: _settings,
    Stage.MIDDLEWARE: _middleware,
    Stage.ROUTING: _routing,
    Stage.VIEW: _view,
    Stage.MODELS: _models,
    Stage.DATABASE: _database,
    Stage.TEMPLATES: _templates,
    Stage.RESPONSE: _response,
    Stage.BROWSER: _browser,
}
