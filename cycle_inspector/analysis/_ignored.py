"""What CYCLE_INSPECTOR["IGNORE"] silences: findings by code, path, field or caller.

An entry is a code, or a dict of conditions that must all hold. Patterns are those of `fnmatch`; a
caller's file is matched from its end, so that "shop/views.py" is any file of that name below any
folder.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Self

from cycle_inspector.records import Cycle, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Conditions that hold for the findings to be silenced; one that is None always holds."""

    code: str | None = None  # "CI101"
    path: str | None = None  # of the request, as in "/admin/*"
    field: str | None = None  # "shop.Book.author"; a model or an app takes all of its fields
    caller: str | None = None  # "shop/views.py", "shop/views.py:22", "BookList.get_queryset"

    @classmethod
    def of(cls, entry: Any) -> Self | None:
        """Return what `entry` says; None if it says nothing, which a check names."""
        given = {"code": entry} if isinstance(entry, str) else entry
        if not isinstance(given, Mapping) or not given or given.keys() - set(KEYS):
            return None
        if not all(isinstance(one, str) and one for one in given.values()):
            return None
        return cls(**given)

    def silences(self, finding: Finding, cycle: Cycle) -> bool:
        """Whether `finding` of `cycle` is one that nobody wants to see."""
        return (
            (self.code is None or self.code == finding.code)
            and (self.path is None or _is_path(self.path, cycle))
            and (self.field is None or _is_field(self.field, finding.model_field))
            and (self.caller is None or any(_is_place(self.caller, *one) for one in _of(finding)))
        )


KEYS = tuple(one.name for one in fields(Ignore))


def find_problem(entry: Any, codes: Collection[str]) -> tuple[str, str] | None:
    """Return what is wrong with the form of `entry`, and what to do; None if nothing is."""
    given = {"code": entry} if isinstance(entry, str) else entry
    if not isinstance(given, Mapping) or not given:
        return "is no condition", f"Write a code, or a dict of some of: {', '.join(KEYS)}."
    for key, value in given.items():
        if key not in KEYS:
            close = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"The keys are: {', '.join(KEYS)}."
            return f"has an unknown key {key!r}", hint
        if not isinstance(value, str) or not value:
            return f"has a {key} that is no text", "Write it as text."
    code, path = given.get("code"), given.get("path")
    if code is not None and code not in codes:
        close = difflib.get_close_matches(code.upper(), codes, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"The codes are: {', '.join(codes)}."
        return f"names no finding: there is no code {code!r}", hint
    if path is not None and not path.startswith(("/", "*")):
        return "names no path", f"A path begins with a slash: write {'/' + path!r}."
    return None


def _is_path(pattern: str, cycle: Cycle) -> bool:
    return fnmatchcase(str(cycle.request.get("path", "")), pattern)


def _is_field(pattern: str, named: str | None) -> bool:
    return named is not None and (named == pattern or named.startswith(f"{pattern}."))


def _of(finding: Finding) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and function of all places of `finding`."""
    for frame in (finding.caller, finding.mend):
        if frame is not None:
            yield frame.path, frame.line, frame.function
    for line in (finding.template, finding.mend_template):
        if line is not None:
            yield line.name, line.line, ""


def _is_place(pattern: str, path: str, line: int, function: str) -> bool:
    place, _, number = pattern.rpartition(":")
    if re.fullmatch(r"\d+", number):
        return int(number) == line and _is_file(place, path)
    return function == pattern or _is_file(pattern, path)


def _is_file(pattern: str, path: str) -> bool:
    path = path.replace("\\", "/")
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}")
