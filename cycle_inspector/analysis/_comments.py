"""`# cycle: ignore CI101` in a source: silences findings at that line.

In a template it is written `{# cycle: ignore CI101 #}`. The comment stands in the line that a
finding names, or fills the one above. Sources are read when a cycle is judged, never in a request,
and read again when they change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cycle_inspector.records import Cycle, Finding

_COMMENT = re.compile(r"(?:#|\{#)\s*cycle:\s*ignore\s+(?P<codes>\w+(?:\s*,\s*\w+)*)")
_ALONE = re.compile(r"\s*(?:#|\{#)")

# A larger file is no source that somebody writes comments into.
_MOST_BYTES = 2_000_000


def is_silenced(finding: Finding, cycle: Cycle) -> bool:
    """Whether a comment at one of the places of `finding` names its code."""
    return any(
        finding.code in codes_at(path, line)
        for path, line in dict.fromkeys(_places(finding, cycle))
    )


def codes_at(path: str, line: int) -> frozenset[str]:
    """Return the codes that comments silence at a line of a file."""
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return frozenset()
    if stat.st_size > _MOST_BYTES:
        return frozenset()
    return _comments(path, stat.st_mtime_ns, stat.st_size).get(line, frozenset())


@lru_cache(maxsize=200)
def _comments(path: str, changed_ns: int, size: int) -> dict[int, frozenset[str]]:
    """Return the codes by line; the time of its change and its size tell versions apart."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[int, frozenset[str]] = {}
    if "cycle:" not in text:
        return found
    for number, line in enumerate(text.splitlines(), start=1):
        comment = _COMMENT.search(line)
        if comment is not None:
            codes = frozenset(re.split(r"\s*,\s*", comment["codes"]))
            # One that fills a line is about the next.
            at = number + 1 if _ALONE.match(line) and _ends(line, comment) else number
            found[at] = found.get(at, frozenset()) | codes
    return found


def _ends(line: str, comment: re.Match[str]) -> bool:
    rest = line[comment.end() :].partition("#}")[2] if "{#" in line else ""
    return not rest.strip()


def _places(finding: Finding, cycle: Cycle) -> Iterator[tuple[str, int]]:
    for frame in (finding.caller, finding.mend):
        if frame is not None and frame.is_project:
            yield frame.path, frame.line
    lines = [one for one in (finding.template, finding.mend_template) if one is not None]
    for line in lines:
        for origin in {one.origin for one in cycle.renders if one.name == line.name}:
            yield origin, line.line
