"""The timeline in a real browser: zooming, panning, the legend and the threshold."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import sample_site


@pytest.fixture(autouse=True)
def _opened(request, page):
    """Open the page of a rich cycle, written in the direction that a test asks for."""
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    direction = getattr(request, "param", "ltr")
    page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    page.locator(".timeline-tools").wait_for()
    page.locator("tr.stage-view .bars").scroll_into_view_if_needed()  # a pointer is to reach it


def drawn(page):
    """Return where the view's bar begins and how wide it is, in percent of what is shown."""
    bar = page.locator("tr.stage-view .work").first
    return tuple(float(bar.get_attribute(name).rstrip("%")) for name in ("x", "width"))


def axis(page):
    return page.locator(".timeline thead .timeline-bar")


def labels(page):
    return [text for text in page.locator(".axis text").all_text_contents() if text]


def test_keys_zoom_in_and_show_all_again(page):
    before, marks = drawn(page), labels(page)
    axis(page).focus()
    page.keyboard.press("+")
    assert drawn(page)[1] == pytest.approx(before[1] * 1.5, abs=0.01)
    assert labels(page) != marks
    page.keyboard.press("-")
    assert drawn(page) == pytest.approx(before, abs=0.01)
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert (drawn(page), labels(page)) == (pytest.approx(before, abs=0.01), marks)
    expect(page.get_by_role("button", name="Whole cycle")).to_be_disabled()


def test_arrows_move_what_is_shown(page):
    axis(page).focus()
    page.keyboard.press("+")
    before = drawn(page)[0]
    page.keyboard.press("ArrowRight")
    assert drawn(page)[0] == pytest.approx(before - 20, abs=0.01)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert drawn(page)[0] == pytest.approx(before + 20, abs=0.01)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert drawn(page)[0] == pytest.approx(before + 25, abs=0.01)  # there the axis begins


def test_the_wheel_scrolls_the_page_and_zooms_with_control(page):
    before = drawn(page)
    box = page.locator("tr.stage-view .bars").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.wheel(0, -100)
    assert drawn(page) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(page.get_by_role("button", name="Whole cycle")).to_be_enabled()
    assert drawn(page)[1] == pytest.approx(before[1] * 1.5, abs=0.01)


@pytest.mark.parametrize("_opened", ["ltr", "rtl"], indirect=True)
def test_dragging_moves_once_it_is_zoomed(page):
    box = page.locator("tr.stage-view .bars").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + 5

    def drag():
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] - box["width"] / 10, middle[1])
        page.mouse.up()

    before = drawn(page)
    drag()
    assert drawn(page) == before
    page.get_by_role("button", name="Zoom in").click()
    zoomed = drawn(page)
    drag()
    assert drawn(page)[0] == pytest.approx(zoomed[0] - 10, abs=0.5)
    page.mouse.move(*middle)
    assert drawn(page)[0] == pytest.approx(zoomed[0] - 10, abs=0.5)


def test_a_double_click_aims_at_a_bar(page):
    page.locator("tr.stage-view .work").first.dblclick()
    assert drawn(page)[1] > 60


def test_the_pointer_is_told_its_instant(page):
    box = page.locator("tr.stage-view .bars").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    expect(page.locator(".timeline-reading")).to_have_text(re.compile(r"^[\d.]+ (ms|µs|s)$"))


def test_the_legend_switches_a_stage_off_and_on(page):
    button = page.get_by_role("button", name="middleware")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("tr.stage-middleware:visible")).to_have_count(0)
    assert page.locator("tr.stage-view:visible").count() > 0
    button.click()
    assert page.locator("tr.stage-middleware:visible").count() > 1


def test_short_rows_inside_of_stages_are_hidden_and_stages_are_not(page):
    threshold = page.get_by_label("Hide under")
    threshold.fill("1000000")
    expect(page.locator(".timeline tbody tr.inner:visible")).to_have_count(0)
    expect(page.locator(".timeline tbody tr:visible")).to_have_count(11)
    threshold.fill("")
    assert page.locator(".timeline tbody tr.inner:visible").count() > 0


def test_the_view_of_a_policy_without_inline_styles_is_kept(page):
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator("[style]").count() == 0
