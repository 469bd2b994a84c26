"""Where the rows of a loop come from in the project's source, and how that is said.

The line that ran their query is looked at first; then who passed the queryset on; then, where the
rows were read by code of Django's alone, the view that answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cycle_inspector.analysis._chains import Queryset
from cycle_inspector.analysis._loops import Origin
from cycle_inspector.analysis._querysets import (
    Wanted,
    at_line,
    class_at,
    in_admin,
    in_class,
    passed_at,
    returned_by,
)
from cycle_inspector.analysis._schema import Schema
from cycle_inspector.analysis._select import select_of
from cycle_inspector.analysis._sources import Sources
from cycle_inspector.records import Cycle, Facts, Frame, Stage, TemplateLine

_MOST_FRAMES = 5

# What Django's generic views call the rows in a template.
_GENERIC = frozenset(["object_list", "page_obj", "paginator"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the queryset of an origin is made, as far as that is known."""

    frame: Frame | None
    queryset: Queryset | None
    words: str  # "the queryset at views.py:12, in book_list"


class Places:
    """Finds the places of a cycle's origins, each once."""

    def __init__(self, cycle: Cycle, schema: Schema, sources: Sources) -> None:
        self._schema = schema
        self._sources = sources
        self._view = cycle.stage(Stage.VIEW).facts
        self._known: dict[int, Place] = {}

    def of(self, origin: Origin) -> Place:
        """Return where the queryset of `origin` is made."""
        found = self._known.get(origin.query.id)
        if found is None:
            found = self._known[origin.query.id] = self._find(origin)
        return found

    def _find(self, origin: Origin) -> Place:
        wanted = self._wanted(origin)
        template = origin.query.template
        ours = [one for one in origin.query.frames if one.is_project][:_MOST_FRAMES]
        for frame, queryset in self._in_stack(ours, wanted, template):
            if not wanted.fits(queryset):
                return _place(frame, None)
            return _place(_line_of(frame, queryset), queryset)
        if ours and not self._hands_on(ours[0]):
            return _place(ours[0], None)
        in_view = self._in_view(wanted, template)
        if in_view is not None:
            return in_view
        return Place(frame=None, queryset=None, words="the queryset that the rows come from")

    def _wanted(self, origin: Origin) -> Wanted:
        """Return what to look for: a manager of the model, or the one that asks by this column."""
        select = select_of(origin.query.sql)
        columns = () if select is None else select.equals
        accessors = {one.name for column in columns for one in self._schema.read_by(column)}
        return Wanted(self._schema.names_at(origin.model.table), frozenset(accessors))

    def _hands_on(self, frame: Frame) -> bool:
        """Whether a line leaves the work to the class that its own is made of."""
        block = self._sources.of(frame)
        return block is not None and "super()." in block.line(frame.line)

    def _in_stack(
        self, frames: list[Frame], wanted: Wanted, template: TemplateLine | None
    ) -> Iterator[tuple[Frame, Queryset]]:
        """Yield the first that is found from the innermost frame outwards."""
        for at, frame in enumerate(frames):
            block = self._sources.of(frame)
            if block is None:
                return
            name = function_of(frame)
            if at == 0:
                words = None if template is None else self._words(template)
                found = at_line(block, frame.line, name, wanted, words)
            else:
                callee = function_of(frames[at - 1])
                found = passed_at(block, frame.line, name, callee, wanted)
            if found is not None:
                yield frame, found
                return

    def _in_view(self, wanted: Wanted, template: TemplateLine | None) -> Place | None:
        path, line = self._view.get("path"), self._view.get("line")
        if not isinstance(path, str) or not isinstance(line, int):
            return None
        block = self._sources.at(path, line)
        if block is None:
            return None
        if "bases" not in self._view:
            named = frozenset() if template is None else self._words(template)
            found = returned_by(block, line, wanted, named)
            if found is None or not wanted.fits(found):
                return None
            return _place(_frame(path, found, str(self._view.get("name"))), found)
        owner = class_at(block, line)
        if owner is None:
            return None
        is_list = str(self._view.get("name")).endswith(".changelist_view")
        look = in_admin if self._view.get("kind") == "admin view" and is_list else in_class
        found = look(block, line, wanted)
        if found is not None and not found.is_admin:
            found = replace(found, labels=found.labels | _GENERIC | _names_of(wanted))
        is_sure = found is not None and (
            found.is_admin
            or (
                wanted.fits(found)
                and (template is None or bool(found.labels & self._words(template)))
            )
        )
        if found is not None and not is_sure and template is not None:
            words = f"the queryset that {template.name}:{template.line} goes over"
            return Place(frame=None, queryset=None, words=words)
        frame = Frame(path=path, line=owner.lineno, function=owner.name, is_project=True)
        return Place(
            frame=frame if found is None else _line_of(frame, found),
            queryset=found if is_sure else None,
            words=_words_of_class(self._view, owner.name, frame),
        )

    def _words(self, template: TemplateLine) -> frozenset[str]:
        """Return the words of a line of a template: it speaks of what it goes over."""
        return frozenset(re.findall(r"\w+", self._sources.line_of(template)))


def function_of(frame: Frame) -> str:
    """Return the name of the function around a frame; a comprehension is in one as well."""
    parts = [part for part in frame.function.split(".") if not part.startswith("<")]
    return parts[-1] if parts else ""


def name_of(frame: Frame) -> str:
    """Return the name of the function around a frame with that of its class."""
    return re.sub(r"\.<locals>\.<\w+>", "", frame.function)


def spot(frame: Frame) -> str:
    """Return a place in words, the file by its last two parts."""
    return f"{'/'.join(frame.path.split('/')[-2:])}:{frame.line}"


def _place(frame: Frame, queryset: Queryset | None) -> Place:
    words = f"the queryset at {spot(frame)}, in {name_of(frame)}"
    return Place(frame=frame, queryset=queryset, words=words)


def _line_of(frame: Frame, queryset: Queryset) -> Frame:
    return frame._replace(line=queryset.root.lineno, path=queryset.block.path)


def _frame(path: str, queryset: Queryset, name: str) -> Frame:
    line = queryset.root.lineno
    return Frame(path=path, line=line, function=name.rpartition(".")[2], is_project=True)


def _names_of(wanted: Wanted) -> frozenset[str]:
    """Return what generic views call rows of these models by themselves."""
    return frozenset(f"{model.lower()}_list" for model in wanted.models)


def _words_of_class(view: Facts, name: str, frame: Frame) -> str:
    bases: Any = view.get("bases") or ()
    is_admin = view.get("kind") == "admin view"
    is_rest = any(str(base).startswith("rest_framework.") for base in bases)
    where = f"{name} ({spot(frame)})"
    if is_admin:
        return f"the change list of {where}, by list_select_related or get_queryset()"
    if is_rest:
        return f"`queryset` or get_queryset() of {where}"
    return f"`queryset` or get_queryset() of the view {where}"
