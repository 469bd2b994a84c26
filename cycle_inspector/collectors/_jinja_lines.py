"""The line of a Jinja2 template, from a frame of the Python code that it was compiled to."""

from __future__ import annotations

from functools import lru_cache
from types import FrameType
from typing import Any

from cycle_inspector.collectors._sources import JINJA, RULES
from cycle_inspector.records import TemplateLine

# A macro or a filter may stand between an {% include %} of Jinja2 and what it renders.
_FRAMES_TO_JINJA = 6


def jinja_line(frame: FrameType | None) -> TemplateLine | None:
    """Return the line of the innermost Jinja2 template that `frame` runs in, if near."""
    for _ in range(_FRAMES_TO_JINJA):
        if frame is None:
            break
        if RULES.get(frame.f_code.co_filename) == JINJA:
            name, line = jinja_place(frame)
            return None if name is None else TemplateLine(name=name, line=line)
        frame = frame.f_back
    return None


def jinja_place(frame: FrameType) -> tuple[str | None, int]:
    """Return the name of the template that `frame` is the code of, and the line in it."""
    template: Any = frame.f_globals.get("__jinja_template__")
    if template is None:
        return None, 0
    name = template.name
    if type(name) is not str:  # made of a string
        name = ""
    return name, _line_at(template._debug_info or "", frame.f_lineno)


@lru_cache(maxsize=4_000)
def _line_at(pairs: str, line: int) -> int:
    """Return the line of a template for one of its code; `pairs` are as Jinja2 writes them."""
    found = 1
    for pair in pairs.split("&") if pairs else ():
        of_template, _, of_code = pair.partition("=")
        if int(of_code) > line:
            break
        found = int(of_template)
    return found
