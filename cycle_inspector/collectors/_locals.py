"""The local variables of a frame: taken at once, shown as text later, without the secrets.

Values become JSON while the exception is at hand, as they change later, by
`cycle_inspector.collectors._values`, which runs none of the page's code. What goes by the name of a
secret is hidden, and what Django's decorators `sensitive_variables` and `sensitive_post_parameters`
name: these are honoured with DEBUG on as well, other than on Django's own debug page.
"""

from __future__ import annotations

import inspect
import pprint
import re
from collections.abc import Iterable
from types import FrameType
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.datastructures import MultiValueDict
from django.views.decorators import debug

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._bodies import redact_text
from cycle_inspector.collectors._decorators import own
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import HIDDEN, Json

MOST_LOCALS = 25  # of one frame
_MOST_VALUES = 60  # of one local
_LONGEST_TEXT = 300  # inside of a local
_LONGEST = 1_500  # a local as text
_WIDTH = 80

Names = frozenset[str] | None
"""Names of secrets; None: every name."""

# What to_json() puts for each value that is too many, and at the end of a long list.
_MORE = "…"
_REST = re.compile("… ([0-9]+) more")
_ALL = "__ALL__"
WRAPPER = "sensitive_variables_wrapper"  # what Django calls a function so decorated


class Taken:
    """The locals of one frame, as they were."""

    __slots__ = ("_parameters", "more", "values")

    def __init__(self, frame: FrameType, sensitive: Names, parameters: Names) -> None:
        self._parameters = parameters
        self.values: list[tuple[str, Json, bool]] = []  # name, value, whether it is a text
        self.more = 0
        # Those of a module or a class are no locals.
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return
        for name, value in list(frame.f_locals.items()):
            if name.startswith((".", "__")):  # of a comprehension, of a class
                continue
            if len(self.values) >= MOST_LOCALS:
                self.more += 1
            elif sensitive is None or name in sensitive or _redaction.is_secret(name):
                self.values.append((name, HIDDEN, False))
            else:
                is_text = issubclass(type(value), str)
                self.values.append((name, self._taken(value), is_text))

    def texts(self) -> Iterable[tuple[str, str]]:
        """Yield the name of each local and its value as text, without secrets."""
        names = self._parameters or frozenset()
        for name, value, is_text in self.values:
            yield cut(name, 200), _text(_hide(name, value, names), is_text=is_text)

    def _taken(self, value: Any) -> Json:
        if self._parameters is None and issubclass(type(value), MultiValueDict):
            return {str(to_json(key)): HIDDEN for key in list(dict.keys(value))[:_MOST_VALUES]}
        return _of_models(value) or to_json(value, _MOST_VALUES)


def parameters_of(request: Any) -> Names:
    """Return the POST parameters that `sensitive_post_parameters` names."""
    attributes = own(request)
    named = attributes.get("sensitive_post_parameters")
    if type(named) is str and named == _ALL:
        return None
    return _names(named)


def sensitive_of(frame: FrameType, above: Any) -> Names:
    """Return which locals of `frame` are secret; `above` is the decorated function around it."""
    code = frame.f_code
    if code.co_flags & inspect.CO_COROUTINE:
        # As django.views.debug.SafeExceptionReporterFilter.get_traceback_frame_variables().
        key = hash(f"{code.co_filename}:{code.co_firstlineno}")
        named: Any = debug.coroutine_functions_to_sensitive_variables.get(key)
        if named is not None:
            return None if type(named) is str else _names(named)
    named = own(above).get("sensitive_variables")
    return None if type(named) is str and named == _ALL else _names(named)


def _names(named: Any) -> frozenset[str]:
    if type(named) not in (tuple, list, set, frozenset):
        return frozenset()
    return frozenset(one for one in named if type(one) is str)


def _of_models(value: Any) -> str | None:
    """Return what identifies an object of a model; the model of a queryset."""
    kind = type(value)
    if issubclass(kind, Model):
        meta, attributes = kind._meta, own(value)
        primary: Any = meta.pk  # an abstract model has none
        key = "" if primary is None else primary.attname
        told = _redaction.redact(key, to_json(attributes.get(key), 1))
        return f"<{meta.label} {key}={told}>"
    if issubclass(kind, QuerySet):
        model: Any = own(value).get("model")
        if issubclass(type(model), type) and issubclass(model, Model):
            return f"<{kind.__qualname__} of {model._meta.label}>"
    return None


def _hide(name: str, value: Json, names: frozenset[str]) -> Json:
    if name in names or _redaction.is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {key: _hide(key, one, names) for key, one in value.items() if one != _MORE}
    if isinstance(value, list):
        value = _shortened(value)
        if len(value) == 2 and isinstance(value[0], str):  # as the items of a dict
            return [_hide("", value[0], names), _hide(value[0], value[1], names)]
        return [_hide("", one, names) for one in value]
    if isinstance(value, str):
        return redact_text(str(_redaction.redact("", cut(value, _LONGEST_TEXT))))
    return value


def _shortened(listed: list[Json]) -> list[Json]:
    """Return a list of which to_json() could not tell all, with one word about the rest."""
    left = listed.count(_MORE)
    if not left:
        return listed
    shown = [one for one in listed if one != _MORE]
    found = _REST.fullmatch(shown[-1]) if shown and isinstance(shown[-1], str) else None
    if found is not None:
        del shown[-1]
        left += int(found[1])
    return [*shown, f"… {left} more"]


def _text(value: Json, *, is_text: bool) -> str:
    if isinstance(value, str):
        return repr(value) if is_text else value
    line = repr(value)
    if len(line) > _WIDTH:
        line = pprint.pformat(value, width=_WIDTH, compact=True, sort_dicts=False)
    return cut(line, _LONGEST)
