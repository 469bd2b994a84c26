from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from cycle_inspector.panel import assets

STATIC = Path(assets.__file__).parents[1] / "static" / "cycle_inspector"


def test_every_static_file_of_the_package_is_in_the_table() -> None:
    files = {one.relative_to(STATIC).as_posix() for one in STATIC.rglob("*") if one.is_file()}

    assert set(assets.table()) == files
    assert {"panel.js", "report.js", "tokens.css", "elements/cycle-panel.js"} <= files


def test_the_drawer_and_the_pages_have_the_same_sheets_in_the_same_order() -> None:
    package = STATIC.parents[1]
    linked = (package / "templates" / "cycle_inspector" / "sheets.html").read_text()
    adopted = (STATIC / "elements" / "cycle-panel.js").read_text().partition("SHEETS = [")[2]

    names = re.findall(r"(\w+\.css)", linked)
    assert names == re.findall(r'"(\w+\.css)"', adopted.partition("];")[0])
    assert len(names) > 5
    assert set(names) <= set(assets.table())


@pytest.mark.parametrize("name", ["../panel/views.py", "/etc/passwd", "", ".", "elements", "lib/"])
def test_nothing_but_a_known_name_leads_to_a_file(name: str) -> None:
    assert name not in assets.table()


def test_what_is_neither_script_nor_style_nor_picture_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("panel.js", "secrets.env", "notes.py", "panel.js.map"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)

    assert set(assets.table.__wrapped__()) == {"panel.js"}


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("panel.js", "text/javascript; charset=utf-8"),
        ("tokens.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_is_sent_as_it_stands_with_its_type(name: str, content_type: str) -> None:
    asset = assets.table()[name]

    assert asset.content == (STATIC / name).read_bytes()
    assert asset.content_type == content_type


def test_the_etag_is_that_of_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)

    def etag(content: bytes) -> str:
        (tmp_path / "panel.js").write_bytes(content)
        found: str = assets.table.__wrapped__()["panel.js"].etag
        return found

    assert etag(b"1") == f'"{hashlib.sha256(b"1").hexdigest()[:32]}"'
    assert etag(b"1") != etag(b"2")
