"""The open drawer in a real browser: where it stands, how large, and where the focus is."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect


@pytest.fixture
def drawer(page: Page) -> Locator:
    return page.locator("cycle-panel .drawer")


def visit(page: Page, path: str = "/books/") -> None:
    page.goto(path)
    page.locator("cycle-panel .line").wait_for()


def open_drawer(page: Page, path: str = "/books/") -> None:
    visit(page, path)
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()


def box_of(drawer: Locator) -> FloatRect:
    """Return where the drawer stands once its way in is over."""
    drawer.evaluate("one => Promise.all(one.getAnimations().map(({finished}) => finished))")
    box = drawer.bounding_box()
    assert box is not None
    return box


def edge(drawer: Locator) -> Locator:
    return drawer.get_by_role("separator", name="Size of the panel")


def test_the_dock_is_chosen_and_remembered(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    at_bottom = box_of(drawer)
    assert (at_bottom["x"], at_bottom["width"]) == (0, 1280)
    assert round(at_bottom["y"] + at_bottom["height"]) == 800

    drawer.get_by_role("button", name="Dock at the right").click()
    assert box_of(drawer) == {"x": 640, "y": 0, "width": 640, "height": 800}
    page.reload()
    drawer.locator(".timeline").wait_for()

    assert box_of(drawer)["x"] == 640
    drawer.get_by_role("button", name="Dock at the bottom").click()
    assert box_of(drawer)["x"] == 0


def test_a_narrow_window_has_it_at_the_bottom(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    drawer.get_by_role("button", name="Dock at the right").click()

    page.set_viewport_size({"width": 640, "height": 400})
    expect(drawer).to_have_attribute("data-dock", "bottom")
    assert box_of(drawer)["width"] == 640
    page.set_viewport_size({"width": 1280, "height": 800})

    expect(drawer).to_have_attribute("data-dock", "right")


@pytest.mark.parametrize(
    ("dock", "pointer", "side", "length"),
    [("bottom", (600, 400), "height", 400), ("right", (896, 300), "width", 384)],
)
def test_the_edge_is_dragged(
    page: Page, drawer: Locator, dock: str, pointer: tuple[int, int], side: str, length: int
) -> None:
    open_drawer(page)
    if dock == "right":
        drawer.get_by_role("button", name="Dock at the right").click()
    box = box_of(drawer)
    page.mouse.move(box["x"] + (600 if dock == "bottom" else 0), box["y"])
    page.mouse.down()

    page.mouse.move(*pointer, steps=4)
    page.mouse.up()
    page.mouse.move(100, 100)

    assert round(box_of(drawer)[side]) == pytest.approx(length, abs=8)  # type: ignore[literal-required]
    size = edge(drawer).get_attribute("aria-valuenow")
    page.reload()
    drawer.locator(".timeline").wait_for()
    expect(edge(drawer)).to_have_attribute("aria-valuenow", str(size))


def test_the_edge_is_moved_by_keyboard_and_says_so(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    edge(drawer).focus()
    expect(edge(drawer)).to_have_attribute("aria-orientation", "horizontal")
    assert edge(drawer).get_attribute("aria-valuenow") == "66"

    seen = []
    for key in ("ArrowUp", "Shift+ArrowDown", "Home", "End", "Enter"):
        page.keyboard.press(key)
        seen.append(edge(drawer).get_attribute("aria-valuenow"))

    assert seen == ["68", "58", "25", "94", "66"]
    assert box_of(drawer)["height"] == pytest.approx(0.66 * 800, abs=1)
    drawer.get_by_role("button", name="Dock at the right").click()
    expect(edge(drawer)).to_have_attribute("aria-orientation", "vertical")


def test_a_double_click_makes_it_as_large_as_it_can_be(page: Page, drawer: Locator) -> None:
    open_drawer(page)

    edge(drawer).dblclick(position={"x": 700, "y": 4})

    assert box_of(drawer)["height"] == pytest.approx(0.94 * 800, abs=1)


def test_nonsense_that_was_remembered_does_no_harm(page: Page, drawer: Locator) -> None:
    visit(page)
    page.evaluate(
        "localStorage['cycle-inspector'] ="
        " JSON.stringify({dock: 'moon', height: 'high', corner: 7, view: '\"]', small: 1})"
    )
    open_drawer(page)

    assert box_of(drawer)["height"] == pytest.approx(0.66 * 800, abs=1)
    expect(drawer.locator("#overview")).to_be_visible()


def test_it_opens_at_the_findings_whatever_was_looked_at_last(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    drawer.locator(".rail [data-view=settings]").click()
    drawer.get_by_role("button", name="Close").click()

    open_drawer(page)

    expect(drawer.locator("#overview .finding").first).to_be_visible()


def test_a_drawer_that_stays_open_keeps_its_view(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    drawer.locator(".rail [data-view=settings]").click()

    page.reload()

    expect(drawer.locator("#settings .about").first).to_be_visible()
    expect(drawer.locator("#overview")).to_be_hidden()


def test_a_page_without_findings_opens_where_one_looked_last(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    drawer.locator(".rail [data-view=settings]").click()
    drawer.get_by_role("button", name="Close").click()

    visit(page, "/api/")
    page.locator("cycle-panel .line").click()

    expect(drawer.locator("#settings .about").first).to_be_visible()


def test_a_question_mark_shows_the_keys_and_escape_only_closes_them(
    page: Page, drawer: Locator
) -> None:
    open_drawer(page)
    tab = drawer.locator(".rail [data-view=overview]")
    keys = drawer.get_by_role("dialog", name="Keys")

    page.keyboard.press("?")
    expect(keys).to_be_visible()
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")

    expect(keys).to_be_hidden()
    expect(drawer).to_be_visible()
    expect(tab).to_be_focused()
    drawer.get_by_role("button", name="Keys").click()
    expect(keys).to_contain_text("another corner")
    page.mouse.click(5, 5)
    expect(keys).to_be_hidden()


def test_the_chord_of_a_page_in_which_one_writes_gives_the_focus_back(page: Page) -> None:
    visit(page)
    page.locator("body input").focus()
    for _ in range(2):
        page.keyboard.press("Control+Backquote")
        page.locator("cycle-panel .timeline").wait_for()
        page.keyboard.press("Control+Backquote")
        expect(page.locator("body input")).to_be_focused()


def test_where_the_control_has_gone_meanwhile_the_line_takes_the_focus(page: Page) -> None:
    visit(page)
    page.locator("body input").focus()
    page.keyboard.press("Control+Backquote")
    page.locator("cycle-panel .timeline").wait_for()
    page.evaluate("document.querySelector('input').remove()")

    page.keyboard.press("Escape")

    expect(page.locator("cycle-panel .line")).to_be_focused()


def test_a_server_that_does_not_answer_leaves_the_focus_in_the_drawer(
    page: Page, drawer: Locator
) -> None:
    visit(page)
    page.route("**/report", lambda route: route.abort())

    page.keyboard.press("Control+Backquote")

    expect(drawer.locator(".problem")).to_be_visible()
    expect(drawer.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_who_wants_no_motion_gets_none(page: Page, drawer: Locator) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_drawer(page)

    assert drawer.evaluate("one => one.getAnimations().length") == 0


def test_it_is_not_printed(page: Page, drawer: Locator) -> None:
    open_drawer(page)

    page.emulate_media(media="print")

    expect(drawer).to_be_hidden()
    expect(page.locator("h1").first).to_be_visible()


@pytest.mark.parametrize("dock", ["bottom", "right"])
@pytest.mark.parametrize(("width", "height"), [(640, 400), (390, 800), (320, 256)])
def test_at_two_and_four_times_the_size_all_of_it_can_be_reached(
    page: Page, drawer: Locator, width: int, height: int, dock: str
) -> None:
    open_drawer(page)
    if dock == "right":
        drawer.get_by_role("button", name="Dock at the right").click()

    page.set_viewport_size({"width": width, "height": height})

    box = box_of(drawer)
    assert box["x"] == 0
    assert box["y"] >= 0
    assert box["width"] == width
    outside = drawer.locator(".bar").evaluate(
        "bar => [...bar.querySelectorAll('button, .status, .head-time')]"
        ".filter(one => one.checkVisibility())"
        ".filter(one => one.getBoundingClientRect().right > innerWidth)"
        ".map(one => one.className)"
    )
    assert outside == []
    views = drawer.locator(".views").bounding_box()
    assert views is not None
    assert views["height"] > 60


def test_a_server_that_was_away_for_a_moment_is_asked_again(page: Page, drawer: Locator) -> None:
    visit(page)
    page.evaluate("window.addEventListener('unhandledrejection', () => (window.disturbed = true))")
    page.route("**/drawer.css", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.locator("cycle-panel .line").click()
    page.wait_for_timeout(100)
    page.unroute("**/drawer.css")
    page.locator("cycle-panel .line").click()

    drawer.locator(".timeline").wait_for()
    assert page.evaluate("window.disturbed") is None


def test_a_page_that_is_rebuilt_takes_the_open_drawer_along(page: Page, drawer: Locator) -> None:
    open_drawer(page)
    page.evaluate("document.documentElement.prepend(document.querySelector('cycle-panel'))")
    drawer.get_by_role("button", name="Dock at the right").click()

    page.set_viewport_size({"width": 640, "height": 400})
    expect(drawer).to_have_attribute("data-dock", "bottom")
