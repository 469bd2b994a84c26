"""Stage 9, the templates: the tree of renders with their times.

`Template.render`, `ExtendsNode.render` (a parent is rendered by `_render`) and, from Django 6.0,
`PartialTemplate.render` are wrapped. `Template._render` is left alone: the test environment puts
its own in that place. Nothing is added per node. Form and widget templates, often a hundred in a
page, are folded into one render for each place that asks for them. Jinja2 is left to `_jinja`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import Thread
from typing import Any

from django.template import base, loader_tags
from django.views import debug

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import (
    _contexts,
    _frames,
    _jinja,
    _jinja_lines,
    _missing,
    _outputs,
    _processors,
)
from cycle_inspector.collectors._guard import failed
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._renders import OpenRender, text
from cycle_inspector.recorder import Recorder, current, innermost
from cycle_inspector.records import Stage

_FOLDED = "django/forms/"
_RECORD = "record a template"

# A page of a hundred different parts would fill the cycle with what each was given.
_MOST_CONTEXTS = 30


class Note:
    """What is kept besides the renders themselves."""

    __slots__ = (
        "contexts",
        "folded",
        "left_out",
        "missing",
        "outer",
        "outer_names",
        "outputs",
        "processors",
    )

    def __init__(self) -> None:
        # By the name of the template and the node that asked, which the render keeps alive, or the
        # line of Jinja2; the id is of the first such render.
        self.contexts: dict[tuple[str, Any], tuple[int, _contexts.Given]] = {}
        self.left_out = 0
        self.processors: list[_processors.Ran] = []
        self.missing: dict[str, _missing.Missing] = {}
        self.outer: dict[Thread, tuple[Any, int]] = {}  # of the context of the outermost render
        self.outer_names: dict[Thread, dict[Any, Any]] = {}  # the same of Jinja2
        self.outputs: _outputs.Outputs = {}
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
        stack.enter_context(_missing.noticed(_note_missing))
        stack.enter_context(_processors.noticed(_note_processors))
        stack.enter_context(_jinja.collect(_render_jinja))
        yield


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its duration is that of the outermost renders."""
    renders = recorded.renders
    ids = {render.id for render in renders}
    outermost = [render for render in renders if render.parent not in ids]
    note: Note = recorded.notes.get(Stage.TEMPLATES) or Note()
    names = {render.id: render.name for render in renders}
    raised = [
        event.attributes["missing_template"]
        for event in recorded.events
        if "missing_template" in event.attributes
    ]
    return Summed(
        start_ns=renders[0].start_ns if renders else 0,
        duration_ns=sum(render.duration_ns for render in outermost),
        count=sum(render.count for render in renders) + recorded.dropped.get("renders", 0),
        facts={
            "missing": [*raised, *_missing.told(note.missing, raised)],
            "contexts": [
                {
                    "render": at,
                    "name": names.get(at, ""),
                    "names": given.told(),
                    "left_out": given.left_out,
                    "alike": given.alike,
                }
                for at, given in note.contexts.values()
            ],
            "processors": _processors.told(note.processors, recorded.queries),
            **({"same": same} if (same := _outputs.told(note.outputs, renders)) else {}),
            **({"contexts_left_out": note.left_out} if note.left_out else {}),
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
                name = text(name)
            if name.startswith(_FOLDED):
                outer = innermost()
                if type(outer) is OpenRender and outer.how == "folded":
                    outer.count += 1
                else:
                    opened = _open_folded(recorder, self)
            elif name or not _is_ours(self):
                opened = OpenRender(recorder, self, how)
                _note_context(recorder, opened, name, context)
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


def _note_missing(recorder: Recorder) -> dict[str, _missing.Missing]:
    return recorder.note(Stage.TEMPLATES, Note).missing


def _note_processors(recorder: Recorder) -> list[_processors.Ran]:
    return recorder.note(Stage.TEMPLATES, Note).processors


def _render_jinja(recorder: Recorder, template: Any, how: str, root: Any, context: Any) -> Any:
    opened = None
    try:
        opened = OpenRender(recorder, template, how)
        # Its own code is more exact than a node of Django's further up.
        opened.jinja_line = _jinja_lines.jinja_line(sys._getframe(2))
        if how != "extends":  # that has the context of its child
            _note_jinja_context(recorder, opened, context)
    except Exception as error:
        failed(_RECORD, recorder, error)
    if opened is None:
        return _jinja.drained(root, context)
    return _run(recorder, opened, _jinja.drained, root, context)


def _open_folded(recorder: Recorder, template: Any) -> OpenRender:
    opened = OpenRender(recorder, template, "folded")
    folded = recorder.note(Stage.TEMPLATES, Note).folded
    first = folded.setdefault((opened.parent, opened.thread), opened)
    if first is not opened:
        # What happens inside belongs to the render that will stand for both.
        opened.first, opened.id = first, first.id
    return opened


def _run(recorder: Recorder, opened: OpenRender, original: Any, owner: Any, context: Any) -> Any:
    written = None
    try:
        written = original(owner, context)
        return written
    except BaseException as error:
        opened.error = type(error).__name__
        raise
    finally:
        try:
            opened.finish(recorder)
            note: Note = recorder.notes.get(Stage.TEMPLATES) or recorder.note(Stage.TEMPLATES, Note)
            _outputs.note(note.outputs, opened, written)
        except Exception as error:
            failed(_RECORD, recorder, error)


_frames.render_in(_run.__code__)


def _is_ours(template: Any) -> bool:
    # Django's debug pages are made by an engine of their own; they are not the project's templates.
    return getattr(template, "engine", None) is debug.DEBUG_ENGINE


def _note_context(recorder: Recorder, opened: OpenRender, name: str, context: Any) -> None:
    """Take what is new in `context`, once for each template and node that asks for it."""
    note: Note = recorder.notes.get(Stage.TEMPLATES) or recorder.note(Stage.TEMPLATES, Note)
    key = (name, id(opened.node))
    is_known = _is_known(note, key)
    if is_known and not opened.is_outermost:
        return
    dicts = context.dicts
    if opened.is_outermost:
        # The built-in names, a dict of its own in each context, tell whether it is the same one.
        note.outer[opened.thread] = (dicts[0], len(dicts))
    if is_known or not _has_room(note):
        return
    first, shared = note.outer.get(opened.thread) or (None, 1)
    is_inside = not opened.is_outermost and dicts[0] is first
    given = _contexts.Given(dicts[shared if is_inside else 1 :])
    note.contexts[key] = (opened.id, given)


def _note_jinja_context(recorder: Recorder, opened: OpenRender, context: Any) -> None:
    """Do the same for Jinja2, which gives all names to a part, in a dict of its own."""
    note: Note = recorder.notes.get(Stage.TEMPLATES) or recorder.note(Stage.TEMPLATES, Note)
    key = (text(opened.rendered.name), opened.jinja_line)
    is_known = _is_known(note, key)
    if is_known and not opened.is_outermost:
        return
    names = _jinja.names_of(opened.rendered, context)
    outer = {} if opened.is_outermost else note.outer_names.get(opened.thread, {})
    if opened.is_outermost:
        note.outer_names[opened.thread] = names
    if is_known or not _has_room(note):
        return
    new = {name: one for name, one in names.items() if name not in outer or outer[name] is not one}
    note.contexts[key] = (opened.id, _contexts.Given([new]))


def _is_known(note: Note, key: tuple[str, Any]) -> bool:
    """Whether such a render was noted before, one of a loop's most often; it is counted then."""
    kept = note.contexts.get(key)
    if kept is not None:
        kept[1].alike += 1
    return kept is not None


def _has_room(note: Note) -> bool:
    if len(note.contexts) < _MOST_CONTEXTS:
        return True
    note.left_out += 1
    return False
