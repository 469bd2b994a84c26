"""A cycle in words, for an issue or an assistant: what happened, what is wrong, where time went.

Nothing of the client's is in it but the method and the path: no headers, no body, no values of SQL
and no local variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from cycle_inspector.analysis import codes_of
from cycle_inspector.analysis.grouping import Group, by_shape
from cycle_inspector.exporters._markup import code, fence, text
from cycle_inspector.exporters.json_document import milliseconds
from cycle_inspector.records import Cycle, Event, Finding, Frame, Stage, TemplateLine

_READ_ON = {name: code.django_url for name, code in codes_of().items() if code.django_url}

_MOST_QUERIES = 5  # shapes of them, by their time
_MOST_FRAMES = 30
_LONGEST_SQL = 2_000


def export(cycle: Cycle) -> str:
    """Return the document."""
    parts = [
        *_head(cycle),
        *_exceptions(cycle),
        *_findings(cycle.findings),
        *_times(cycle),
        *_queries(cycle),
        *_left_out(cycle),
    ]
    return "\n\n".join(parts) + "\n"


def _head(cycle: Cycle) -> Iterator[str]:
    method, path = cycle.request.get("method"), cycle.request.get("path")
    yield f"# {text(method)} {code(path)}" if method else "# A recorded block of code"
    response, routing = cycle.response, cycle.stage(Stage.ROUTING).facts
    view, settings = cycle.stage(Stage.VIEW).facts, cycle.stage(Stage.SETTINGS).facts
    facts: list[tuple[str, str]] = []
    if response.get("status"):
        answer = f"{response['status']} {text(response.get('reason') or '')}".strip()
        facts.append(("Answer", answer))
    facts.append(("Time on the server", _ms(cycle.duration_ns)))
    if view.get("name"):
        place = f" at {code(_place(view['path'], view.get('line')))}" if view.get("path") else ""
        facts.append(("View", f"{code(view['name'])}{place}"))
    if routing.get("route") is not None:
        facts.append(("Route", code(routing["route"] or "(empty)")))
    queries = len(cycle.statements) + cycle.dropped.get("queries", 0)
    facts.append(("Queries", f"{queries} in {_ms(_time(cycle.statements))}"))
    renders = sum(one.count for one in cycle.renders) + cycle.dropped.get("renders", 0)
    facts.append(("Templates", str(renders)))
    versions = [f"{name} {settings[key]}" for name, key in _VERSIONS if settings.get(key)]
    if versions:
        facts.append(("Runs on", text(", ".join(versions))))
    facts.append(("Recorded", f"{cycle.started_at.isoformat(timespec='seconds')}, {cycle.id}"))
    yield "\n".join(f"- {name}: {value}" for name, value in facts)


_VERSIONS = (("Django", "django"), ("Python", "python"))


def _exceptions(cycle: Cycle) -> Iterator[str]:
    for event in cycle.events:
        if event.kind == "exception":
            yield f"## Raised: {code(event.name)}"
            yield from _exception(event)


def _exception(event: Event) -> Iterator[str]:
    facts = event.attributes
    if facts.get("message"):
        yield fence(facts["message"])
    if event.template is not None:
        yield f"In the template {code(_line(event.template))}."
    trace = facts.get("trace") or [frame._asdict() for frame in event.frames]
    yield from _trace(trace)
    for one in facts.get("linked") or ():
        yield f"{text(_LINKS.get(str(one.get('link')), 'With it'))} {code(one.get('name'))}:"
        if one.get("message"):
            yield fence(one["message"])
        yield from _trace(one.get("trace") or ())


_LINKS = {
    "cause": "Caused by",
    "context": "Raised while this was being handled:",
    "group": "One of the group:",
}


def _trace(frames: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    listed = list(frames)
    lines = [_frame_line(frame) for frame in listed[:_MOST_FRAMES]]
    if len(listed) > _MOST_FRAMES:
        lines.append(f"- {len(listed) - _MOST_FRAMES} more frames")
    if lines:
        yield "Frames, the innermost first:"
        yield "\n".join(lines)


def _frame_line(frame: Mapping[str, Any]) -> str:
    place = code(_place(frame.get("path"), frame.get("line")))
    words = f"- {place} in {code(frame.get('function'))}"
    source = _source(frame) if frame.get("is_project") else ""
    return f"{words}: {code(source)}" if source else words


def _source(frame: Mapping[str, Any]) -> str:
    """Return the line of source that a frame stands at, where the record has it."""
    lines, first, at = frame.get("lines") or [], frame.get("first") or 1, frame.get("line")
    if not isinstance(at, int) or not 0 <= at - first < len(lines):
        return ""
    return str(lines[at - first]).strip()


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    if findings:
        yield f"## {len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
    for one in findings:
        cost = f", {_ms(one.cost_ns)}" if one.cost_ns else ""
        lines = [f"- **{text(one.title)}** ({text(one.code)}, {one.severity.value}{cost})"]
        lines.extend(f"  - {words}" for words in _places(one))
        if one.fix:
            lines.append(f"  - Fix: {text(one.fix)}")
        if one.code in _READ_ON:
            lines.append(f"  - Read on: <{_READ_ON[one.code]}>")
        yield "\n".join(lines)
        if one.diff:
            yield fence(one.diff, "diff")


def _places(finding: Finding) -> Iterator[str]:
    if finding.caller is not None:
        yield f"at {_frame(finding.caller)}"
    if finding.template is not None:
        yield f"in the template {code(_line(finding.template))}"
    if finding.mend is not None and finding.mend != finding.caller:
        yield f"to be changed at {_frame(finding.mend)}"
    if finding.mend_template is not None:
        yield f"to be changed in the template {code(_line(finding.mend_template))}"


def _times(cycle: Cycle) -> Iterator[str]:
    rows = [
        f"| {one.stage.value} | {_ms(one.start_ns)} | {_ms(one.duration_ns)} |"
        for one in cycle.stages
        if one.duration_ns
    ]
    if rows:
        yield "## Time of each stage"
        yield "\n".join(["| stage | from | time |", "|---|---:|---:|", *rows])


def _queries(cycle: Cycle) -> Iterator[str]:
    groups = sorted(by_shape(cycle), key=lambda group: -group.duration_ns)
    if groups:
        yield "## What the database spent most on"
    for group in groups[:_MOST_QUERIES]:
        yield _group_line(group)
        sql = str(group.key)  # without the values that stand in it
        yield fence(sql if len(sql) <= _LONGEST_SQL else f"{sql[:_LONGEST_SQL]}…", "sql")
    if len(groups) > _MOST_QUERIES:
        yield f"And {len(groups) - _MOST_QUERIES} more shapes of queries."


def _group_line(group: Group) -> str:
    first = group.queries[0]
    words = f"- {group.count} × in {_ms(group.duration_ns)}"
    if first.caller is not None:
        words += f", first at {_frame(first.caller)}"
    if first.template is not None:
        words += f", in the template {code(_line(first.template))}"
    return f"{words}:"


def _left_out(cycle: Cycle) -> Iterator[str]:
    told = [f"{count} {text(kind)}" for kind, count in cycle.dropped.items() if count]
    if told:
        yield f"Only counted, to stay within the limits: {', '.join(told)}."
    yield "Values of SQL, headers, bodies and local variables are left out here."


def _frame(frame: Frame) -> str:
    return f"{code(_place(frame.path, frame.line))} in {code(frame.function)}"


def _place(path: object, line: object) -> str:
    """Return the end of a file's path that a person knows it by, and the line."""
    given = str(path)
    _, installed, rest = given.rpartition("/site-packages/")
    short = rest if installed else "/".join(PurePath(given).parts[-3:])
    return f"{short}:{line}" if line else short


def _line(line: TemplateLine) -> str:
    return f"{line.name}:{line.line}"


def _time(queries: Iterable[Any]) -> int:
    return sum(one.duration_ns for one in queries)


def _ms(nanoseconds: int) -> str:
    return f"{milliseconds(nanoseconds):.1f} ms"
