"""Renders of Jinja2 templates, where the project has such an engine.

Jinja2 compiles a template to a generator function, which includes, imports and parents are run by
as well. It is wrapped as the template is loaded. A render is written to its end at once, which
`Template.render` does with all of it; streams and async environments are left as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from cycle_inspector.collectors import _sources
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.recorder import Opened, Recorder, current, innermost

_DJANGO = "django.template.backends.django.DjangoTemplates"

Render = Callable[[Recorder, Any, str, Callable[..., Any], Any], Any]
"""Runs the root function of a template with a context, as a render of that template."""


@contextmanager
def collect(render: Render) -> Iterator[None]:
    """Hook the loading of Jinja2's templates, if an engine of the project may be of Jinja2."""
    if not _is_configured():
        yield
        return
    template_class: Any = import_module("jinja2.environment").Template
    original = vars(template_class)["_from_namespace"].__func__

    @wraps(original)
    def from_namespace(cls: Any, *args: Any, **kwargs: Any) -> Any:
        template = original(cls, *args, **kwargs)
        with guard("hook a Jinja2 template"):
            if not template.environment.is_async:
                _sources.read_as_jinja(template.root_render_func.__code__)
                template.root_render_func = _rendering(template, template_class, render)
        return template

    with replaced(template_class, "_from_namespace", classmethod(from_namespace)):
        yield


def _is_configured() -> bool:
    engines = {one.get("BACKEND") for one in settings.TEMPLATES}
    return bool(engines - {_DJANGO}) and find_spec("jinja2") is not None


def _rendering(template: Any, template_class: Any, render: Render) -> Any:
    original = template.root_render_func
    whole = template_class.render.__code__

    @wraps(original)
    def root(context: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or args or kwargs:
            return original(context, *args, **kwargs)
        is_whole = sys._getframe(1).f_code is whole
        if not is_whole and not _is_inside(innermost(), template_class):
            return original(context)  # a stream, whose reader decides when it goes on
        # A parent is given the context of its child, an include one of its own.
        how = "template" if context.name == template.name else "extends"
        return render(recorder, template, how, original, context)

    return root


def _is_inside(opened: Opened | None, template_class: Any) -> bool:
    return issubclass(type(getattr(opened, "rendered", None)), template_class)


def names_of(template: Any, context: Any) -> dict[Any, Any]:
    """Return what a template was given, by name: not what its environment gives to each."""
    names: dict[Any, Any] = {}
    for one in (context.parent, context.vars):
        if type(one) is dict:
            names |= one
    given_to_all = template.globals
    if not issubclass(type(given_to_all), MutableMapping):
        return names
    return {
        name: value
        for name, value in names.items()
        if type(name) is not str or given_to_all.get(name, names) is not value
    }


def drained(root: Callable[[Any], Iterator[str]], context: Any) -> Iterator[str]:
    """Run the root function of a template to its end; return what it has written."""
    written = list(root(context))
    # Compiled code closes what it includes, and a native environment asks for a generator.
    return (part for part in written)
