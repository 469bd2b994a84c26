"""Pages that could spoil the panel, in a real browser: it looks as it does on a plain page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import sample_site
from tests.browser.sample_site import Site

# Everything in the shadow root, as it is seen.
SEEN = """() => {
    const shown = [];
    for (const one of document.querySelector("cycle-panel").shadowRoot.querySelectorAll("*")) {
        if (!one.checkVisibility()) continue;
        const {x, y, width, height} = one.getBoundingClientRect();
        const style = getComputedStyle(one);
        shown.push([
            `${one.tagName}.${one.getAttribute("class")}`,
            [x, y, width, height].map((value) => Math.round(value)).join(" "),
            style.color, style.backgroundColor, style.font, style.fill, style.visibility,
            style.opacity, style.letterSpacing, style.textTransform, style.direction,
        ].join(" | "));
    }
    return shown;
}"""

HOSTILE = [*sample_site.STYLES, "strict", "rtl"]


@pytest.fixture(scope="module")
def plain(browser: Browser, site: Site) -> Iterator[dict[str, Any]]:
    """Look at the panel on a page that does nothing to it."""
    context = browser.new_context(base_url=site.address, viewport={"width": 1280, "height": 800})
    yield look(context.new_page(), "/books/")
    context.close()


def look(page: Page, path: str) -> dict[str, list[str]]:
    """Return what is seen of the closed line, of its menu, and of the open drawer."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(path)
    line = page.locator("cycle-panel .line")
    line.wait_for()
    shown = {"line": page.evaluate(SEEN)}
    page.locator("cycle-panel .more").click()
    shown["menu"] = page.evaluate(SEEN)
    page.keyboard.press("Escape")
    line.click()
    page.locator("cycle-panel .timeline").wait_for()
    page.locator("cycle-panel .rail [data-view=database]").click()
    expect(page.locator("cycle-panel #database .queries")).to_be_visible()
    page.mouse.move(0, 0)
    shown["drawer"] = page.evaluate(SEEN)
    return shown


@pytest.mark.parametrize("name", HOSTILE)
def test_the_panel_looks_the_same_on_every_page(
    page: Page, plain: dict[str, list[str]], name: str
) -> None:
    shown = look(page, f"/{name}/")

    for part, seen in plain.items():
        assert len(seen) > 10
        assert shown[part] == seen, part


@pytest.mark.parametrize("name", HOSTILE)
def test_the_panel_does_nothing_to_the_page(page: Page, name: str) -> None:
    page.goto(f"/{name}/")
    read = "() => [document.head.outerHTML, document.body.outerHTML, scrollX, scrollY]"
    before = page.evaluate(read)
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()

    assert page.evaluate(read) == before
    assert page.evaluate("document.documentElement.getAttributeNames()") == ["lang", "dir"]


def test_the_panel_outlives_a_body_that_is_swapped(page: Page) -> None:
    page.goto("/books/")
    page.locator("cycle-panel .line").wait_for()

    page.evaluate("document.body = document.createElement('body')")

    page.locator("cycle-panel .line").click()
    expect(page.locator("cycle-panel .timeline")).to_be_visible()
    expect(page.locator("cycle-panel")).to_have_count(1)


def test_a_page_with_shortcuts_gets_no_key_that_is_typed_into_the_panel(page: Page) -> None:
    page.goto("/books/")
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()
    page.evaluate(
        "window.got = []; for (const type of ['keydown', 'keypress', 'keyup'])"
        " document.addEventListener(type, ({key}) => got.push(key))"
    )

    page.keyboard.press("ArrowDown")
    page.locator("cycle-list > button").click()
    page.get_by_label("Search the latest cycles").press_sequentially("s?")
    for _ in range(3):
        page.keyboard.press("Escape")

    expect(page.locator("cycle-panel .drawer")).to_be_hidden()
    assert page.evaluate("got") == []
    page.locator("body input").press("s")
    assert page.evaluate("got") == ["s", "s", "s"]
