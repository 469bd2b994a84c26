"""What can be done with a cycle, in a real browser: its menu, copying, pinning."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sample_site import FETCHED, RICH


@pytest.fixture(autouse=True)
def _clipboard(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.address)


def open_drawer(page, path="/books/"):
    page.goto(path)
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()


def open_menu(page):
    page.locator("cycle-menu summary").click()
    expect(page.locator(".menu-body")).to_be_visible()


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def copy(page, name):
    button = page.locator(f"cycle-copy[label='{name}'] button")
    button.click()
    expect(button).to_contain_text("Copied")
    return clipboard(page)


@pytest.mark.parametrize("path", ["/books/", f"/__cycle__/{RICH.id}/", "/strict/", "/rough/"])
def test_texts_are_copied(page, path):
    open_drawer(page, path) if "__cycle__" not in path else page.goto(path)
    open_menu(page)

    assert "curl --globoff " in copy(page, "curl")
    assert "class RepeatedRequestTests(TestCase):" in copy(page, "Django test")
    assert copy(page, "Markdown").startswith("# GET `/books/`\n")
    assert copy(page, "Link") == f"{page.evaluate('location.origin')}/__cycle__/{RICH.id}/"


def test_button_says_again_what_it_copies(page):
    page.goto(f"/__cycle__/{RICH.id}/")
    open_menu(page)
    copy(page, "curl")

    expect(page.locator("cycle-copy[label=curl] button")).to_contain_text("curl", timeout=4000)


def test_text_that_cannot_be_had_is_not_copied(page, site):
    page.goto(f"/__cycle__/{RICH.id}/")
    page.evaluate("navigator.clipboard.writeText('before')")
    page.route("**/exports/curl", lambda route: route.fulfill(status=503, body="no"))
    open_menu(page)
    page.locator("cycle-copy[label=curl] button").click()

    expect(page.locator("cycle-copy[label=curl] button")).to_contain_text("Failed")
    assert clipboard(page) == "before"


@pytest.mark.parametrize(
    ("name", "ending"), [("HAR", ".har"), ("Chrome trace", ".trace.json"), ("JSON", ".json")]
)
def test_files_are_saved(page, name, ending):
    open_drawer(page)
    open_menu(page)
    with page.expect_download() as saved:
        page.locator(".menu-body a", has_text=name).first.click()

    assert saved.value.suggested_filename.endswith(ending)


def test_menu_works_by_keyboard_and_escape_closes_it_alone(page):
    open_drawer(page)
    summary = page.get_by_label("Export", exact=True)
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu-body")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".menu-body a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".menu-body :is(a, button)").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu-body")).to_be_hidden()
    expect(summary).to_be_focused()
    expect(page.locator("cycle-panel .drawer")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".menu-body :is(a, button)").last).to_be_focused()


def test_menu_closes_when_another_place_is_clicked_or_focused(page):
    open_drawer(page)
    open_menu(page)
    page.locator("cycle-panel .view h2").first.click(position={"x": 4, "y": 4})
    expect(page.locator(".menu-body")).to_be_hidden()
    open_menu(page)
    page.locator("cycle-panel .rail-item").first.focus()
    expect(page.locator(".menu-body")).to_be_hidden()


def test_safe_request_is_opened_in_a_new_tab(page):
    page.goto(f"/__cycle__/{RICH.id}/")
    open_menu(page)

    link = page.locator(".menu-body a", has_text="Open")
    expect(link).to_have_attribute("href", "http://127.0.0.1:8000/books/?page=2&order=published")
    expect(link).to_have_attribute("rel", "noreferrer")


def test_cycle_is_pinned_and_let_go(page, site):
    open_drawer(page)
    button = page.locator("cycle-pin button")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert site.pinned == {RICH.id}
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert site.pinned == set()


def test_pin_that_fails_says_so(page, site):
    page.goto(f"/__cycle__/{FETCHED.id}/")
    page.route("**/pin?*", lambda route: route.fulfill(status=503, body="no"))
    button = page.locator("cycle-pin button")
    button.click()

    expect(button).to_have_text("Failed")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_have_text("Pin", timeout=4000)


@pytest.mark.parametrize("path", ["/books/", f"/__cycle__/{RICH.id}/"])
def test_menu_fits_a_narrow_screen(page, path):
    page.set_viewport_size({"width": 390, "height": 800})
    open_drawer(page, path) if "__cycle__" not in path else page.goto(path)
    open_menu(page)

    box = page.locator(".menu-body").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_menu_fits_a_narrow_drawer_at_the_right(page):
    open_drawer(page)
    page.get_by_label("Dock at the right").click()
    edge = page.locator("cycle-panel .drawer").bounding_box()["x"]
    open_menu(page)

    box = page.locator(".menu-body").bounding_box()
    assert box["x"] >= edge
    assert box["x"] + box["width"] <= 1280


def test_comparison_with_the_one_before_is_one_click(page):
    page.goto(f"/__cycle__/{FETCHED.id}/")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Compare with the one before").click()
    shown = opened.value
    expect(shown.get_by_role("heading", name="Before and after")).to_be_visible()
    assert shown.url.endswith(f"/__cycle__/{RICH.id}/compare/{FETCHED.id}")
    expect(shown.locator(".finding-gone").first).to_contain_text("N+1: 40 × catalog.Book.author")
    shown.get_by_role("link", name="Swap them").click()
    expect(shown.locator(".finding .chip.warn").first).to_have_text("new")


def test_comparison_fits_a_narrow_screen(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/__cycle__/{RICH.id}/compare/{FETCHED.id}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
