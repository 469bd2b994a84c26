"""The pictures of the docs can be taken."""

from __future__ import annotations

import struct
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import screenshots


def size_of(picture: Path) -> tuple[int, int]:
    """Return the width and height that a PNG tells."""
    width, height = struct.unpack(">2I", picture.read_bytes()[16:24])
    return width, height


def test_pictures_are_taken_in_both_themes(browser: Browser, demo_url: str, tmp_path: Path) -> None:
    screenshots.take(browser, demo_url, tmp_path, views=("database",))

    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "line-dark.png",
        "line-light.png",
        "panel.png",
        "view-database-dark.png",
        "view-database-light.png",
    ]
    assert size_of(tmp_path / "panel.png") == (1920, 1440)
    assert size_of(tmp_path / "view-database-dark.png") == (1120, 677)
    dark, light = (
        (tmp_path / f"view-database-{one}.png").read_bytes() for one in ("dark", "light")
    )
    assert dark != light
