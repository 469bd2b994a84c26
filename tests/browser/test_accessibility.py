"""The panel under axe-core, in both themes: everything that can be seen of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe, sample_site

PANEL = "cycle-panel"
THEMES = {"light": (), "dark": ("color-contrast",)}
"""By which rules to look; all are those without a name. Nothing but its colours is another."""


@pytest.fixture(params=THEMES, autouse=True)
def rules(request: pytest.FixtureRequest, page: Page) -> tuple[str, ...]:
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    return THEMES[request.param]


def visit(page: Page, path: str = "/books/") -> Locator:
    page.goto(path)
    page.locator("cycle-panel .line").wait_for()
    return page.locator("cycle-panel")


def open_drawer(page: Page, path: str = "/books/") -> Locator:
    panel = visit(page, path)
    panel.locator(".line").click()
    panel.locator(".timeline").wait_for()
    return panel.locator(".drawer")


def views(report: Locator) -> list[str]:
    names: list[str] = report.locator(".rail [data-view]").evaluate_all(
        "tabs => tabs.map(tab => tab.dataset.view)"
    )
    assert len(names) > 11
    return names


def test_what_is_wrong_is_found(page: Page) -> None:
    page.goto("/books/")
    page.evaluate("document.body.innerHTML = '<main><img src=\"\"><p>Pale</p></main>'")
    page.add_style_tag(content="html {background: #fff; color: #ddd}")

    found = " ".join(axe.violations(page, "body"))
    assert "image-alt" in found
    assert "color-contrast" in found


def test_the_closed_line_is_well(page: Page, rules: tuple[str, ...]) -> None:
    panel = visit(page)
    assert axe.violations(page, PANEL, *rules) == []
    panel.locator(".more").click()
    assert axe.violations(page, PANEL, *rules) == []
    panel.locator("[value=small]").click()
    assert axe.violations(page, PANEL, *rules) == []


@pytest.mark.parametrize("path", ["/books/", "/failed/"])
def test_each_view_of_the_drawer_is_well(page: Page, rules: tuple[str, ...], path: str) -> None:
    drawer = open_drawer(page, path)
    for view in views(drawer):
        drawer.locator(f".rail [data-view={view}]").click()
        expect(drawer.locator(f"#{view}")).not_to_have_attribute("aria-busy", "true")
        expect(drawer.locator(f"#{view} > *").first).to_be_attached()
        drawer.locator(f"#{view}").evaluate(
            "view => view.querySelectorAll('details').forEach(one => one.open = true)"
        )
        assert axe.violations(page, PANEL, *rules) == [], view


def test_the_lists_and_the_keys_are_well(page: Page, rules: tuple[str, ...]) -> None:
    drawer = open_drawer(page, "/fetch/")
    opener = drawer.locator("cycle-list > button")
    expect(opener).to_contain_text("1 fetch")
    opener.click()
    expect(drawer.locator(".latest button").first).to_be_visible()
    assert axe.violations(page, PANEL, *rules) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert axe.violations(page, PANEL, *rules) == []


def test_a_narrow_drawer_is_well(page: Page, rules: tuple[str, ...]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_drawer(page)

    assert axe.violations(page, PANEL, *rules) == []


def test_the_page_of_a_cycle_is_well(page: Page, rules: tuple[str, ...]) -> None:
    page.goto(f"/__cycle__/{sample_site.FAILED.id}/")
    for view in ("overview", "view", "database"):
        page.locator(f".rail [data-view={view}]").click()
        assert axe.violations(page, "html", *rules) == [], view
