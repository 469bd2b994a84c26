"""Places: a stack of code and offsets, interned, and what is worked out of it later.

A loop that runs a query a thousand times has one `Place`; its files, lines and the relation that
was being loaded are worked out at the first question, after the request.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from django.apps import apps
from django.db.models.fields import related_descriptors
from django.db.models.query_utils import DeferredAttribute

from cycle_inspector.collectors._sources import JINJA, KEEP, is_project, rule_of
from cycle_inspector.records import Frame, TemplateLine

TO_ONE = (
    related_descriptors.ForwardManyToOneDescriptor,
    related_descriptors.ReverseOneToOneDescriptor,
)

# More frames than this are a recursion; the innermost are the ones that tell.
MOST_FRAMES = 40

# A page has some hundred distinct places. Code that is compiled anew for each request would fill
# the table without end, so it is emptied at this size; places in use stay alive in their queries.
_MOST_PLACES = 20_000


class Place:
    """Where something was asked for; equal places are the same object.

    The stack, innermost first, the template line, the relation that was being loaded, and the
    method of a queryset or a model that was called.
    """

    __slots__ = (
        "_frames",
        "_relation",
        "codes",
        "descriptor",
        "ids",
        "method",
        "model",
        "template",
    )

    def __init__(
        self,
        codes: list[tuple[CodeType, int]],
        ids: tuple[int, ...],
        template: TemplateLine | None,
        descriptor: Any,
        model: Any,
        method: CodeType | None = None,
    ) -> None:
        # All of them are kept alive, as the table of places goes by their ids.
        self.codes = codes
        self.ids = ids  # of the codes, and the offsets, in turns
        self.descriptor = descriptor
        self.model = model
        self.method = method  # of a queryset or a model, that was called there
        self._frames: tuple[Frame, ...] | None = None
        self._relation: tuple[str, str] | None = None
        self.template = template

    def frames(self) -> tuple[Frame, ...]:
        """Return the frames with file and line; worked out at the first call."""
        if self._frames is None:
            self._frames = tuple(frame_at(code, offset) for code, offset in self.codes)
        return self._frames

    def relation(self) -> tuple[str, str] | tuple[None, None]:
        """Return the relation or deferred field that was loaded, and its kind, as in `Query`."""
        if self.descriptor is None:
            return None, None
        if self._relation is None:
            self._relation = _relation(self.descriptor, self.model)
        return self._relation


NOWHERE = Place([], (), None, None, None)
"""Of what nobody has looked for."""

_places: dict[tuple[Any, ...], Place] = {}


def loading_descriptors() -> list[Any]:
    """Return the descriptors that load what is asked of an instance."""
    found: list[Any] = [*TO_ONE, DeferredAttribute]
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes import fields

        # GenericForeignKey is its own descriptor up to Django 6.0.
        found.append(getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey))
    return found


def intern(
    ids: list[int],
    codes: list[tuple[CodeType, int]],
    name: str | None = None,
    line: int = 0,
    descriptor: Any = None,
    model: Any = None,
    method: CodeType | None = None,
) -> Place:
    """Return the place of `codes`, whose ids and offsets are `ids`, in the template line given."""
    if len(codes) > MOST_FRAMES:
        del ids[MOST_FRAMES * 2 :], codes[MOST_FRAMES:]
    key = (*ids, name, line, id(descriptor), id(model), id(method))
    place = _places.get(key)
    if place is None:
        if len(_places) >= _MOST_PLACES:
            _places.clear()
        template = None if name is None else TemplateLine(name=name, line=line)
        place = _places[key] = Place(codes, tuple(ids), template, descriptor, model, method)
    return place


def frame_at(code: CodeType, offset: int) -> Frame:
    """Return the line of `code` that the instruction at `offset` is of."""
    line = next((line for start, end, line in code.co_lines() if start <= offset < end), None)
    path = code.co_filename
    return Frame(
        path=path,
        line=line or code.co_firstlineno,
        function=code.co_qualname,
        is_project=is_project(path),
    )


def of_traceback(error: BaseException) -> tuple[Frame, ...]:
    """Return the frames an exception came through, innermost first, Django's left out."""
    return frames_of(places_of_traceback(error))


def places_of_traceback(error: BaseException) -> list[tuple[CodeType, int]]:
    """Return the same as code and offsets, to be read later, without keeping the exception."""
    places = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        # Jinja2 puts frames into a traceback whose lines are those of the template.
        if rule_of(code) in (KEEP, JINJA):
            places.append((code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return places[-MOST_FRAMES:][::-1]


def frames_of(places: list[tuple[CodeType, int]]) -> tuple[Frame, ...]:
    """Return the lines that these places stand for."""
    return tuple(frame_at(code, offset) for code, offset in places)


def _relation(descriptor: Any, model: Any) -> tuple[str, str]:
    related = getattr(descriptor, "related", None)
    if related is not None:
        name = related.get_accessor_name()
    else:  # up to Django 6.0 a GenericForeignKey is its own descriptor
        name = getattr(descriptor, "field", descriptor).name
    if isinstance(descriptor, DeferredAttribute):
        kind = "column"
    else:
        kind = "to_one" if isinstance(descriptor, TO_ONE) else "generic"
    return f"{model._meta.label}.{name}", kind
