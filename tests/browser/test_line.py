"""The closed line in a real browser: where it stands, how small it is, and what it never covers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

CONTROL = "input {{ position: fixed; {place}; z-index: 1 }}"
BOTTOM_RIGHT = "right: 20px; bottom: 20px"
CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"]
TWO_FRAMES = """() => new Promise(done => {
    requestAnimationFrame(() => requestAnimationFrame(done));
})"""
NO_STORAGE = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("closed", "SecurityError"); }
})"""


def line(page: Page) -> Locator:
    return page.locator("cycle-panel cycle-line")


def menu(page: Page) -> Locator:
    return page.locator("cycle-panel .place-menu")


def visit(page: Page, place: str = "") -> None:
    """Open a page whose one control stands at a place."""
    page.goto("/books/")
    line(page).locator(".line").wait_for()
    if place:
        page.add_style_tag(content=CONTROL.format(place=place))


def corner(page: Page) -> str:
    """Return the corner in which the line is seen."""
    box, view = line(page).bounding_box(), page.viewport_size
    assert box is not None
    assert view is not None
    gaps = {
        "top": box["y"],
        "bottom": view["height"] - box["y"] - box["height"],
        "left": box["x"],
        "right": view["width"] - box["x"] - box["width"],
    }
    near = [side for side, gap in gaps.items() if round(gap) in (8, 12)]
    return "-".join(near)


@pytest.mark.parametrize("wanted", CORNERS)
def test_a_corner_chosen_in_the_menu_is_remembered(page: Page, wanted: str) -> None:
    visit(page)
    line(page).locator(".more").click()
    words = wanted.replace("-", " ").capitalize()

    menu(page).get_by_role("menuitemradio", name=words).click()

    assert corner(page) == wanted
    expect(menu(page).locator("[aria-checked=true]")).to_have_attribute("value", wanted)
    visit(page)
    assert corner(page) == wanted


@pytest.mark.parametrize("wanted", CORNERS)
def test_the_menu_stays_on_the_screen(page: Page, wanted: str) -> None:
    page.set_viewport_size({"width": 390, "height": 400})
    visit(page)
    line(page).locator(".more").click()

    menu(page).locator(f"[value={wanted}]").click()

    box = menu(page).bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= 390 - box["width"]
    assert 0 <= box["y"] <= 400 - box["height"]


def test_arrows_move_the_line(page: Page) -> None:
    visit(page)
    line(page).locator(".line").focus()

    seen = []
    for key in ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        seen.append(corner(page))

    assert seen == ["top-right", "top-left", "bottom-left", "bottom-right"]
    expect(line(page).locator(".line")).to_be_focused()


