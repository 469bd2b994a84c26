"""The one settings dict, CYCLE_INSPECTOR, as a frozen `Config`.

Read at the edges only (lifecycle, panel, history, checks); everything below takes values. Kept
until `setting_changed` says that a setting it rests on was overridden, or a test runner sets up its
environment, which sets DEBUG without that signal.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

SETTING = "CYCLE_INSPECTOR"
APP_LABEL = "cycle_inspector"
ALIAS = "cycle_inspector"
"""The alias of the history's database."""

HISTORY_PATH = Path(".cycle_inspector/history.sqlite3")

EDITORS = {
    "vscode": "vscode://file{path}:{line}",
    "pycharm": "pycharm://open?file={path}&line={line}",
    "sublime": "subl://open?url=file://{path}&line={line}",
    "vim": "mvim://open?url=file://{path}&line={line}",
    "zed": "zed://file{path}:{line}",
}
"""The addresses at which editors open a line of a file, by what EDITOR calls them."""

# Addresses that would run a script, or lead to what is no editor.
_NO_EDITORS = frozenset({"javascript", "data", "vbscript", "blob", "about", "file", "view-source"})

# The settings a Config is made of; `setting_changed` for any other leaves it alone.
_RESTS_ON = frozenset({SETTING, "DEBUG", "BASE_DIR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What CYCLE_INSPECTOR says, defaults filled in; each field is a key in lower case."""

    enabled: bool = False  # by default: DEBUG is on and no test runner is at work
    show_panel: Callable[[Any], Any] | str = "cycle_inspector.panel.access.is_local"
    follow_threads: bool = False  # by default: DEBUG is on
    history_path: Path = HISTORY_PATH  # relative to BASE_DIR
    history_max_count: int = 1_000  # cycles; 0 keeps none
    history_max_age_hours: int = 24 * 7
    soft_max_queries: int = 2_000  # per cycle; what is over is kept without its details
    max_queries: int = 10_000  # per cycle, as are the next three; what is over is only counted
    max_renders: int = 5_000
    max_spans: int = 5_000
    max_events: int = 1_000
    ignore_paths: tuple[str, ...] = ()  # a path that starts with one of these is not recorded
    collectors: tuple[str, ...] = ()  # dotted paths of the project's own
    redact: tuple[str, ...] = ()  # regular expressions of names to hide besides Django's own
    thresholds: Mapping[str, int] = field(default_factory=dict)  # see analysis.Thresholds
    rules: tuple[str, ...] = ()  # dotted paths of the project's own
    explain_slow_queries: bool = False  # by the writer, after the request
    ignore: tuple[Any, ...] = ()  # findings that nobody wants to see, see analysis.Ignore
    editor: str = ""  # a key of EDITORS, or the address at which an editor opens a file
    editor_path_map: Mapping[str, str] = field(default_factory=dict)  # here -> where the editor is


KEYS = tuple(one.name.upper() for one in fields(Config))

_COUNTS = frozenset(
    {"HISTORY_MAX_COUNT", "HISTORY_MAX_AGE_HOURS"}
    | {key for key in KEYS if key.startswith(("MAX_", "SOFT_MAX_"))}
)
_TEXTS = frozenset({"COLLECTORS", "IGNORE_PATHS", "REDACT", "RULES"})
_LISTS = _TEXTS | {"IGNORE"}
_FLAGS = frozenset({"EXPLAIN_SLOW_QUERIES"})
_SWITCHES = frozenset({"ENABLED", "FOLLOW_THREADS"})

_current: Config | None = None
_defaults: tuple[bool, bool] | None = None  # of the switches, when it was read


def current() -> Config:
    """Return the configuration in force; faulty values, which a check names, count as absent."""
    global _current, _defaults
    debug = bool(settings.DEBUG)
    defaults = debug and not _under_test(), debug
    if _current is None or _defaults != defaults:
        _current, _defaults = _read(*defaults), defaults
    return _current


def find_problems(given: Any) -> list[tuple[str, str]]:
    """Return what is wrong with `given` as CYCLE_INSPECTOR: each time, and what to do about it."""
    if not isinstance(given, Mapping):
        return [(f"{SETTING} is a {type(given).__name__}.", "Make it a dict.")]
    return [problem for key in given if (problem := _problem(key, given[key])) is not None]


def find_pattern_problem(text: str) -> str | None:
    """Return why `text` is no regular expression; None if it is one."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return None


def find_editor_problem(given: Any) -> str | None:
    """Return what to do about `given` as EDITOR; None if it is sound."""
    named = f"Make it one of {', '.join(map(repr, EDITORS))}, or the address at which yours opens"
    own = f'{named} a file, as in "myeditor://open?file={{path}}&line={{line}}".'
    if not isinstance(given, str):
        return own
    if not given or given in EDITORS:
        return None
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", given)
    if scheme is None:
        close = difflib.get_close_matches(given.lower(), EDITORS, n=1)
        return f"Did you mean {close[0]!r}?" if close else own
    if scheme[1].lower() in _NO_EDITORS:
        return f"An address that begins with {scheme[1]}: opens no editor. {own}"
    missing = [name for name in ("{path}", "{line}") if name not in given]
    if missing:
        return f"Write {' and '.join(missing)} where the file and the line are to stand."
    return None


def _problem(key: Any, value: Any) -> tuple[str, str] | None:
    if key not in KEYS:
        close = difflib.get_close_matches(str(key).upper(), KEYS, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"The keys are: {', '.join(KEYS)}."
        return f"{SETTING} has an unknown key {key!r}.", hint
    named = f"{SETTING}[{key!r}] is {value!r}."
    if key in _COUNTS and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        return named, "Make it a whole number, 0 or more."
    if key in _TEXTS and (
        not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value)
    ):
        return named, "Make it a list of strings."
    if key == "IGNORE" and not isinstance(value, list | tuple):
        return named, "Make it a list of codes and of dicts."
    if key == "IGNORE_PATHS" and "" in value:
        return named, "Take the empty string out: every path starts with it."
    if key in _SWITCHES and not isinstance(value, bool):
        return named, "Make it True or False, or leave it out: it then follows DEBUG."
    if key in _FLAGS and not isinstance(value, bool):
        return named, "Make it True or False."
    if key == "SHOW_PANEL" and not (callable(value) or isinstance(value, str)):
        return named, "Make it a function of the request, or the dotted path of one."
    if key == "HISTORY_PATH" and (not isinstance(value, str | Path) or value == ""):
        return named, "Make it a path; a relative one starts at BASE_DIR."
    if key == "EDITOR" and (problem := find_editor_problem(value)) is not None:
        return named, problem
    if key == "EDITOR_PATH_MAP" and not (
        isinstance(value, Mapping)
        and all(isinstance(one, str) and one for pair in value.items() for one in pair)
    ):
        return named, "Make it a dict: the folder where Django runs, and where your editor has it."
    if key == "THRESHOLDS" and not isinstance(value, Mapping):
        return named, "Make it a dict of whole numbers."
    return None


def _read(enabled: bool, follow_threads: bool) -> Config:  # noqa: FBT001 - in their order
    given = getattr(settings, SETTING, {})
    values: dict[str, Any] = {"enabled": enabled, "follow_threads": follow_threads}
    if isinstance(given, Mapping):
        values |= {
            key.lower(): tuple(value) if key in _LISTS else value
            for key, value in given.items()
            if _problem(key, value) is None
        }
    values["redact"] = tuple(map(_pattern, values.get("redact", ())))
    base = getattr(settings, "BASE_DIR", None) or Path.cwd()
    values["history_path"] = Path(base) / values.get("history_path", HISTORY_PATH)
    return Config(**values)


def _pattern(text: str) -> str:
    # One that is no regular expression is taken literally: better hide too much than nothing.
    return text if find_pattern_problem(text) is None else re.escape(text)


def _under_test() -> bool:
    # django.test.utils.setup_test_environment(), which every Django test runner calls, sets
    # `saved_data`. The module is only asked where a runner has already imported it.
    module = sys.modules.get("django.test.utils")
    return hasattr(getattr(module, "_TestState", None), "saved_data")


def _forget(*, setting: str, **_: Any) -> None:
    global _current
    if setting in _RESTS_ON:
        _current = None


setting_changed.connect(_forget, dispatch_uid="cycle_inspector.conf")
