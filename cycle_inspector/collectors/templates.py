"""Stage 9, the templates: the tree of renders with their times.

`Template.render`, `ExtendsNode.render` (a parent is rendered by `_render`) and, from Django 6.0,
`PartialTemplate.render` are wrapped. `Template._render` is left alone: the test environment puts
its own in that place. Nothing is added per node. Form and widget templates, often a hundred in a
page, are folded into one render for each place that asks for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from itertools import islice
from threading import Thread
from types import FrameType
from typing import Any

from django.template import base, loader_tags
from django.utils.safestring import SafeString
from django.views import debug

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import failed
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Opened, Recorder, current, innermost
from cycle_inspector.records import Render, Stage, TemplateLine

_FOLDED = "django/forms/"
_NODE = base.Node.render_annotated.__code__
_RECORD = "record a template"

# A view that renders in a loop would fill the cycle with the names of each context.
_MOST_CONTEXTS = 100
_MOST_NAMES = 200

# An {% include %} stands three frames above the render it asks for, an inclusion tag five.
_FRAMES_TO_NODE = 12


class OpenRender(Opened):
    """A render that is still running, or was."""

    __slots__ = (
        "above",
        "count",
        "error",
        "first",
        "how",
        "inner",
        "is_outermost",
        "rendered",
        "template",
        "time",
    )

    def __init__(self, recorder: Recorder, rendered: Any, how: str) -> None:
        self.is_outermost = type(innermost()) is not OpenRender
        self.template = None if self.is_outermost else _asking_line()
        self.rendered = rendered  # the template; None until the parent of one is found
        self.how = how
        self.count = 1
        self.inner = 0
        self.time = 0
        self.error: str | None = None
        self.first: OpenRender | None = None  # the one of the same place that it is folded into
        self.above: Any = None  # what stands above it on the stack, once a query has asked
        super().__init__(recorder)

    def finish(self, recorder: Recorder) -> None:
        """Close it, and add it to the cycle or to the one that stands for both."""
        self.close(recorder)
        self.time = self.end - self.start
        outer = innermost()
        if type(outer) is OpenRender:
            outer.inner += self.time
        first = self.first
        if first is None:
            recorder.add_render(self)
        else:
            first.count += self.count
            first.time += self.time
            first.inner += self.inner
            first.error = first.error or self.error

    def record(self, recorder: Recorder) -> Render:
        return Render(
            id=self.id,
            parent=self.parent,
            name=_name(self.rendered),
            origin=_origin(self.rendered),
            how=self.how,
            start_ns=self.start - recorder.start,
            duration_ns=self.time,
            own_ns=max(self.time - self.inner, 0),
            count=self.count,
            template=self.template,
            error=self.error,
            thread=self.thread.name,
        )


class Note:
    """What is kept besides the renders themselves."""

    __slots__ = ("contexts", "folded")

    def __init__(self) -> None:
        # The names a template found in its context, by the id of the outermost render.
        self.contexts: dict[int, list[tuple[str, ...]]] = {}
        self.folded: dict[tuple[int | None, Thread], OpenRender] = {}


@contextmanager
def collect() -> Iterator[None]:
    """Hook the ways a template is rendered; unhook them afterwards."""
    partial = getattr(base, "PartialTemplate", None)
    with ExitStack() as stack:
        stack.enter_context(replaced(base.Template, "render", _rendering(base.Template)))
        if partial is not None:
            stack.enter_context(replaced(partial, "render", _rendering(partial)))
        stack.enter_context(replaced(loader_tags.ExtendsNode, "render", _extending()))
        stack.enter_context(replaced(loader_tags.ExtendsNode, "get_parent", _finding_parent()))
        yield


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the outermost renders."""
    renders = recorded.renders
    ids = {render.id for render in renders}
    outermost = [render for render in renders if render.parent not in ids]
    note: Note = recorded.notes.get(Stage.TEMPLATES) or Note()
    names = {render.id: render.name for render in renders}
    missing = [
        event.attributes["missing_template"]
        for event in recorded.events
        if "missing_template" in event.attributes
    ]
    return Summed(
        start_ns=renders[0].start_ns if renders else 0,
        duration_ns=sum(render.duration_ns for render in outermost),
        count=sum(render.count for render in renders) + recorded.dropped.get("renders", 0),
        facts={
            "missing": missing,
            "contexts": [
                {"render": at, "name": names.get(at, ""), "names": _context_names(dicts)}
                for at, dicts in note.contexts.items()
            ],
        },
    )


