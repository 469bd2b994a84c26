"""Whose a source file is: Django's, the standard library's, an installed package's, the project's.

A walk up the stack asks this of each frame, so the answers are kept by file name in `RULES`.
"""

from __future__ import annotations

import os
import sysconfig
from types import CodeType
from typing import Any

import asgiref
import django

# What to do with a frame, by the file of its code.
LEAVE, KEEP, LOOK, JINJA = 0, 1, 2, 3

RULES: dict[str, int] = {}
"""The rule of each file that was met; read directly by the walk, which has no time for a call."""


def is_project(path: str) -> bool:
    """Whether `path` is neither installed, nor of the standard library, nor generated code."""
    return not path.startswith(("<", *_LIBRARY)) and not any(part in path for part in _INSTALLED)


def is_plumbing(path: str) -> bool:
    """Whether `path` is our own or asgiref's, which carry calls and do nothing else."""
    return path.startswith(_PLUMBING)


def rule_of(code: CodeType) -> int:
    """Return what to do with a frame of `code`."""
    rule = RULES.get(code.co_filename)
    if rule is None:
        rule = RULES[code.co_filename] = _rule(code.co_filename)
    return rule


def look_into(code: CodeType) -> None:
    """Let the walk look at frames of the file of `code`, one by one."""
    RULES[code.co_filename] = LOOK


def read_as_jinja(code: CodeType) -> None:
    """Let the walk read the line of a template from frames of the file of `code`."""
    RULES[code.co_filename] = JINJA


def _rule(path: str) -> int:
    if path.startswith("<") or path.startswith(_OURS_AND_DJANGO):
        return LEAVE
    if path.startswith(_LIBRARY) and not any(part in path for part in _INSTALLED):
        return LEAVE
    return KEEP


def _root(module: Any) -> str:
    return str(os.path.dirname(module.__file__)) + os.sep


_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
_LIBRARY = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")}
    | {os.path.dirname(os.__file__) + os.sep}
)
_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_PLUMBING = (_PACKAGE, _root(asgiref))
_OURS_AND_DJANGO = (*_PLUMBING, _root(django))
