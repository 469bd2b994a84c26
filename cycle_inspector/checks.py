"""System checks: what is wrong with how the app was set up, and what to write where.

They look at the settings only, whether or not DEBUG is on, and never at a database. What is said
about findings is checked in `finding_checks`.

- `cycle_inspector.W001`: the app is installed, the middleware pair is not.
- `cycle_inspector.E001`: one of the pair is missing.
- `cycle_inspector.E002`: one of the pair stands in MIDDLEWARE more than once.
- `cycle_inspector.E003`: `FirstMiddleware` is not the first. GZipMiddleware may stand anywhere.
- `cycle_inspector.E004`: `LastMiddleware` is not the last.
- `cycle_inspector.E005`: MIDDLEWARE names a middleware of ours that does not exist.
- `cycle_inspector.E006`: CYCLE_INSPECTOR is no dict, or has an unknown key or a faulty value.
- `cycle_inspector.E007`: SHOW_PANEL cannot be imported, or is no function.
- `cycle_inspector.E009`: REDACT has a text that is no regular expression.
- `cycle_inspector.E010`: COLLECTORS names something that cannot be imported, or is no collector.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Warned
from django.utils.module_loading import import_string

from cycle_inspector import conf

FIRST = "cycle_inspector.middleware.FirstMiddleware"
LAST = "cycle_inspector.middleware.LastMiddleware"

# Outside of the pair it packs what the pair has finished; inside it is unpacked.
_ANYWHERE = "django.middleware.gzip.GZipMiddleware"


@register("cycle_inspector")
def check_middleware(**_: Any) -> list[CheckMessage]:
    """Check that the pair is in MIDDLEWARE: each once, the first first and the last last."""
    listed = list(settings.MIDDLEWARE or ())
    unknown = list(_unknown_middleware(listed))
    if FIRST not in listed and LAST not in listed:
        return unknown or [_pair_is_missing()]
    return [
        *(unknown or _missing_one(listed)),
        *_doubled(listed),
        *_first_is_not_first(listed),
        *_last_is_not_last(listed),
    ]


@register("cycle_inspector")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check CYCLE_INSPECTOR, key by key."""
    given = getattr(settings, conf.SETTING, {})
    found: list[CheckMessage] = [
        Error(what, hint=hint, id="cycle_inspector.E006")
        for what, hint in conf.find_problems(given)
    ]
    if isinstance(given, Mapping):
        found += _show_panel(given.get("SHOW_PANEL"))
        found += _redact(given.get("REDACT"))
        found += _collectors(given.get("COLLECTORS"))
    return found


def _pair_is_missing() -> CheckMessage:
    return Warned(
        "Cycle Inspector is in INSTALLED_APPS, but its middleware is not in MIDDLEWARE: no request "
        "is recorded.",
        hint=(
            f'Write "{FIRST}", as the first line of MIDDLEWARE and "{LAST}", as the last; or take '
            '"cycle_inspector" out of INSTALLED_APPS.'
        ),
        id="cycle_inspector.W001",
    )


def _missing_one(listed: list[Any]) -> Iterator[CheckMessage]:
    if FIRST not in listed:
        yield Error(
            f"MIDDLEWARE has {_short(LAST)}, but not {_short(FIRST)}: no request is recorded.",
            hint=f'Write "{FIRST}", as the first line of MIDDLEWARE, above {_quoted(listed[0])}.',
            id="cycle_inspector.E001",
        )
    if LAST not in listed:
        yield Error(
            f"MIDDLEWARE has {_short(FIRST)}, but not {_short(LAST)}: what the middleware, the "
            "routing and the view do is not seen.",
            hint=f'Write "{LAST}", as the last line of MIDDLEWARE, below {_quoted(listed[-1])}.',
            id="cycle_inspector.E001",
        )


def _doubled(listed: list[Any]) -> Iterator[CheckMessage]:
    for name, kept in ((FIRST, "first"), (LAST, "last")):
        count = listed.count(name)
        if count > 1:
            yield Error(
                f"{_short(name)} stands in MIDDLEWARE {count} times.",
                hint=f'Take out every "{name}" but the {kept}.',
                id="cycle_inspector.E002",
            )