def test_the_menu_is_walked_and_left_by_keyboard(page: Page) -> None:
    visit(page)
    line(page).locator(".more").focus()

    page.keyboard.press("Enter")
    expect(menu(page).locator("[value=bottom-right]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu(page).locator("[value=small]")).to_be_focused()
    assert corner(page) == "bottom-right"
    page.keyboard.press("Escape")

    expect(menu(page)).to_be_hidden()
    expect(line(page).locator(".more")).to_be_focused()


def test_a_click_elsewhere_closes_the_menu(page: Page) -> None:
    visit(page)
    line(page).locator(".more").click()

    page.locator("body input").click()

    expect(menu(page)).to_be_hidden()


def test_a_small_line_shows_the_time_and_how_bad_it_is(page: Page) -> None:
    visit(page)
    line(page).locator(".more").click()
    menu(page).get_by_role("menuitemcheckbox").click()

    visit(page)

    button = line(page).locator(".line")
    expect(button).to_have_text("▲84.1 ms")
    assert "N+1: 40 × catalog.Book.author" in str(button.get_attribute("title"))
    box = line(page).bounding_box()
    assert box is not None
    assert box["width"] < 120
    edge, text = line(page).evaluate(
        "line => [getComputedStyle(line).borderTopColor,"
        " getComputedStyle(line.querySelector('.mark')).color]"
    )
    assert edge == text
    button.focus()
    page.keyboard.press("m")
    expect(button).to_contain_text("57 SQL")


def test_a_small_line_opens_the_drawer_too(page: Page) -> None:
    visit(page)
    line(page).locator(".line").focus()
    page.keyboard.press("m")

    line(page).locator(".line").click()

    expect(page.locator("cycle-panel .drawer")).to_be_visible()


def test_a_key_hides_the_line_and_brings_it_back(page: Page) -> None:
    visit(page)
    page.keyboard.press("Control+Shift+Backquote")
    expect(line(page)).to_be_hidden()

    page.reload()
    page.wait_for_function(
        "() => document.querySelector('cycle-panel')?.shadowRoot.children.length"
    )
    expect(line(page)).to_be_hidden()
    page.keyboard.press("Control+Shift+Backquote")

    expect(line(page)).to_be_visible()


def test_the_menu_hides_the_line_and_the_drawer_still_opens(page: Page) -> None:
    visit(page)
    line(page).locator(".more").click()
    menu(page).get_by_role("menuitem", name="Hide").click()
    expect(line(page)).to_be_hidden()

    page.locator("body input").focus()
    page.keyboard.press("Control+Backquote")
    expect(page.locator("cycle-panel .timeline")).to_be_visible()
    page.keyboard.press("Control+Backquote")

    expect(line(page)).to_be_hidden()
    expect(page.locator("body input")).to_be_focused()


def test_the_line_steps_aside_for_a_control_with_the_focus(page: Page) -> None:
    visit(page, BOTTOM_RIGHT)
    assert corner(page) == "bottom-right"

    page.locator("body input").focus()
    expect(line(page)).to_have_attribute("data-corner", "top-right")
    assert corner(page) == "top-right"
    page.locator("body input").blur()

    expect(line(page)).to_have_attribute("data-corner", "bottom-right")


def test_the_line_stays_where_the_control_is_not_below_it(page: Page) -> None:
    visit(page, "left: 20px; bottom: 20px")

    page.locator("body input").focus()
    page.evaluate(TWO_FRAMES)

    assert corner(page) == "bottom-right"


def test_a_control_that_scrolls_below_the_line_is_left_free(page: Page) -> None:
    visit(page)
    page.add_style_tag(content="body { height: 3000px } input { position: absolute; right: 0 }")
    page.add_style_tag(content="input { top: 1160px }")
    page.locator("body input").evaluate("input => input.focus({ preventScroll: true })")
    assert corner(page) == "bottom-right"

    page.evaluate("scrollTo(0, 400)")

    expect(line(page)).to_have_attribute("data-corner", "top-right")


def test_over_a_control_as_large_as_the_window_the_line_is_faint(page: Page) -> None:
    visit(page, "inset: 0; width: 100%; height: 100%")

    page.locator("body input").focus()

    expect(line(page)).to_have_class("faint")
    page.mouse.click(1200, 780)
    expect(page.locator("body input")).to_be_focused()
    page.locator("body input").blur()
    expect(line(page)).not_to_have_class("faint")


def test_the_line_does_not_run_away_from_the_mouse(page: Page) -> None:
    visit(page, BOTTOM_RIGHT)
    page.locator("body input").focus()
    expect(line(page)).to_have_attribute("data-corner", "top-right")

    line(page).locator(".line").click()

    expect(page.locator("cycle-panel .drawer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("cycle-panel .drawer")).to_be_hidden()


def test_where_nothing_can_be_kept_the_line_works_all_the_same(page: Page) -> None:
    page.add_init_script(NO_STORAGE)
    visit(page)
    line(page).locator(".line").focus()

    page.keyboard.press("ArrowLeft")
    assert corner(page) == "bottom-left"
    page.keyboard.press("Control+Backquote")

    expect(page.locator("cycle-panel .timeline")).to_be_visible()


def test_the_focus_returns_to_where_it_was(page: Page) -> None:
    visit(page)
    page.locator("body input").focus()

    page.keyboard.press("Control+Backquote")
    page.locator("cycle-panel .timeline").wait_for()
    page.keyboard.press("Escape")

    expect(page.locator("body input")).to_be_focused()


def test_the_strip_has_the_colours_of_the_stages(page: Page) -> None:
    visit(page)
    strip = (
        line(page)
        .locator(".strip rect.stage-database")
        .evaluate("rect => getComputedStyle(rect).fill")
    )

    line(page).locator(".line").click()
    rail = page.locator("cycle-panel .rail .stage-database").evaluate(
        "item => getComputedStyle(item).borderInlineStartColor"
    )

    assert strip == rail
