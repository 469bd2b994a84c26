"""Where Chromium is, and how it is started."""

from __future__ import annotations

import os
import shutil

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of the browser that CHROMIUM names, else of one of the usual ones."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