def _rendering(template_class: Any) -> Any:
    original = template_class.render
    how = "template" if template_class is base.Template else "partial"

    @wraps(original)
    def render(self: Any, context: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self, context)
        # A form runs through here a hundred times: few calls, and a `try` costs nothing.
        opened = None
        try:
            name = getattr(self, "name", None)
            if type(name) is not str:
                name = _text(name)
            if name.startswith(_FOLDED):
                outer = innermost()
                if type(outer) is OpenRender and outer.how == "folded":
                    outer.count += 1
                else:
                    opened = _open_folded(recorder, self)
            elif name or not _is_ours(self):
                opened = OpenRender(recorder, self, how)
                if opened.is_outermost:
                    _note_context(recorder, opened, context)
        except Exception as error:
            failed(_RECORD, recorder, error)
        if opened is None:
            return original(self, context)
        return _run(recorder, opened, original, self, context)

    return render


def _extending() -> Any:
    original = loader_tags.ExtendsNode.render

    @wraps(original)
    def render(self: Any, context: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed:
            return original(self, context)
        opened = None
        try:
            if not _is_ours(context.render_context.template):
                # The template is known once get_parent has found it, see below.
                opened = OpenRender(recorder, None, "extends")
        except Exception as error:
            failed(_RECORD, recorder, error)
        if opened is None:
            return original(self, context)
        return _run(recorder, opened, original, self, context)

    return render


def _finding_parent() -> Any:
    original = loader_tags.ExtendsNode.get_parent

    @wraps(original)
    def get_parent(self: Any, context: Any) -> Any:
        parent = original(self, context)
        opened = innermost()
        if type(opened) is OpenRender and opened.how == "extends" and opened.rendered is None:
            opened.rendered = parent
        return parent

    return get_parent


def _open_folded(recorder: Recorder, template: Any) -> OpenRender:
    opened = OpenRender(recorder, template, "folded")
    folded = recorder.note(Stage.TEMPLATES, Note).folded
    first = folded.setdefault((opened.parent, opened.thread), opened)
    if first is not opened:
        # What happens inside belongs to the render that will stand for both.
        opened.first, opened.id = first, first.id
    return opened


def _run(recorder: Recorder, opened: OpenRender, original: Any, owner: Any, context: Any) -> Any:
    try:
        return original(owner, context)
    except BaseException as error:
        opened.error = type(error).__name__
        raise
    finally:
        try:
            opened.finish(recorder)
        except Exception as error:
            failed(_RECORD, recorder, error)


_frames.render_in(_run.__code__)


def _is_ours(template: Any) -> bool:
    # Django's debug pages are made by an engine of their own; they are not the project's templates.
    return getattr(template, "engine", None) is debug.DEBUG_ENGINE


def _origin(template: Any) -> str:
    origin = getattr(template, "origin", None)
    name = _text(getattr(origin, "name", ""))
    return "" if name == base.UNKNOWN_SOURCE else name


def _name(template: Any) -> str:
    return _text(getattr(template, "name", None))


def _text(name: Any) -> str:
    if type(name) is SafeString:  # as every name that is written in a template
        return str.__str__(name)
    # A project may name a template by a path or by a lazy text.
    return "" if name is None else name if type(name) is str else str(to_json(name))


def _note_context(recorder: Recorder, opened: OpenRender, context: Any) -> None:
    contexts = recorder.note(Stage.TEMPLATES, Note).contexts
    if len(contexts) >= _MOST_CONTEXTS:
        return
    # A context may be made of any object that can be asked for a key: only a dict has its keys
    # listed, and by dict's own method. isinstance() would wake a lazy object.
    contexts[opened.id] = [
        tuple(islice(dict.__iter__(one), _MOST_NAMES))
        for one in context.dicts
        if issubclass(type(one), dict)
    ]


def _asking_line() -> TemplateLine | None:
    frame: FrameType | None = sys._getframe(3)  # whoever called the hooked method
    for _ in range(_FRAMES_TO_NODE):
        if frame is None:
            return None
        if frame.f_code is _NODE:
            return _frames.template_line(frame)
        frame = frame.f_back
    return None


def _context_names(dicts: list[tuple[str, ...]]) -> list[str]:
    names = dict.fromkeys(cut(_text(name), 200) for one in dicts for name in one)
    return [name for name in names if name not in ("True", "False", "None")]