def _first_is_not_first(listed: list[Any]) -> Iterator[CheckMessage]:
    if FIRST not in listed:
        return
    before = _others(listed[: listed.index(FIRST)])
    if before:
        yield Error(
            f"{_short(FIRST)} is not the first in MIDDLEWARE: {_stand(before)} before it, unseen.",
            hint=f'Move "{FIRST}" to the top of MIDDLEWARE, above {_quoted(before[0])}.',
            id="cycle_inspector.E003",
        )


def _last_is_not_last(listed: list[Any]) -> Iterator[CheckMessage]:
    if LAST not in listed:
        return
    after = _others(listed[len(listed) - listed[::-1].index(LAST) :])
    if after:
        yield Error(
            f"{_short(LAST)} is not the last in MIDDLEWARE: {_stand(after)} after it, unseen.",
            hint=f'Move "{LAST}" to the bottom of MIDDLEWARE, below {_quoted(after[-1])}.',
            id="cycle_inspector.E004",
        )


def _unknown_middleware(listed: list[Any]) -> Iterator[CheckMessage]:
    for name in listed:
        is_ours = isinstance(name, str) and name.partition(".")[0] == "cycle_inspector"
        if is_ours and name not in (FIRST, LAST):
            meant = difflib.get_close_matches(name, (FIRST, LAST), n=1, cutoff=0)
            yield Error(
                f"MIDDLEWARE has {name!r}, which does not exist.",
                hint=f'Did you mean "{meant[0]}"? The pair is "{FIRST}" and "{LAST}".',
                id="cycle_inspector.E005",
            )


def _show_panel(given: Any) -> Iterator[CheckMessage]:
    if not isinstance(given, str):
        return  # None, a function, or something that find_problems() has named
    try:
        found = import_string(given)
    except Exception as error:  # a module may raise anything while it is imported
        yield _faulty_show_panel(given, f"cannot be imported: {error}")
    else:
        if not callable(found):
            yield _faulty_show_panel(given, "is no function")


def _faulty_show_panel(given: str, what: str) -> CheckMessage:
    return Error(
        f'{conf.SETTING}["SHOW_PANEL"], {given!r}, {what}',
        hint=(
            f'Write the dotted path of a function of the request into {conf.SETTING}["SHOW_PANEL"],'
            ' as in "shop.debug.may_see_panel"; or leave it out: the panel then shows to local '
            "clients."
        ),
        id="cycle_inspector.E007",
    )


def _redact(given: Any) -> Iterator[CheckMessage]:
    if not isinstance(given, list | tuple):
        return
    for pattern in given:
        problem = conf.find_pattern_problem(pattern) if isinstance(pattern, str) else None
        if problem is not None:
            yield Error(
                f'{conf.SETTING}["REDACT"] has {pattern!r}, which is no regular expression: '
                f"{problem}.",
                hint=(
                    f"Write {re.escape(pattern)!r} to hide names that contain this text; it is "
                    "taken so for now."
                ),
                id="cycle_inspector.E009",
            )


def _collectors(given: Any) -> Iterator[CheckMessage]:
    if not isinstance(given, list | tuple):
        return
    for path in given:
        problem = _collector_problem(path) if isinstance(path, str) else None
        if problem is not None:
            yield Error(
                f'{conf.SETTING}["COLLECTORS"] has {path!r}, which {problem[0]}.',
                hint=problem[1],
                id="cycle_inspector.E010",
            )


def _collector_problem(path: str) -> tuple[str, str] | None:
    try:
        found = import_string(path)
    except Exception as error:  # a module may raise anything while it is imported
        return (
            f"cannot be imported: {error}",
            'Write the dotted path of a function that returns a context manager, as in "shop.debug'
            '.collect"; the other collectors work without it.',
        )
    if not callable(found):
        return "is no function", "Name the function itself: the last part of the path is its name."
    if inspect.isgeneratorfunction(found) or inspect.iscoroutinefunction(found):
        # Calling it to see would run the project's code.
        return "is no context manager", "Put @contextlib.contextmanager above its `def`."
    return None


def _others(listed: list[Any]) -> list[Any]:
    return [name for name in listed if name != _ANYWHERE]


def _stand(listed: list[Any]) -> str:
    return f"{', '.join(map(_quoted, listed))} {'stands' if len(listed) == 1 else 'stand'}"


def _quoted(name: Any) -> str:
    return f'"{name}"'


def _short(name: str) -> str:
    return name.rpartition(".")[2]
