"""Takes the pictures of the docs from the demo: `python -m tests.browser.screenshots docs/images`.

The panel over a page, the closed line, and each view of the drawer, the latter in both themes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from cycle_inspector.records import Stage
from tests.browser import chromium
from tests.demo_site.process import Demo

Theme = Literal["light", "dark"]

PAGE = "/books/one-by-one/"
THEMES: tuple[Theme, ...] = ("light", "dark")
VIEWS = ("overview", *(stage.value for stage in Stage), "events")

_SIZE = "height => { localStorage['cycle-inspector'] = JSON.stringify({height}); }"

# Where the demo stands on this machine is nobody's business.
_ROOT = Path(__file__).resolve().parents[2]
_NO_PATHS = """(drawer, paths) => {
    const texts = document.createTreeWalker(drawer, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        for (const path of paths) text.data = text.data.replaceAll(path, "/home/ada/bookshop");
    }
}"""


def take(
    browser: Browser,
    address: str,
    folder: Path,
    *,
    views: Iterable[str] = VIEWS,
    hidden: Iterable[Path] = (),
) -> None:
    """Write the pictures into `folder`, those of the drawer only of `views`.

    The folders `hidden` are shown under another name.
    """
    paths = [str(one) for one in hidden]
    with _visit(browser, address, "light", width=1280, height=960, scale=1.5) as page:
        _open(page, height=78)
        page.screenshot(path=folder / "panel.png")
    for theme in THEMES:
        with _visit(browser, address, theme) as page:
            line = page.locator("cycle-panel cycle-line")
            line.screenshot(path=folder / f"line-{theme}.png")
            _open(page, height=94)
            _take_views(page, folder, theme, views, paths)


def _open(page: Page, height: int) -> None:
    page.evaluate(_SIZE, height)
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()


def _take_views(
    page: Page, folder: Path, theme: Theme, views: Iterable[str], paths: list[str]
) -> None:
    drawer = page.locator("cycle-panel .drawer")
    for view in views:
        drawer.locator(f".rail [data-view={view}]").click()
        drawer.locator(f"#{view}:not([aria-busy=true]) > *").first.wait_for(state="attached")
        drawer.evaluate(_NO_PATHS, paths)
        drawer.screenshot(path=folder / f"view-{view}-{theme}.png")


@contextmanager
def _visit(
    browser: Browser,
    address: str,
    theme: Theme,
    *,
    width: int = 1120,
    height: int = 720,
    scale: float = 1,
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=address,
        color_scheme=theme,
        device_scale_factor=scale,
        reduced_motion="reduce",
        viewport={"width": width, "height": height},
    )
    page = context.new_page()
    page.goto(PAGE)  # the first request of a server is not like the others
    with page.expect_request(lambda request: request.url.endswith("/browser")):
        page.goto(PAGE)
    yield page
    context.close()


def main() -> None:
    """Serve a demo of its own, and take all pictures into the folder that the argument names."""
    path = chromium.find()
    if path is None:
        sys.exit("There is no Chromium: install one, or name it by CHROMIUM=/path/to/it.")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        demo = Demo(folder=Path(name))
        demo.run("seed")
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        with demo.serve() as address:
            take(browser, address, Path(sys.argv[1]), hidden=(_ROOT, demo.folder))
        browser.close()


if __name__ == "__main__":
    main()
