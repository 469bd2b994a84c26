"""The line of a template that an exception came out of, with the lines around it.

With an engine's `debug` on, Django has put them on the exception. Otherwise the line is that of the
innermost node which was being rendered, and its lines are read from the file, after the cycle.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from cycle_inspector.collectors import _excerpts, _frames
from cycle_inspector.collectors._decorators import own
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Json

_REACH = 3  # lines above and below

_attributes_of = vars(BaseException)["__dict__"].__get__
_traceback_of = vars(BaseException)["__traceback__"].__get__


def take(error: BaseException) -> dict[str, Json] | None:
    """Return name, path and line, and the lines around if they are at hand."""
    marked = _attributes_of(error).get("template_debug")
    node = _innermost_node(_traceback_of(error))
    if type(marked) is dict and type(marked.get("line")) is int:
        return _as_marked(marked, None if node is None else node["name"])
    return node


def told(taken: dict[str, Json]) -> dict[str, Json]:
    """Return the same for the record, the lines read from the file if need be."""
    if "lines" in taken or not os.path.isabs(taken["path"]):
        return taken
    return {**taken, **_excerpts.around(taken["path"], taken["line"], _REACH)}


def _as_marked(marked: dict[str, Any], name: str | None) -> dict[str, Json]:
    # As django.template.base.Template.get_exception_info() makes it.
    line = marked["line"]
    path = str(to_json(marked.get("name")))
    near = [
        (number, text)
        for number, text in marked.get("source_lines") or ()
        if type(text) is str and abs(number - line) <= _REACH
    ]
    taken = {"name": cut(name or path, 500), "path": cut(path, 1_000), "line": line}
    if not near:
        return taken
    return {**taken, "first": near[0][0], "lines": [_excerpts.shown(text) for _, text in near]}


def _innermost_node(traceback: TracebackType | None) -> dict[str, Json] | None:
    found = None
    while traceback is not None:
        if _frames.is_node(traceback.tb_frame):
            found = traceback.tb_frame
        traceback = traceback.tb_next
    line = None if found is None else _frames.template_line(found)
    if found is None or line is None:
        return None
    origin = own(own(found.f_locals.get("self")).get("origin"))
    return {
        "name": cut(line.name, 500),
        "path": cut(str(to_json(origin.get("name"))), 1_000),
        "line": line.line,
    }
