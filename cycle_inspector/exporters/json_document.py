"""The public JSON document of a cycle, as `/__cycle__/<id>.json` serves it.

Times are milliseconds, as floats with three decimals: every field or fact that ends in `_ns` in
the records ends in `_ms` here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cycle_inspector.analysis import codes_of
from cycle_inspector.analysis.grouping import GROUPINGS, Group, Key
from cycle_inspector.codec import SCHEMA_VERSION
from cycle_inspector.records import Cycle, Event, Finding, Frame, Query, Render, Span, TemplateLine

# The body which the client sent, and what was given to as_view() or to a mark of the project's: the
# keys in them are not ours, whatever they end in.
_CAPTURED = frozenset({"json", "given"})

_CODES = codes_of()


def export(cycle: Cycle) -> dict[str, Any]:
    """Return `cycle` as the JSON-able document described in the reference."""
    return {
        "schema": SCHEMA_VERSION,
        "id": cycle.id,
        "parent": cycle.parent,
        "cause": cycle.cause,
        "kind": cycle.kind,
        "started_at": cycle.started_at.isoformat(),
        "duration_ms": milliseconds(cycle.duration_ns),
        "request": in_milliseconds(cycle.request),
        "response": in_milliseconds(cycle.response),
        "stages": [
            {
                "name": summary.stage.value,
                "start_ms": milliseconds(summary.start_ns),
                "duration_ms": milliseconds(summary.duration_ns),
                "count": summary.count,
                "facts": in_milliseconds(summary.facts),
            }
            for summary in cycle.stages
        ],
        "spans": [_span(span) for span in cycle.spans],
        "queries": [_query(query) for query in cycle.queries],
        "groups": {name: _groups(group(cycle)) for name, group in GROUPINGS.items()},
        "renders": [_render(render) for render in cycle.renders],
        "events": [_event(event) for event in cycle.events],
        "findings": [_finding(finding) for finding in cycle.findings],
        "silenced_count": cycle.silenced_count,
        "failed_rules": list(cycle.failed_rules),
        "dropped": dict(cycle.dropped),
        "settings": cycle.settings,
    }


def milliseconds(nanoseconds: int) -> float:
    """Return `nanoseconds` as milliseconds with three decimals."""
    return round(nanoseconds / 1_000_000, 3)


def in_milliseconds(value: Any) -> Any:
    """Return the JSON value `value` with each `…_ns` key as `…_ms`, however deep it stands."""
    if isinstance(value, dict):
        return dict(_fact(key, one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return [in_milliseconds(one) for one in value]
    return value


def _fact(key: str, value: Any) -> tuple[str, Any]:
    if key in _CAPTURED:
        return key, value
    if key.endswith("_ns") and isinstance(value, int):
        return f"{key.removesuffix('_ns')}_ms", milliseconds(value)
    return key, in_milliseconds(value)


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "path": frame.path,
        "line": frame.line,
        "function": frame.function,
        "is_project": frame.is_project,
    }


def _line(line: TemplateLine | None) -> dict[str, Any] | None:
    return None if line is None else {"name": line.name, "line": line.line}


def _span(span: Span) -> dict[str, Any]:
    return {
        "id": span.id,
        "parent": span.parent,
        "stage": span.stage.value,
        "name": span.name,
        "start_ms": milliseconds(span.start_ns),
        "duration_ms": milliseconds(span.duration_ns),
        "thread": span.thread,
        "attributes": in_milliseconds(span.attributes),
    }


def _query(query: Query) -> dict[str, Any]:
    return {
        "id": query.id,
        "parent": query.parent,
        "sql": query.sql,
        "params": list(query.params) if isinstance(query.params, tuple) else query.params,
        "alias": query.alias,
        "vendor": query.vendor,
        "start_ms": milliseconds(query.start_ns),
        "duration_ms": milliseconds(query.duration_ns),
        "fetch_ms": milliseconds(query.fetch_ns),
        "rows": query.rows,
        "executions": query.executions,
        "is_transaction": query.is_transaction,
        "frames": [_frame(frame) for frame in query.frames],
        "template": _line(query.template),
        "relation": query.relation,
        "relation_kind": query.relation_kind,
        "error": query.error,
        "thread": query.thread,
        "model": query.model,
        "method": query.method,
    }


def _groups(groups: Iterable[Group]) -> list[dict[str, Any]]:
    return [
        {
            "key": _key(group.key),
            "count": group.count,
            "duration_ms": milliseconds(group.duration_ns),
            "queries": [query.id for query in group.queries],
        }
        for group in groups
    ]


def _key(key: Key) -> Any:
    if isinstance(key, Frame):
        return _frame(key)
    return _line(key) if isinstance(key, TemplateLine) else key


def _render(render: Render) -> dict[str, Any]:
    return {
        "id": render.id,
        "parent": render.parent,
        "name": render.name,
        "origin": render.origin,
        "how": render.how,
        "start_ms": milliseconds(render.start_ns),
        "duration_ms": milliseconds(render.duration_ns),
        "own_ms": milliseconds(render.own_ns),
        "count": render.count,
        "template": _line(render.template),
        "error": render.error,
        "thread": render.thread,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "parent": event.parent,
        "stage": event.stage.value,
        "kind": event.kind,
        "name": event.name,
        "at_ms": milliseconds(event.at_ns),
        "frames": [_frame(frame) for frame in event.frames],
        "attributes": in_milliseconds(event.attributes),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    code = _CODES.get(finding.code)
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "title": finding.title,
        "caller": None if finding.caller is None else _frame(finding.caller),
        "template": _line(finding.template),
        "count": finding.count,
        "cost_ms": milliseconds(finding.cost_ns),
        "evidence": list(finding.evidence),
        "fix": finding.fix,
        "mend": None if finding.mend is None else _frame(finding.mend),
        "mend_template": _line(finding.mend_template),
        "diff": finding.diff,
        "saved_ms": milliseconds(finding.saved_ns),
        "model_field": finding.model_field,
        # As seen from where the document is served.
        "page": None if code is None else f"findings/{code.code}.html",
        "django_url": None if code is None else code.django_url,
    }
