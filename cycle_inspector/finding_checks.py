"""System checks of what the settings say about findings: THRESHOLDS, RULES and IGNORE.

- `cycle_inspector.E008`: THRESHOLDS has an unknown name or a value that is no whole number.
- `cycle_inspector.E011`: RULES names something that cannot be imported, or is no rule.
- `cycle_inspector.E012`: IGNORE has an entry that names nothing: no code, path, field or file.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist
from django.utils.module_loading import import_string

from cycle_inspector import conf
from cycle_inspector.analysis import RULES, Rule, Thresholds, codes_of
from cycle_inspector.analysis import _ignored as ignored


@register("cycle_inspector")
def check_findings(**_: Any) -> list[CheckMessage]:
    """Check what CYCLE_INSPECTOR says about findings, entry by entry."""
    given = getattr(settings, conf.SETTING, {})
    if not isinstance(given, Mapping):
        return []
    added: list[Rule] = []
    return [
        *_thresholds(given.get("THRESHOLDS")),
        *_rules(given.get("RULES"), added),
        *_ignore(given.get("IGNORE"), sorted(codes_of((*RULES, *added)))),
    ]


def _thresholds(given: Any) -> Iterator[CheckMessage]:
    if not isinstance(given, Mapping):
        return
    names = [one.name.upper() for one in fields(Thresholds)]
    for name, value in given.items():
        if name not in names:
            close = difflib.get_close_matches(str(name).upper(), names, n=1)
            yield Error(
                f'{conf.SETTING}["THRESHOLDS"] has an unknown name {name!r}.',
                hint=(
                    f"Did you mean {close[0]!r}?"
                    if close
                    else f"The names are: {', '.join(names)}."
                ),
                id="cycle_inspector.E008",
            )
        elif not Thresholds.accepts(value):
            yield Error(
                f'{conf.SETTING}["THRESHOLDS"][{name!r}] is {value!r}.',
                hint="Make it a whole number, 0 or more.",
                id="cycle_inspector.E008",
            )


def _rules(given: Any, added: list[Rule]) -> Iterator[CheckMessage]:
    if not isinstance(given, list | tuple):
        return
    taken = codes_of()
    for path in given:
        if not isinstance(path, str):
            continue
        found, problem = _rule(path, taken)
        if found is not None:
            added.append(found)
            taken |= codes_of([found])
        if problem is not None:
            yield Error(
                f'{conf.SETTING}["RULES"] has {path!r}, which {problem[0]}.',
                hint=problem[1],
                id="cycle_inspector.E011",
            )


def _rule(path: str, taken: Mapping[str, Any]) -> tuple[Rule | None, tuple[str, str] | None]:
    try:
        found = import_string(path)
    except Exception as error:  # a module may raise anything while it is imported
        return None, (
            f"cannot be imported: {error}",
            'Write the dotted path of a rule, as in "shop.rules.NO_STAR"; the others work without.',
        )
    if not isinstance(found, Rule):
        return None, (
            "is no rule",
            "Name a cycle_inspector.analysis.Rule, which holds the function and its codes.",
        )
    doubled = [one.code for one in found.codes if one.code in taken]
    if doubled:
        return found, (f"gives the code {doubled[0]} of another rule", "Give it one of its own.")
    return found, None


def _ignore(given: Any, codes: list[str]) -> Iterator[CheckMessage]:
    if not isinstance(given, list | tuple):
        return
    for entry in given:
        problem = ignored.find_problem(entry, codes)
        if problem is None and isinstance(entry, Mapping):
            problem = _field_problem(entry.get("field")) or _caller_problem(entry.get("caller"))
        if problem is not None:
            yield Error(
                f'{conf.SETTING}["IGNORE"] has {entry!r}, which {problem[0]}.',
                hint=problem[1],
                id="cycle_inspector.E012",
            )


def _field_problem(named: str | None) -> tuple[str, str] | None:
    if named is None:
        return None
    label, _, rest = named.partition(".")
    model_name, _, field = rest.partition(".")
    try:
        models = list(apps.get_app_config(label).get_models(include_auto_created=True))
    except LookupError:
        labels = [one.label for one in apps.get_app_configs()]
        return f"names no app {label!r}", _meant(label, labels)
    model = next((one for one in models if one.__name__ == model_name), None)
    if model_name and model is None:
        return f"names no model of {label}", _meant(model_name, [one.__name__ for one in models])
    if field and model is not None:
        try:
            model._meta.get_field(field)
        except FieldDoesNotExist:
            # A reverse relation goes by the name of its accessor.
            named_so = {
                getattr(one, "get_accessor_name", lambda one=one: one.name)()
                for one in model._meta.get_fields()
            } - {None}
            if field not in named_so:
                return f"names no field of {label}.{model_name}", _meant(field, sorted(named_so))
    return None


def _caller_problem(named: str | None) -> tuple[str, str] | None:
    if named is None:
        return None
    place = re.sub(r":\d+$", "", named)
    if not re.search(r"[/\\*?\[]|\.(py|html|txt|xml|jinja|jinja2)$", place):
        # A function: which there are is not known without importing everything.
        if all(part.isidentifier() or part == "<locals>" for part in place.split(".")):
            return None
        return "names no function and no file", 'Write it as in "shop/views.py:22".'
    if re.search(r"[*?\[]", place) or Path(place).is_absolute():
        is_there = Path(place).exists() or bool(re.search(r"[*?\[]", place))
    else:
        roots = [getattr(settings, "BASE_DIR", None) or Path.cwd(), *sys.path, *_template_roots()]
        is_there = any((Path(root) / place).exists() for root in roots)
    return (
        None if is_there else (f"names no file {place!r}", "Write it from the root of the project.")
    )


def _template_roots() -> Iterator[Path]:
    for config in apps.get_app_configs():
        yield Path(config.path) / "templates"
    engines: Any = settings.TEMPLATES
    for engine in engines:
        yield from (Path(one) for one in engine.get("DIRS") or ())


def _meant(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(names)}."
