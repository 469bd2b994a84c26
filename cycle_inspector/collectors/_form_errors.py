"""What is wrong with a form, told without the values that were sent.

Of a message that Django fills in later, the text before that is told, with what describes the form
itself, as a limit; what stands for the input is left out. A text that the project has put together
may quote the input: whatever of it was sent is hidden. A lazy text is told as it was written, not
in the visitor's language, which is no longer the one in force when this is read.
"""

from __future__ import annotations

import re
from collections import UserList
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Json

LEFT_OUT = "…"

_LONGEST = 300
_LONGEST_CODE = 60
_MOST_VALUES = 500
# A shorter one is hidden only where it stands as a word.
_SHORT = 4
_LAZY_TEXT = type(gettext_lazy(""))
_LAZY_TEXT_IN_CONTEXT = type(pgettext_lazy("", ""))
_PLACE = re.compile(r"(%\(\w+\)[#0\- +]*[\d.]*[a-zA-Z])")
_NAME = re.compile(r"\w+")
# What Django puts into messages that is of the form or the model, and not of the input.
_OF_THE_FORM = frozenset(
    (
        *("limit_value", "max", "min", "num", "model_name", "field_label", "field_labels"),
        *("date_field_label", "lookup_type", "allowed_extensions"),
    )
)


def of_form(errors: Any, sent: tuple[str, ...]) -> Iterator[dict[str, Json]]:
    """Give each error of a form: the field, null for the form itself, its code and its message."""
    if not issubclass(type(errors), dict):
        return
    for field, listed in dict.items(errors):
        name = None if field == NON_FIELD_ERRORS else cut(str(to_json(field)), _LONGEST)
        for one in of_list(listed, sent):
            yield {"field": name, **one}


def of_list(errors: Any, sent: tuple[str, ...]) -> Iterator[dict[str, Json]]:
    """Give code and message of each error of a list."""
    for one in _items(errors):
        if issubclass(type(one), ValidationError):
            facts = vars(one)
            code = facts.get("code")
            message = _message(facts.get("message"), facts.get("params"), sent)
            yield {
                "code": None if code is None else cut(str(to_json(code)), _LONGEST_CODE),
                "message": message,
            }
        else:
            yield {"code": None, "message": _message(one, None, sent)}


def count(errors: Any) -> int:
    """Return how many errors there are in those of a form."""
    if not issubclass(type(errors), dict):
        return 0
    return sum(len(_items(listed)) for listed in dict.values(errors))


def values_of(sent: Any) -> tuple[str, ...]:
    """Return the values that a form was given, the longest first."""
    if not issubclass(type(sent), dict):
        return ()
    found: set[str] = set()
    for one in tuple(dict.values(sent))[:_MOST_VALUES]:
        several = one if type(one) in (list, tuple) else (one,)
        found.update(str(to_json(value)).strip() for value in several[:_MOST_VALUES])
    return tuple(sorted(found - {""}, key=len, reverse=True))


def _items(errors: Any) -> list[Any]:
    if issubclass(type(errors), UserList):  # as Django's own
        errors = vars(errors).get("data")
    return list(list.__iter__(errors)) if issubclass(type(errors), list) else []


def _message(message: Any, params: Any, sent: tuple[str, ...]) -> str:
    text = _text(message)
    if not text:
        return ""
    is_filled_in = issubclass(type(params), dict) and bool(dict.__len__(params))
    # Of a text that is written down in the code nothing was sent.
    hidden = () if issubclass(type(message), Promise) else sent
    if not is_filled_in:
        return cut(clean(_without(text, hidden)), _LONGEST)
    parts = _PLACE.split(text)
    parts[1::2] = [_given(place, params) for place in parts[1::2]]
    parts[::2] = [_without(part.replace("%%", "%"), hidden) for part in parts[::2]]
    return cut(clean("".join(parts)), _LONGEST)


def _given(place: str, params: dict[Any, Any]) -> str:
    name = _NAME.findall(place)[0]
    if name not in _OF_THE_FORM:
        return LEFT_OUT
    return _text(dict.get(params, name)) or LEFT_OUT


def _text(value: Any) -> str:
    kind = type(value)
    if not issubclass(kind, Promise):
        return "" if value is None else str(to_json(value))
    facts = object.__getattribute__(value, "__dict__")
    args, named = facts.get("_args") or (), facts.get("_kw") or {}
    if kind in (_LAZY_TEXT, _LAZY_TEXT_IN_CONTEXT) and args:
        return str(to_json(args[-1]))
    if "singular" in named and "plural" in named:  # how many there are is not known yet
        return str(to_json(named["singular" if named.get("number") == 1 else "plural"]))
    return "<lazy text>"


def _without(text: str, sent: Iterable[str]) -> str:
    for value in sent:
        if value.lower() in text.lower():
            pattern = re.escape(value)
            if len(value) < _SHORT:
                pattern = rf"(?<!\w){pattern}(?!\w)"
            text = re.sub(pattern, LEFT_OUT, text, flags=re.I)
    return text
