"""The lists of cycles in the drawer, in a real browser: those of the page, and the latest."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import sample_site


@pytest.fixture
def drawer(page: Page) -> Locator:
    return page.locator("cycle-panel .drawer")


@pytest.fixture
def popup(drawer: Locator) -> Locator:
    return drawer.locator(".cycle-popup")


def open_drawer(page: Page, path: str = "/books/") -> None:
    page.goto(path)
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()


def opener(page: Page) -> Locator:
    return page.locator("cycle-list > button")


def of_page(popup: Locator) -> Locator:
    return popup.get_by_role("list", name="Cycles of this page").get_by_role("button")


def latest(popup: Locator) -> Locator:
    return popup.get_by_role("list", name="Latest cycles").get_by_role("button")


def fetch(page: Page, address: str) -> None:
    page.evaluate("address => fetch(address).then(response => response.text())", address)


def send(page: Page, address: str) -> None:
    page.evaluate(
        """address => new Promise(done => {
            const request = new XMLHttpRequest();
            request.open("GET", address);
            request.onloadend = done;
            request.send();
        })""",
        address,
    )


def test_each_request_of_a_script_is_listed_and_the_newest_marked(
    page: Page, popup: Locator
) -> None:
    open_drawer(page)
    fetch(page, "/api/?q=1")
    send(page, "/failed/")
    expect(opener(page)).to_contain_text("2 fetch")

    opener(page).click()

    expect(of_page(popup)).to_have_count(3)
    expect(of_page(popup).nth(0)).to_contain_text("page")
    expect(of_page(popup).nth(1)).to_contain_text("fetch")
    expect(of_page(popup).nth(2)).to_contain_text("xhr")
    expect(popup.locator(".new")).to_have_count(1)
    expect(of_page(popup).nth(2)).to_contain_text("newest")


def test_the_server_tells_of_a_request_what_the_browser_does_not(
    page: Page, popup: Locator
) -> None:
    open_drawer(page)
    fetch(page, "/failed/")
    expect(opener(page)).to_contain_text("1 fetch")

    opener(page).click()

    expect(of_page(popup).nth(1)).to_contain_text("GET /failed/")
    expect(of_page(popup).nth(1).locator(".severity-error")).to_have_text("✕ ")


def test_frames_are_not_mixed_in(page: Page, popup: Locator) -> None:
    open_drawer(page)
    page.evaluate(
        """() => new Promise(done => {
            const frame = document.createElement("iframe");
            frame.onload = done;
            frame.src = "/failed/";
            document.body.append(frame);
        })"""
    )
    fetch(page, "/api/?q=1")
    expect(opener(page)).to_contain_text("1 fetch")

    opener(page).click()

    expect(of_page(popup)).to_have_count(2)


def test_who_follows_is_shown_each_new_cycle(page: Page, drawer: Locator, popup: Locator) -> None:
    open_drawer(page)
    opener(page).click()
    popup.get_by_label("Follow").check()
    opener(page).click()

    fetch(page, "/api/?q=1")
    expect(drawer.locator(".head-path")).to_have_text("/api/?q=1")
    page.reload()
    expect(drawer.locator(".head-path")).to_have_text("/books/?page=2&order=published")
    send(page, "/failed/")

    expect(drawer.locator("#overview")).to_contain_text("FieldError")
    opener(page).click()
    popup.get_by_label("Follow").uncheck()
    fetch(page, "/api/?q=1")
    expect(of_page(popup)).to_have_count(3)
    expect(drawer.locator("#overview")).to_contain_text("FieldError")


def test_the_latest_cycles_are_searched_and_chosen(
    page: Page, drawer: Locator, popup: Locator
) -> None:
    open_drawer(page)
    opener(page).click()
    expect(latest(popup)).to_have_count(4)

    popup.get_by_label("Search the latest cycles").fill("api")
    expect(latest(popup)).to_have_count(1)
    expect(latest(popup).first).to_contain_text("GET /api/")
    latest(popup).first.click()

    expect(drawer.locator(".head-path")).to_have_text("/api/?q=1")
    expect(opener(page)).to_contain_text("Another page")
    expect(popup).to_be_hidden()
    opener(page).click()
    of_page(popup).first.click()
    expect(opener(page)).to_contain_text("This page")


def test_a_search_without_a_match_says_so(page: Page, popup: Locator) -> None:
    open_drawer(page)
    opener(page).click()

    popup.get_by_label("Search the latest cycles").fill("nowhere")

    expect(popup.get_by_role("status")).to_have_text("No cycle is like that.")
    expect(latest(popup)).to_have_count(0)


def test_a_server_that_does_not_answer_is_said_in_the_list(page: Page, popup: Locator) -> None:
    open_drawer(page)
    page.route("**/cycles.json*", lambda route: route.abort())

    opener(page).click()

    expect(popup.get_by_role("status")).to_have_text("The server did not answer.")
    expect(of_page(popup)).to_have_count(1)


def test_hostile_paths_are_text(page: Page, drawer: Locator, popup: Locator) -> None:
    open_drawer(page)
    opener(page).click()

    hostile = popup.locator(f"[value='{sample_site.HOSTILE.id}']")

    expect(hostile).to_contain_text("<script>alert")
    assert drawer.locator("img, script").count() == 0


def test_the_lists_are_walked_and_left_by_keyboard(page: Page, popup: Locator) -> None:
    open_drawer(page, "/fetch/")
    expect(opener(page)).to_contain_text("1 fetch")
    opener(page).focus()

    page.keyboard.press("Enter")
    expect(of_page(popup).nth(0)).to_be_focused()
    expect(latest(popup)).to_have_count(4)
    page.keyboard.press("ArrowDown")
    expect(of_page(popup).nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(latest(popup).first).to_be_focused()
    page.keyboard.press("End")
    expect(latest(popup).last).to_be_focused()
    page.keyboard.press("Escape")

    expect(popup).to_be_hidden()
    expect(opener(page)).to_be_focused()


def test_the_focus_stays_on_its_cycle_when_another_comes(page: Page, popup: Locator) -> None:
    open_drawer(page)
    opener(page).click()
    expect(of_page(popup).first).to_be_focused()

    fetch(page, "/api/?q=1")

    expect(of_page(popup)).to_have_count(2)
    expect(of_page(popup).first).to_be_focused()
