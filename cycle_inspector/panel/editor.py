"""Where a line of a file is opened in the editor of whoever looks: CYCLE_INSPECTOR["EDITOR"].

Paths are those of the machine that Django runs on; in a container the editor has them elsewhere,
which EDITOR_PATH_MAP says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

from cycle_inspector import conf
from cycle_inspector.records import TemplateLine

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def url(path: Any, line: Any) -> str | None:
    """Return the address that opens a line; None without an editor, or for what is no file."""
    config = conf.current()
    if not config.editor or not isinstance(path, str):
        return None
    template = conf.EDITORS.get(config.editor, config.editor)
    return address(template, mapped(path, config.editor_path_map), line)


def address(template: str, path: str, line: Any) -> str | None:
    """Return `template` with the file and the line in it; None if `path` is not absolute.

    >>> address("vscode://file{path}:{line}", "/srv/my shop/views.py", 7)
    'vscode://file/srv/my%20shop/views.py:7'
    """
    if _DRIVE.match(path):
        path = path.replace("\\", "/")
        # In an address a drive stands behind a slash.
        if "file{path}" in template or "//{path}" in template:
            path = f"/{path}"
    elif not path.startswith("/"):
        return None
    number = line if isinstance(line, int) and line > 0 else 1
    # One after the other: what stands in a path is no placeholder.
    before, _, after = template.replace("{line}", str(number)).partition("{path}")
    written = quote(path, safe="/:")
    return f"{before}{written}{after.replace('{path}', written)}"


def mapped(path: str, folders: Mapping[str, str]) -> str:
    """Return where the editor has `path`: the longest folder that fits is put in its place.

    >>> mapped("/app/shop/views.py", {"/app": "/home/ada/shop", "/app/shop/": "/src/"})
    '/src/views.py'
    """
    for here in sorted(folders, key=len, reverse=True):
        folder = here.rstrip("/\\")
        rest = path.removeprefix(folder)
        if path.startswith(folder) and (not rest or rest[0] in "/\\"):
            return folders[here].rstrip("/\\") + rest
    return path


class Origins:
    """The files of the templates that were rendered in a cycle, looked for when they are wanted."""

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle

    @cached_property
    def _files(self) -> dict[str, str]:
        return {one.name: one.origin for one in getattr(self._cycle, "renders", ())}

    def file_of(self, line: TemplateLine | Mapping[str, Any]) -> str | None:
        """Return the file of a template line, where it is known."""
        if isinstance(line, Mapping):
            return line.get("path") or self._files.get(str(line.get("name")))
        return self._files.get(line.name)
