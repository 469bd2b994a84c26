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
from django.views import debug

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Opened, Recorder, current, innermost
from cycle_inspector.records import Render, Stage, TemplateLine

_FOLDED = "django/forms/"

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
        "name",
        "origin",
        "template",
        "time",
    )

    def __init__(self, recorder: Recorder, name: str, origin: str, how: str) -> None:
        outer = innermost()
        self.is_outermost = not isinstance(outer, OpenRender)
        self.template = None if self.is_outermost else _asking_line()
        self.name = name
        self.origin = origin
        self.how = how
        self.count = 1
        self.inner = 0
        self.time = 0
        self.error: str | None = None
        self.first: OpenRender | None = None  # the one of the same place that it is folded into
        self.above: Any = None  # what stands above it on the stack, once a query has asked
        super().__init__(recorder)

    def close(self, recorder: Recorder) -> None:
        super().close(recorder)
        self.time = self.end - self.start
        outer = innermost()
        if isinstance(outer, OpenRender):
            outer.inner += self.time

    def record(self, recorder: Recorder) -> Render:
        return Render(
            id=self.id,
            parent=self.parent,
            name=self.name,
            origin=self.origin,
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
        if recorder is None or recorder.closed or _is_ours(self):
            return original(self, context)
        opened = None
        with guard("record a template", recorder):
            name = _name(self)
            if name.startswith(_FOLDED):
                outer = innermost()
                if isinstance(outer, OpenRender) and outer.how == "folded":
                    outer.count += 1
                else:
                    opened = _open_folded(recorder, name, _origin(self))
            else:
                opened = OpenRender(recorder, name, _origin(self), how)
                if opened.is_outermost:
                    _note_context(recorder, opened, context)
        if opened is None:
            return original(self, context)
        return _run(recorder, opened, original, self, context)

    return render


def _extending() -> Any:
    original = loader_tags.ExtendsNode.render

    @wraps(original)
    def render(self: Any, context: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or _is_ours(context.render_context.template):
            return original(self, context)
        opened = None
        with guard("record a template", recorder):
            # The name is known once get_parent has found the template, see below.
            opened = OpenRender(recorder, "", "", "extends")
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
        if isinstance(opened, OpenRender) and opened.how == "extends" and not opened.name:
            with guard("name a parent template"):
                opened.name, opened.origin = _name(parent), _origin(parent)
        return parent

    return get_parent


def _open_folded(recorder: Recorder, name: str, origin: str) -> OpenRender:
    opened = OpenRender(recorder, name, origin, "folded")
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
        with guard("record a template", recorder):
            opened.close(recorder)
            first = opened.first
            if first is None:
                recorder.add_render(opened)
            else:
                first.count += opened.count
                first.time += opened.time
                first.inner += opened.inner
                first.error = first.error or opened.error


_frames.render_in(_run.__code__)


def _is_ours(template: Any) -> bool:
    # Django's debug pages are made by an engine of their own; they are not the project's templates.
    return getattr(template, "engine", None) is debug.DEBUG_ENGINE


def _origin(template: Any) -> str:
    origin = getattr(template, "origin", None)
    name = _text(getattr(origin, "name", ""))
    return "" if name == base.UNKNOWN_SOURCE else name


def _name(template: Any) -> str:
    name = getattr(template, "name", None)
    return "" if name is None else _text(name)


def _text(name: Any) -> str:
    # A project may name a template by a path or by a lazy text.
    return name if type(name) is str else str(to_json(name))


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
    frame: FrameType | None = sys._getframe(3)
    for _ in range(_FRAMES_TO_NODE):
        if frame is None:
            return None
        if _frames.is_node(frame):
            return _frames.template_line(frame)
        frame = frame.f_back
    return None


def _context_names(dicts: list[tuple[str, ...]]) -> list[str]:
    names = dict.fromkeys(cut(_text(name), 200) for one in dicts for name in one)
    return [name for name in names if name not in ("True", "False", "None")]
