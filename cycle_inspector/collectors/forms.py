"""Forms, a side event: each bound form that the page has validated, and why it failed.

`full_clean` of forms and formsets is wrapped in the two base classes: subclasses come and go, as
the admin makes some for each request. A form is not asked anything, so it is validated when and if
the page does it. Its errors are read after the cycle, with those that a view has added by then.

The forms of a formset are a part of it. What a field was sent is not kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from types import FrameType
from typing import Any

from django.forms import BaseForm
from django.forms.formsets import BaseFormSet, ManagementForm
from django.forms.models import BaseModelForm, BaseModelFormSet

from cycle_inspector.collectors import _form_errors
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._patching import replaced
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_LONGEST_NAME = 200
_MOST_FIELDS = 100
_MOST_ERRORS = 50
_WHAT = "record a form"

_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__

# The class of the forms of the formset that is validated in this context.
_form_class: ContextVar[Any] = ContextVar("cycle_inspector_form_class", default=None)


class BoundForm(SideEvent):
    """A form that was validated; of the form itself only its errors and what it was sent are held.

    The latter to be hidden where a message quotes it.
    """

    __slots__ = (
        "_before",
        "_errors",
        "_fields",
        "_kind",
        "_prefix",
        "_queries",
        "_sent",
        "_then",
        "duration",
        "error",
    )

    KIND = "form"

    def __init__(self, recorder: Recorder, form: Any, frame: FrameType) -> None:
        super().__init__(recorder, frame)
        facts = vars(form)
        self._kind = type(form)
        self._prefix = facts.get("prefix")
        self._sent = facts.get("data")
        self._fields: list[Any] = []
        self._errors: Any = None
        self._before = len(recorder.queries)
        self._queries = 0
        self._then = 0  # how many errors there were when it was validated
        self.duration = 0
        self.error: str | None = None

    def ended(self, recorder: Recorder, form: Any) -> None:
        """Take what the form has become."""
        self._queries = len(recorder.queries) - self._before
        self._take(form)
        self._then = self._count()

    def name(self) -> str:
        return cut(_qualname_of(self._kind), _LONGEST_NAME)

    def attributes(self) -> dict[str, Json]:
        names = [cut(str(to_json(one)), _LONGEST_NAME) for one in self._fields[:_MOST_FIELDS]]
        facts: dict[str, Json] = {
            "class": cut(f"{_module_of(self._kind)}.{_qualname_of(self._kind)}", _LONGEST_NAME),
            "fields": names,
            "duration_ns": self.duration,
        }
        if len(self._fields) > len(names):
            facts["field_count"] = len(self._fields)
        if type(self._prefix) is str and self._prefix:
            facts["prefix"] = cut(self._prefix, _LONGEST_NAME)
        if (model := self._model()) is not None:
            facts["model"] = model._meta.label
        if self._queries:
            facts["queries"] = self._queries
        if self.error is not None:
            return {**facts, "error": clean(self.error)}
        count = self._count()
        facts["valid"] = count == 0
        if count:
            sent = _form_errors.values_of(self._sent)
            facts["errors"] = list(islice(self._each_error(sent), _MOST_ERRORS))
            facts["error_count"] = count
        if count > self._then:
            facts["added_later"] = count - self._then
        return facts

    def _take(self, form: Any) -> None:
        facts = vars(form)
        self._fields = _names(facts.get("fields"))
        self._errors = facts.get("_errors")

    def _count(self) -> int:
        return _form_errors.count(self._errors)

    def _each_error(self, sent: tuple[str, ...]) -> Iterator[dict[str, Json]]:
        return _form_errors.of_form(self._errors, sent)

    def _model(self) -> Any:
        return self._kind._meta.model if issubclass(self._kind, BaseModelForm) else None


class BoundFormset(BoundForm):
    """A formset that was validated, with its forms."""

    __slots__ = ("_form_count", "_forms")

    def __init__(self, recorder: Recorder, formset: Any, frame: FrameType) -> None:
        super().__init__(recorder, formset, frame)
        self._form_count = 0
        self._forms: list[tuple[int, Any]] = []  # the errors of those that count, by their number

    def attributes(self) -> dict[str, Json]:
        return {**super().attributes(), "forms": self._form_count}

    def _take(self, form: Any) -> None:
        facts = vars(form)
        forms = facts.get("forms") or []  # made by now, and cached
        self._form_count = len(forms)
        if forms:
            self._fields = _names(vars(forms[0]).get("fields"))
        self._errors = facts.get("_non_form_errors")
        # Those of a form that is to be deleted are not among them.
        counted = {id(one) for one in facts.get("_errors") or ()}
        self._forms = [
            (number, errors)
            for number, one in enumerate(forms)
            if id(errors := vars(one).get("_errors")) in counted
        ]

    def _count(self) -> int:
        own = len(list(_form_errors.of_list(self._errors, ())))
        return own + sum(_form_errors.count(errors) for _, errors in self._forms)

    def _each_error(self, sent: tuple[str, ...]) -> Iterator[dict[str, Json]]:
        for one in _form_errors.of_list(self._errors, sent):
            yield {"form": None, "field": None, **one}
        for number, errors in self._forms:
            for one in _form_errors.of_form(errors, sent):
                yield {"form": number, **one}

    def _model(self) -> Any:
        return self._kind.model if issubclass(self._kind, BaseModelFormSet) else None


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the validation of forms and of formsets; put it back afterwards."""
    with (
        replaced(BaseForm, "full_clean", _wrap(BaseForm.full_clean, BoundForm)),
        replaced(BaseFormSet, "full_clean", _wrap(BaseFormSet.full_clean, BoundFormset)),
    ):
        yield


def _wrap(original: Any, kind: type[BoundForm]) -> Any:
    is_formset = kind is BoundFormset

    @wraps(original)
    def full_clean(self: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or not vars(self).get("is_bound"):
            return original(self)
        made = None
        forms = None
        with guard(_WHAT, recorder):
            if is_formset:
                forms = getattr(type(self), "form", None)
            if is_formset or not _is_part(type(self)):
                made = kind(recorder, self, sys._getframe(1))
        if made is None:
            return original(self)
        token = _form_class.set(forms)
        start = recorder.clock()
        try:
            return original(self)
        except BaseException as error:
            with guard(_WHAT, recorder):
                made.error = told(error)
            raise
        finally:
            made.duration = recorder.clock() - start
            _form_class.reset(token)
            with guard(_WHAT, recorder):
                made.ended(recorder, self)
                recorder.add_side_event(made)

    return full_clean


def _is_part(kind: type) -> bool:
    """Whether a form of this class is one of the formset that is being validated."""
    return issubclass(kind, ManagementForm) or kind is _form_class.get()


def _names(fields: Any) -> list[Any]:
    return list(dict.keys(fields)) if issubclass(type(fields), dict) else []
