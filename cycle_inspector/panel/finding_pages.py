"""The page about each finding, from our documentation: it works without a network.

They lie in the package as they are written, in Markdown. Their names come from the folder, so no
path that comes from outside is ever opened.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from cycle_inspector.panel.assets import Asset
from cycle_inspector.panel.engine import render
from cycle_inspector.panel.markdown import to_html

_FOLDER = Path(__file__).resolve().parent.parent / "findings"

_NAME = "findings/{}.html"


@cache
def names() -> dict[str, str]:
    """Return the codes that have a page, by its address below that of the static files."""
    return {_NAME.format(path.stem): path.stem for path in sorted(_FOLDER.glob("*.md"))}


def name_of(code: str) -> str | None:
    """Return where the page about `code` stands, below the static files; None if there is none."""
    name = _NAME.format(code)
    return name if name in names() else None


def find(name: str) -> Asset | None:
    """Return the page that stands at `name`."""
    code = names().get(name)
    return None if code is None else _page(code)


@cache
def _page(code: str) -> Asset:
    text = (_FOLDER / f"{code}.md").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    # Relative, as in the admin all of it stands elsewhere.
    context = {"title": title, "body": to_html(text, _link), "urls": {"assets": "../"}}
    shown = render("finding.html", context).encode()
    return Asset(
        content=shown,
        content_type="text/html; charset=utf-8",
        etag=f'"{hashlib.sha256(shown).hexdigest()[:32]}"',
    )


def _link(target: str) -> str | None:
    """Return the address of Django's documentation or of another finding; no other is here."""
    if target.startswith("https://"):
        return target
    other = re.fullmatch(r"(\w+)\.md", target)
    return None if other is None or name_of(other[1]) is None else f"{other[1]}.html"
