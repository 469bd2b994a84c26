"""The static files of the package, served by ourselves: no staticfiles app is needed.

A table of what there is, made once, so no path that comes from outside is ever opened.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "static" / "cycle_inspector"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, as it is sent."""

    content: bytes
    content_type: str
    etag: str


@cache
def table() -> dict[str, Asset]:
    """Return the files by their path below the static folder."""
    return {
        path.relative_to(_FOLDER).as_posix(): _read(path)
        for path in sorted(_FOLDER.rglob("*"))
        if path.suffix in _TYPES
    }


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        content=content,
        content_type=_TYPES[path.suffix],
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )
